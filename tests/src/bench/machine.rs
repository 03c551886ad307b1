//! What the kernel knows of a process: CPU time, and the linear memories of its WebAssembly VMs.

use std::fs;

use anyhow::{Context, Result, ensure};

/// The CPU time that all threads of a process have used, in microseconds.
///
/// # Errors
/// When there is no such process, or the kernel does not account for threads (`CONFIG_SCHED_INFO`).
pub(super) fn cpu_us(pid: u32) -> Result<f64> {
    // The same time as in /proc/PID/stat, which counts in steps of 10 ms: too coarse for short runs.
    let mut sum = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end between being listed and being read; an Envoy's do not.
        let Ok(statistics) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
        let on_cpu_ns = statistics.split_whitespace().next().context("an empty schedstat")?;
        sum += on_cpu_ns.parse::<u64>()?;
    }
    Ok(float(sum) / 1e3)
}

/// A number of nanoseconds, bytes or requests, as what figures are reckoned in.
#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53, which is 104 days in nanoseconds")]
pub(super) fn float(number: u64) -> f64 {
    number as f64
}

/// The linear memories of all VMs in a process, bytes, largest first.
///
/// V8 reserves several GiB of addresses for each memory and opens as much of them as the module has grown to.
/// So a memory is the writable mapping at the front of a reservation of more than 4 GiB.
///
/// # Errors
/// When there is no such process, or the kernel's table is not readable.
pub(super) fn linear_memories(pid: u32) -> Result<Vec<u64>> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps"))?;
    let mut memories = linear_memories_in(&maps)?;
    ensure!(!memories.is_empty(), "process {pid} has no linear memory");
    memories.sort_unstable_by(|a, b| b.cmp(a));
    Ok(memories)
}

const RESERVED: u64 = 4 << 30;

fn linear_memories_in(maps: &str) -> Result<Vec<u64>> {
    let mut memories = Vec::new();
    let mut before: Option<Mapping<'_>> = None;
    for line in maps.lines() {
        let mapping = Mapping::read(line).with_context(|| format!("not a mapping: {line}"))?;
        if let Some(before) = before
            && before.rights == "rw-p"
            && mapping.rights == "---p"
            && before.end == mapping.begin
            && mapping.end - mapping.begin > RESERVED
        {
            memories.push(before.end - before.begin);
        }
        before = Some(mapping);
    }
    Ok(memories)
}

#[derive(Clone, Copy)]
struct Mapping<'a> {
    begin: u64,
    end: u64,
    rights: &'a str,
}

impl<'a> Mapping<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let mut fields = line.split(' ');
        let (begin, end) = fields.next()?.split_once('-')?;
        let address = |text| u64::from_str_radix(text, 16).ok();
        Some(Self { begin: address(begin)?, end: address(end)?, rights: fields.next()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_memory_is_what_is_open_at_the_front_of_a_reservation() {
        let maps = "\
7fc8bedaf000-7fc8bedb0000 ---p 00000000 00:00 0 
7fc8bedb0000-7fc8befb0000 rw-p 00000000 00:00 0 
7fc8befb0000-7fcabedb0000 ---p 00000000 00:00 0 
7fcaeeb2c000-7fcaeeb2d000 ---p 00000000 00:00 0 
7fcaeeb2d000-7fcaef32d000 rw-p 00000000 00:00 0                          [stack]
7fcaef32d000-7fcaef32e000 ---p 00000000 00:00 0 
7fcaf0000000-7fcaf0010000 r--p 00000000 00:00 0 
7fcaf0010000-7fccf0000000 ---p 00000000 00:00 0 
";
        assert_eq!(linear_memories_in(maps).unwrap(), [0x20_0000]);
        assert!(linear_memories_in("nonsense").is_err());
    }

    #[test]
    fn this_process_has_used_cpu_time_and_has_no_linear_memory() {
        let pid = std::process::id();
        assert!(cpu_us(pid).unwrap() > 0.0);
        assert!(linear_memories(pid).is_err());
    }
}
