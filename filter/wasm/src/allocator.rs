//! The module's memory: blocks of sixteen bytes and its doublings, a list of free ones for each size.
//!
//! The standard library's allocator for this target asserts things of what it is told to free, and an
//! assertion is a panic. This one cannot fail but by there being no more memory. Blocks are never split or
//! joined: the filter asks for the same sizes again and again. Like all memory of a module it only grows.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::ptr::null_mut;

/// The smallest block has two to the power of this many bytes.
const SMALLEST: u32 = 4;
/// From 16 bytes to 512 MiB.
const SIZES: usize = 26;
/// Bytes of WebAssembly's unit of memory.
const PAGE: usize = 1 << 16;
/// Pages that are asked for at a time, at least.
const PAGES_AT_ONCE: usize = 4;

struct Allocator {
    /// The first free block of each size; each begins with the address of the next.
    free: [Cell<*mut u8>; SIZES],
    /// What was never handed out, up to `end`.
    fresh: Cell<usize>,
    end: Cell<usize>,
}

#[expect(unsafe_code, reason = "a module has one thread: nothing is shared")]
// SAFETY: WebAssembly without the threads proposal runs on one thread.
unsafe impl Sync for Allocator {}

#[global_allocator]
static ALLOCATOR: Allocator =
    Allocator { free: [const { Cell::new(null_mut()) }; SIZES], fresh: Cell::new(0), end: Cell::new(0) };

/// The size, as a power of two, of a block for `layout`. No block is aligned to more than sixteen bytes:
/// nothing here asks for it.
fn power(layout: Layout) -> u32 {
    let bytes = layout.size().max(1 << SMALLEST);
    usize::BITS.saturating_sub(bytes.saturating_sub(1).leading_zeros())
}

impl Allocator {
    fn list(&self, power: u32) -> Option<&Cell<*mut u8>> {
        self.free.get(usize::try_from(power.wrapping_sub(SMALLEST)).ok()?)
    }

    /// Memory that was never used.
    fn fresh(&self, bytes: usize) -> *mut u8 {
        let start = self.fresh.get();
        let end = start.saturating_add(bytes);
        if end > self.end.get() || start == 0 {
            return self.grow(bytes);
        }
        self.fresh.set(end);
        std::ptr::with_exposed_provenance_mut(start)
    }

    fn grow(&self, bytes: usize) -> *mut u8 {
        let pages = (bytes.saturating_add(PAGE - 1) / PAGE).max(PAGES_AT_ONCE);
        let before = core::arch::wasm32::memory_grow(0, pages);
        if before == usize::MAX {
            return null_mut();
        }
        let grown = before.saturating_mul(PAGE);
        // What is left of the last growth goes on into this one, if they touch.
        let start = if self.end.get() == grown && self.fresh.get() != 0 { self.fresh.get() } else { grown };
        self.end.set(grown.saturating_add(pages.saturating_mul(PAGE)));
        self.fresh.set(start.saturating_add(bytes));
        std::ptr::with_exposed_provenance_mut(start)
    }
}

#[expect(unsafe_code, reason = "an allocator hands out raw memory")]
// SAFETY: a block is handed out to one owner at a time, holds at least the layout's bytes, and begins at a
// multiple of sixteen.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let power = power(layout);
        let Some(list) = self.list(power).filter(|_| layout.align() <= 1 << SMALLEST) else {
            return null_mut();
        };
        let block = list.get();
        if block.is_null() {
            return self.fresh(1 << (power & 31));
        }
        // SAFETY: a free block begins with the address of the next.
        list.set(unsafe { block.cast::<*mut u8>().read() });
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if let Some(list) = self.list(power(layout)) {
            // SAFETY: the block is its caller's no more, and has room for an address.
            unsafe { block.cast::<*mut u8>().write(list.get()) };
            list.set(block);
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let Ok(new) = Layout::from_size_align(new_size, layout.align()) else { return null_mut() };
        if power(new) == power(layout) {
            return block;
        }
        // SAFETY: both blocks have the bytes that are copied, and the old one is freed once.
        unsafe {
            let moved = self.alloc(new);
            if !moved.is_null() {
                std::ptr::copy_nonoverlapping(block, moved, layout.size().min(new_size));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}
