//! Any bytes are a batch or an error, at memory bounded by their number; a batch that was read is written and
//! read again as the same.
#![no_main]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use libfuzzer_sys::fuzz_target;
use weir_wire::{binary, json};

/// Counts what is allocated, so that a small input that claims to be large is found out.
struct Counting;

static ALLOCATED: AtomicUsize = AtomicUsize::new(0);

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes allocated in all, freed ones included, for each byte of input; and what an empty one may take.
const PER_BYTE: usize = 128;
const AT_ALL: usize = 64 * 1024;

fuzz_target!(|input: &[u8]| {
    let before = ALLOCATED.load(Ordering::Relaxed);
    // With the checksum that belongs to it, or no input would get past that.
    let mut sealed = input.to_vec();
    sealed.extend(crc32fast::hash(input).to_le_bytes());
    let binary_batch = binary::decode(&sealed);
    let json_batch = json::decode(input);
    let allocated = ALLOCATED.load(Ordering::Relaxed) - before;
    assert!(allocated <= AT_ALL + PER_BYTE * input.len(), "{allocated} bytes allocated for {}", input.len());
    for batch in [binary_batch.ok(), json_batch.ok()].into_iter().flatten() {
        assert_eq!(batch.events().count(), batch.len());
        assert_eq!(binary::decode(&binary::encode(&batch)).as_ref(), Ok(&batch));
        assert_eq!(json::decode(json::encode(&batch).as_bytes()).as_ref(), Ok(&batch));
    }
});
