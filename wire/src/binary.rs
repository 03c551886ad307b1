//! The compact binary form.
//!
//! ```text
//! "WEIR" version:u8
//! instance:[u8;16] epoch first_sequence sent_us       (numbers are LEB128 varints unless said)
//! gateway:string
//! strings:count (2·length bytes | 2·number+1)*        (the latter from the static table)
//! events:count
//! ids:u8 = 1 (uuid:[u8;16])* | 2 (tag)*               (tag 0 absent, 1 then 16 bytes, n ≥ 2 then n-2 bytes of text)
//! traces:u8 = 0 | 1 (0 | 1 trace:[u8;16] span:[u8;8] flags:u8)*
//! targets:rows columns                                (ids in the order of `Target`)
//! results:rows columns                                (ids in the order of `EventResult`)
//! columns                                             (ids: references 0.., measures 32..)
//! health:count (id:u8 value)*
//! version 3: more:u8 = 1 dimension names + 2 summary
//!            dimension names: (string, empty for none)*4
//!            summary: ranges:count (distance from the end of the one before, count)*
//!                     cells:rows columns             (ids as in `summary/table.rs`)
//!                     (columns)*4                    (one a timing: buckets of all cells, and their counts)
//! checksum:u32, the CRC-32 (ISO-HDLC) of all bytes before it, little-endian
//!
//! columns  = count (id:u8 kind:u8 [presence] values)* (ids ascend)
//! kind     = 0 every row has a value | 1 presence:[u8;⌈rows/8⌉], low bits first | 2 presence as in column id:u8
//!            + 4 if all values are one: value         (else) [step] codes
//!            + 8 if codes are order:u8 and exponential Golomb codes, else varints
//! code     = value / step                             (where nothing foretells the value: then step is there)
//!          | zigzag(value - predicted)                (measures, see `Measure::prediction`)
//!          | 0 as in the last row with the same first field, else value+1   (tables, but for their first field,
//!                                                                            and a cell's names)
//!          | zigzag(value - the requests of the row)                        (a cell's usages, costs, known)
//!          | zigzag(value - the one before)                                 (a window's start, buckets)
//! ```
//!
//! A batch ends where its last field ends; bytes behind it are an error. A table has no more rows than the
//! batch has events.

mod columns;
mod decode;
mod encode;
mod foretold;
mod golomb;
mod input;
mod static_strings;
mod summary;
mod varint;

#[cfg(target_arch = "wasm32")]
use crate::checksum::hash as checksum;
#[cfg(not(target_arch = "wasm32"))]
use crc32fast::hash as checksum;

pub use decode::decode;
pub use encode::encode;
pub(crate) use encode::id_length;
pub(crate) use varint::{length as varint_length, zigzag};

const MAGIC: &[u8; 4] = b"WEIR";
/// Column ids below this are references, from here up measures.
const FIRST_MEASURE_ID: u8 = 32;
const IDS_UUIDS: u8 = 1;
const IDS_MIXED: u8 = 2;
const MORE_NAMES: u8 = 1;
const MORE_SUMMARY: u8 = 2;
const PRESENT_ALL: u8 = 0;
const PRESENT_BITS: u8 = 1;
const PRESENT_AS: u8 = 2;
const SINGLE: u8 = 4;
const GOLOMB: u8 = 8;
