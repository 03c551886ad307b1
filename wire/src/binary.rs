//! The compact binary form.
//!
//! ```text
//! "WEIR" version:u8
//! instance:[u8;16] epoch first_sequence sent_us          (numbers are LEB128 varints unless said)
//! gateway:string
//! strings:count (length bytes)*
//! targets:count (name+1 × 9)*                            (0 = absent; else a position in strings, plus one)
//! results:count (outcome error_type+1 details+1 status+1 flags attempts+1 streamed usage tier+1 cost cache breaker)*
//! events:count
//! ids:u8 = 1 (uuid:[u8;16])* | 2 (tag)*                  (tag 0 absent, 1 then 16 bytes, n ≥ 2 then n-2 bytes of text)
//! traces:u8 = 0 | 1 (0 | 1 trace:[u8;16] span:[u8;8] flags:u8)*
//! columns:count (id:u8 kind:u8 payload)*                 (ids ascend; references are 0.., measures 32..)
//!     kind 1, constant: value
//!     kind 2, values:   (0 = absent | value+1)*          (with a prediction: zigzag(value - predicted)+1)
//! version 2: health:count (id:u8 value)*
//! ```
//!
//! A batch ends where its last field ends; bytes behind it are an error.

mod decode;
mod encode;
mod varint;

pub use decode::decode;
pub use encode::encode;
pub(crate) use encode::{coded, id_length};
pub(crate) use varint::length as varint_length;

const MAGIC: &[u8; 4] = b"WEIR";
/// Column ids below this are references, from here up measures.
const FIRST_MEASURE_ID: u8 = 32;
const IDS_UUIDS: u8 = 1;
const IDS_MIXED: u8 = 2;
const KIND_CONSTANT: u8 = 1;
const KIND_VALUES: u8 = 2;
