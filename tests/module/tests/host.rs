//! The filter on the exact host: its events, what a crash costs, what a stream costs.

use std::path::Path;

use anyhow::Result;
use weir_module_tests::host::{Filter, Host, StreamScript};

const BODY: &[u8] = include_bytes!("../bodies/chat.json");

fn filter() -> Result<Filter> {
    Filter::from_file(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dist/weir-filter.wasm"))
}

fn answer() -> StreamScript {
    StreamScript::answer("openai", "application/json", BODY)
}

#[test]
fn two_streams_and_a_tick_make_a_batch_of_two() -> Result<()> {
    let host = Host::new(1);
    let mut vm = host.start(&filter()?, r#"{"backends":{"openai":{"type":"llm","provider":"openai"}}}"#)?;
    vm.stream(&answer())?;
    vm.stream(&answer())?;
    assert_eq!(host.batches(), Vec::<Vec<u8>>::new());
    vm.tick()?;
    let callouts = vm.pending();
    assert_eq!(callouts.len(), 1);
    let batch = weir_wire::binary::decode(&callouts[0].body)?;
    assert_eq!((batch.len(), batch.first_sequence(), batch.gateway()), (2, 1, "gateway-1"));
    for event in batch.events() {
        assert_eq!(event.measures.get(weir_wire::Measure::InputTokens), Some(11));
        assert_eq!(event.measures.get(weir_wire::Measure::OutputTokens), Some(7));
    }
    assert_eq!(vm.answer(200)?, 1);
    vm.tick()?;
    assert_eq!(host.batches().len(), 1, "an acknowledged batch is not sent again");
    Ok(())
}

#[test]
fn an_unanswered_batch_is_sent_again_as_it_was() -> Result<()> {
    let host = Host::new(2);
    let mut vm = host.start(&filter()?, "{}")?;
    vm.stream(&answer())?;
    vm.tick()?;
    vm.answer(503)?;
    host.advance_ms(600_000);
    vm.tick()?;
    let batches = host.batches();
    assert_eq!(batches.len(), 2);
    assert_eq!(batches[0], batches[1]);
    Ok(())
}

#[test]
fn a_killed_vm_takes_its_callouts_and_leaves_what_is_shared() -> Result<()> {
    let (host, filter) = (Host::new(3), filter()?);
    let mut first = host.start(&filter, "{}")?;
    first.stream(&answer())?;
    first.tick()?;
    host.set_shared_data(b"key", b"value");
    first.kill();
    assert!(!host.callouts()[0].pending);
    let mut second = host.start(&filter, "{}")?;
    assert!(second.pending().is_empty());
    second.stream(&answer())?;
    second.tick()?;
    let producers: Vec<_> = host
        .batches()
        .iter()
        .map(|batch| Ok(weir_wire::binary::decode(batch)?.producer().instance))
        .collect::<Result<_>>()?;
    assert_ne!(producers[0], producers[1]);
    assert!(host.shared_data().contains(&(b"key".to_vec(), b"value".to_vec())));
    Ok(())
}

/// Contexts that leaked would show: a hundred bytes each are three megabytes here.
#[test]
fn memory_stays_as_it_is_after_thirty_thousand_streams() -> Result<()> {
    let host = Host::new(4);
    let mut vm = host.start(&filter()?, "{}")?;
    let mut run = |streams: u32| -> Result<usize> {
        for stream in 0..streams {
            vm.stream(&answer())?;
            if stream % 50 == 0 {
                vm.tick()?;
                vm.answer(200)?;
            }
        }
        Ok(vm.memory_bytes())
    };
    let before = run(3_000)?;
    assert_eq!(run(30_000)?, before);
    Ok(())
}

/// What a request may cost in instructions of the module: no machine's noise touches it.
const FUEL_LIMIT: u64 = 200_000;

#[test]
#[expect(clippy::print_stdout, reason = "the figure, for who asks with --nocapture")]
fn a_request_costs_no_more_than_its_budget() -> Result<()> {
    let host = Host::new(5);
    let mut vm = host.start(&filter()?, r#"{"backends":{"openai":{"type":"llm","provider":"openai"}}}"#)?;
    for _ in 0..100 {
        vm.stream(&answer())?;
    }
    let calls = vm.host_calls();
    let fuel = vm.stream(&answer())?;
    let calls = vm.host_calls() - calls;
    println!("a request: {fuel} fuel, {calls} host calls, {} KiB of memory", vm.memory_bytes() >> 10);
    assert!(fuel <= FUEL_LIMIT, "{fuel} fuel, {calls} host calls");
    Ok(())
}
