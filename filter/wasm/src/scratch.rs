//! Memory for what the host hands out, which lives until its callback ends.
//!
//! The host asks for memory with each result; giving it room in one block, emptied when the next callback
//! begins, costs a fraction of an allocation each. What does not fit is allocated, and freed then.

use std::alloc::{Layout, alloc, dealloc};
use std::cell::{Cell, UnsafeCell};
use std::ptr::null_mut;

/// Bytes of the block.
const BLOCK: usize = 64 * 1024;
/// Every result begins at a multiple of this.
const ALIGN: usize = 8;
/// More than any result can be: memory ends before.
const MOST: usize = 1 << 30;

#[repr(C, align(8))]
struct Block(UnsafeCell<[u8; BLOCK]>);

struct Scratch {
    block: Block,
    used: Cell<usize>,
    /// The last allocation beyond the block: each begins with the one before it and its own size.
    large: Cell<*mut Large>,
}

#[repr(C, align(8))]
struct Large {
    before: *mut Large,
    size: usize,
}

#[expect(unsafe_code, reason = "a module has one thread: nothing is shared")]
// SAFETY: WebAssembly without the threads proposal runs on one thread.
unsafe impl Sync for Scratch {}

static SCRATCH: Scratch =
    Scratch { block: Block(UnsafeCell::new([0; BLOCK])), used: Cell::new(0), large: Cell::new(null_mut()) };

/// Room for a result of `size` bytes; null if there is none.
pub(crate) fn allocate(size: usize) -> *mut u8 {
    if size > MOST {
        return null_mut();
    }
    let used = SCRATCH.used.get();
    let room = size.wrapping_add(ALIGN - 1) & !(ALIGN - 1);
    let after = used.wrapping_add(room);
    if after <= BLOCK {
        SCRATCH.used.set(after);
        return SCRATCH.block.0.get().cast::<u8>().wrapping_add(used);
    }
    allocate_large(room)
}

#[expect(unsafe_code, reason = "allocates by hand, since the host decides when")]
fn allocate_large(room: usize) -> *mut u8 {
    let size = room.wrapping_add(size_of::<Large>());
    let Ok(layout) = Layout::from_size_align(size, ALIGN) else { return null_mut() };
    // SAFETY: the layout's size is not zero, as it holds a `Large`.
    let start = unsafe { alloc(layout) }.cast::<Large>();
    if start.is_null() {
        return null_mut();
    }
    // SAFETY: the allocation begins with room for a `Large`, aligned for it.
    unsafe { start.write(Large { before: SCRATCH.large.get(), size }) };
    SCRATCH.large.set(start);
    start.wrapping_add(1).cast()
}

/// A callback begins: what was handed out in the one before is gone.
#[expect(unsafe_code, reason = "frees what `allocate_large` has allocated")]
pub(crate) fn begin() {
    SCRATCH.used.set(0);
    let mut large = SCRATCH.large.replace(null_mut());
    while !large.is_null() {
        // SAFETY: every pointer in this chain comes from `allocate_large`, and is freed once.
        unsafe {
            let Large { before, size } = large.read();
            if let Ok(layout) = Layout::from_size_align(size, ALIGN) {
                dealloc(large.cast(), layout);
            }
            large = before;
        }
    }
}

/// The bytes that the host has written where [`allocate`] told it to. `None` for an address that is not from
/// there: a host may claim anything.
#[expect(unsafe_code, reason = "the bytes are the host's")]
pub(crate) fn handed_out<'a>(start: *mut u8, size: usize) -> Option<&'a [u8]> {
    if size == 0 {
        return Some(&[]);
    }
    if !is_ours(start, size) {
        return None;
    }
    // SAFETY: the range lies within the block or one large allocation, both of which are initialised or
    // written by the host, and nothing writes there before the next callback begins.
    Some(unsafe { std::slice::from_raw_parts(start, size) })
}

#[expect(unsafe_code, reason = "reads the sizes of the large allocations")]
fn is_ours(start: *mut u8, size: usize) -> bool {
    let within = |from: usize, bytes: usize| {
        let offset = start.addr().wrapping_sub(from);
        offset <= bytes && size <= bytes.wrapping_sub(offset)
    };
    if within(SCRATCH.block.0.get().addr(), SCRATCH.used.get()) {
        return true;
    }
    let mut large = SCRATCH.large.get();
    while !large.is_null() {
        // SAFETY: as in `begin`.
        let Large { before, size: all } = unsafe { large.read() };
        if within(large.wrapping_add(1).addr(), all.wrapping_sub(size_of::<Large>())) {
            return true;
        }
        large = before;
    }
    false
}
