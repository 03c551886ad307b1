//! Many streams against hosts that fail, lie and call back in any order.
//!
//! `hostile MODULE.wasm [STREAMS]`; `HOSTILE_SEED=N` repeats the one life that failed.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use weir_module_tests::clock;
use weir_module_tests::host::Filter;
use weir_module_tests::hostile::{self, Life};

/// Streams of one life, but for every hundredth, which lives a hundred times as long: a small leak shows there.
const LIFE: u64 = 5_000;

const CONFIGURATIONS: &[&str] = &[
    "{}",
    r#"{"collector":{"cluster":"c"},"flush_interval_ms":1000,"backends":{"backend-1":{"type":"llm","provider":"openai"}}}"#,
    r#"{"backends":{"backend-1":{"type":"llm","provider":"anthropic"},"backend-2":{"type":"llm"}},"headers":{"cost_usd":["x-cost-usd"]}}"#,
];

/// Which life comes `index`-th: its seed and its streams.
fn life(index: u64) -> (u64, u64) {
    (index, if index % 100 == 99 { LIFE * 100 } else { LIFE })
}

#[expect(clippy::print_stdout, reason = "it speaks to whoever started it")]
fn main() -> Result<ExitCode> {
    let path = std::env::args_os().nth(1).context("which module?")?;
    let wanted = std::env::args().nth(2).map_or(Ok(200_000), |streams| streams.parse::<u64>())?;
    let filter = Filter::from_file(path.as_ref())?;
    if let Ok(seed) = std::env::var("HOSTILE_SEED") {
        let (seed, streams) = life(seed.parse()?);
        println!("{:?}", hostile::live(&filter, seed, streams, CONFIGURATIONS)?);
        return Ok(ExitCode::SUCCESS);
    }
    let began = clock::now();
    let (next, done) = (AtomicU64::new(0), AtomicU64::new(0));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let outcomes: Vec<Result<Vec<Life>>> = std::thread::scope(|scope| {
        let worker = || {
            let mut lives = Vec::new();
            while done.load(Ordering::Relaxed) < wanted {
                let (seed, streams) = life(next.fetch_add(1, Ordering::Relaxed));
                done.fetch_add(streams, Ordering::Relaxed);
                let outcome = hostile::live(&filter, seed, streams, CONFIGURATIONS);
                // The others need not go on.
                lives.push(outcome.inspect_err(|_| done.store(wanted, Ordering::Relaxed)).with_context(
                    || {
                        format!(
                            "the module did not survive a hostile host: repeat it with HOSTILE_SEED={seed}"
                        )
                    },
                )?);
            }
            Ok(lives)
        };
        let started: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        started
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a thread panicked"))))
            .collect()
    });
    let mut lives = Vec::new();
    for outcome in outcomes {
        lives.extend(outcome?);
    }
    let streams: u64 = lives.iter().map(|life| life.streams).sum();
    let fuel: u64 = lives.iter().map(|life| life.fuel).sum();
    let host_calls: u64 = lives.iter().map(|life| life.host_calls).sum();
    let memory = lives.iter().map(|life| life.memory_bytes).max().unwrap_or(0);
    let seconds = began.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "for people to read")]
    let per_stream = |number: u64| number as f64 / streams.max(1) as f64;
    println!(
        "{streams} streams in {} lives survived in {seconds:.1} s, {:.0} streams/s",
        lives.len(),
        1.0 / (per_stream(1) * seconds),
    );
    println!(
        "a stream: {:.1} host calls, {:.0} fuel; memory at most {} KiB",
        per_stream(host_calls),
        per_stream(fuel),
        memory >> 10,
    );
    Ok(ExitCode::SUCCESS)
}
