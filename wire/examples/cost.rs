//! What an event costs in time: `cargo run --release --package weir-wire --example cost`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it measures time, and says what it found"
)]

use std::time::Instant;

use weir_wire::{
    BatchBuilder, CostSource, Event, EventResult, Health, InstanceId, Measure, Measures, Outcome, Producer,
    RequestId, SummaryBuilder, Target, UsageStatus, Window, binary,
};

const EVENTS: u64 = 4_000;
const ROUNDS: u32 = 50;

/// Numbers that look random and are the same each time (Knuth's MMIX generator).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// The names of the sample's traffic: 100 backends, 20 models, 200 consumers.
struct Names {
    backends: Vec<String>,
    upstreams: Vec<String>,
    models: Vec<String>,
    consumers: Vec<String>,
}

impl Names {
    fn new() -> Self {
        let numbered = |count: usize, name: &str| (0..count).map(|at| format!("{name}-{at}")).collect();
        Self {
            backends: numbered(100, "openai-backend-eu-west"),
            upstreams: (0..100).map(|at| format!("10.20.30.{at}:443")).collect(),
            models: numbered(20, "gpt-4.1-mini-2026"),
            consumers: numbered(200, "team-consumer"),
        }
    }

    fn event(&self, dice: &mut Dice, at: u64) -> Event<'_> {
        let mut one_of = |names: &'_ [String]| usize::try_from(dice.below(names.len() as u64)).unwrap_or(0);
        let (backend, model, consumer) =
            (one_of(&self.backends), one_of(&self.models), one_of(&self.consumers));
        let name = |names: &'static str| Some(names);
        let duration = 200_000 + dice.below(3_000_000);
        let failed = dice.below(50) == 0;
        let outcome = if failed { Outcome::Error } else { Outcome::Success };
        let mut id = [0; 16];
        id.iter_mut().for_each(|byte| *byte = dice.below(256).to_le_bytes()[0]);
        let mut measures = Measures::new()
            .with(Measure::EndedUs, 1_790_000_000_000_000 + at * 1_000 + dice.below(900))
            .with(Measure::DurationUs, duration)
            .with(Measure::PoolWaitUs, dice.below(200))
            .with(Measure::TtfbUs, duration / 3)
            .with(Measure::BackendUs, duration - 150)
            .with(Measure::RequestBytes, 300 + dice.below(4_000))
            .with(Measure::ResponseBytes, 500 + dice.below(20_000));
        if !failed {
            let known = [
                (Measure::InputTokens, 100 + dice.below(5_000)),
                (Measure::OutputTokens, 10 + dice.below(900)),
                (Measure::CacheReadTokens, 0),
                (Measure::CostNanoUsd, 10_000 * dice.below(1_000_000)),
                (Measure::TtftUs, duration / 2),
                (Measure::TpotUs, 5_000 + dice.below(20_000)),
            ];
            known.into_iter().for_each(|(measure, value)| measures.set(measure, Some(value)));
        }
        Event {
            request_id: RequestId::Uuid(id),
            consumer: self.consumers.get(consumer).map(String::as_str),
            target: Target {
                backend: self.backends.get(backend).map(String::as_str),
                backend_type: name("llm"),
                upstream: self.upstreams.get(backend).map(String::as_str),
                endpoint: name("/v1/chat/completions"),
                route: name("chat"),
                method: name("POST"),
                algorithm: name("weighted_round_robin"),
                provider: name("openai"),
                model: self.models.get(model).map(String::as_str),
            },
            result: EventResult {
                status: Some(if failed { 500 } else { 200 }),
                details: name("via_upstream"),
                attempts: Some(1),
                streamed: Some(true),
                usage_status: Some(if failed { UsageStatus::Missing } else { UsageStatus::Reported }),
                cost_source: (!failed).then_some(CostSource::Header),
                ..EventResult::new(outcome)
            },
            measures,
            ..Event::new(outcome)
        }
    }
}

fn main() {
    let names = Names::new();
    let mut dice = Dice(7);
    let events: Vec<Event<'_>> = (0..EVENTS).map(|at| names.event(&mut dice, at)).collect();
    let producer = Producer { instance: InstanceId([7; 16]), epoch: 1_790_000_000_000 };
    for in_a_batch in [50, 4_000] {
        let (mut pushing, mut closing, mut encoding, mut decoding, mut bytes) = (0, 0, 0, 0, 0);
        for _ in 0..ROUNDS {
            for events in events.chunks(in_a_batch) {
                let start = Instant::now();
                let mut builder = BatchBuilder::new("edge-1");
                events.iter().for_each(|event| builder.push(event));
                let pushed = Instant::now();
                let batch = builder.finish(producer, 1, 1_790_000_010_000_000, Health::default());
                let closed = Instant::now();
                let encoded = binary::encode(&batch);
                let written = Instant::now();
                let read = binary::decode(&encoded);
                decoding += written.elapsed().as_nanos();
                assert!(read.is_ok_and(|read| read == batch));
                pushing += (pushed - start).as_nanos();
                closing += (closed - pushed).as_nanos();
                encoding += (written - closed).as_nanos();
                bytes += encoded.len() as u128;
            }
        }
        let each = |sum: u128| sum / u128::from(EVENTS) / u128::from(ROUNDS);
        println!(
            "{in_a_batch} events a batch, each: push {} ns, close {} ns, encode {} ns, decode {} ns, {} bytes",
            each(pushing),
            each(closing),
            each(encoding),
            each(decoding),
            each(bytes)
        );
    }
    fold(&events, producer);
}

/// What it costs to fold an event into a summary, and what a summary takes.
fn fold(events: &[Event<'_>], producer: Producer) {
    for histograms in [false, true] {
        let start = Instant::now();
        let mut cells = 0;
        let mut bytes = 0;
        for _ in 0..ROUNDS {
            let mut summary = SummaryBuilder::new("edge-1");
            for event in events {
                summary.add(event, Window { start_s: 1_790_000_000, width_s: 60 }, histograms);
            }
            summary.cover(1, EVENTS);
            cells = summary.cells();
            bytes = binary::encode(&summary.batch(producer, 1_790_000_060_000_000, Health::default())).len();
        }
        let each = start.elapsed().as_nanos() / u128::from(EVENTS) / u128::from(ROUNDS);
        println!("fold, histograms {histograms}: {each} ns an event, {cells} cells in {bytes} bytes");
    }
}
