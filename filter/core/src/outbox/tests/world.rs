//! One proxy with some VMs, a collector, and the truth.

use weir_wire::{CostSource, HealthCounter, Measure};

use super::super::*;
use super::collector::{Collector, Mood, Sums, Totals, add, key, sums};
use crate::config::Config;
use crate::fake_host::FakeHost;
use crate::host::Host;
use crate::vm::Vm;

/// One VM, and what is on its way from there.
pub(super) struct Worker {
    pub(super) host: FakeHost,
    pub(super) vm: Vm,
    answered: usize,
    open: u64,
    recorded: Vec<(String, String, Sums)>,
}

impl Worker {
    /// The bodies of its callouts so far.
    pub(super) fn sent(&self) -> Vec<Vec<u8>> {
        self.host.callouts().into_iter().map(|callout| callout.body).collect()
    }
}

/// All of it.
pub(super) struct World {
    proxy: FakeHost,
    config: Config,
    pub(super) workers: Vec<Worker>,
    pub(super) collector: Collector,
    pub(super) mood: Mood,
    numbers: u64,
    pub(super) recorded: Totals,
    /// Those that had ended in VMs that failed and were not written down.
    pub(super) lost: Totals,
    /// Those that were open there.
    pub(super) cut: u64,
}

impl World {
    pub(super) fn new(workers: usize, config: &str) -> Self {
        let proxy = FakeHost::with_headers(&[], &[]);
        proxy.monotonic_ns.set(1_000_000_000);
        let config = Config::parse(config.as_bytes()).unwrap();
        let mut world = Self {
            proxy,
            config,
            workers: Vec::new(),
            collector: Collector::default(),
            mood: Mood::Takes,
            numbers: 0,
            recorded: Totals::new(),
            lost: Totals::new(),
            cut: 0,
        };
        for _ in 0..workers {
            world.start();
        }
        world
    }

    fn worker(&self) -> Worker {
        let host = self.proxy.sibling();
        let vm = Vm::new(&host, host.random().unwrap(), self.config.clone());
        Worker { host, vm, answered: 0, open: 0, recorded: Vec::new() }
    }

    /// Another VM begins.
    pub(super) fn start(&mut self) {
        let worker = self.worker();
        self.workers.push(worker);
    }

    pub(super) fn pass_ms(&mut self, ms: u64) {
        self.proxy.pass_ms(ms);
        self.workers.iter().for_each(|worker| worker.host.pass_ms(ms));
    }

    /// Streams begin and do not end yet.
    pub(super) fn open(&mut self, at: usize, streams: u64) {
        let worker = &mut self.workers[at];
        (0..streams).for_each(|_| worker.vm.opened(&worker.host));
        worker.open += streams;
    }

    /// A stream of that series begins, if none is open, and ends.
    pub(super) fn request(&mut self, at: usize, series: u64) {
        let names = [format!("backend-{}", series % 3), format!("model-{series}")];
        let mut event = Event::new(Outcome::Success);
        event.target.backend = Some(&names[0]);
        event.target.model = Some(&names[1]);
        self.record(at, event);
    }

    /// The same, with names of the caller's.
    pub(super) fn record(&mut self, at: usize, mut event: Event<'_>) {
        if self.workers[at].open == 0 {
            self.open(at, 1);
        }
        let worker = &mut self.workers[at];
        worker.open -= 1;
        self.numbers += 1;
        let now = worker.vm.now(&worker.host);
        let cost = self.numbers * 7_919 % 1_000_003;
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.numbers.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
        event.request_id = weir_wire::RequestId::Uuid(id);
        event.result.cost_source = Some(CostSource::Header);
        event.measures = event
            .measures
            .with(Measure::EndedUs, now.wall_us())
            .with(Measure::DurationUs, 1_000 + cost)
            .with(Measure::InputTokens, self.numbers % 1_000)
            .with(Measure::CostNanoUsd, cost);
        worker.vm.record(&worker.host, event, &Config::parse(b"").unwrap(), 0, now);
        let (key, sums) = (key(&event), sums(&event));
        add(&mut self.recorded, key, sums);
        worker.recorded.push((key.0.to_owned(), key.1.to_owned(), sums));
    }

    pub(super) fn tick(&mut self, at: usize) {
        let worker = &mut self.workers[at];
        worker.vm.tick(&worker.host);
    }

    /// The collector gets what is on its way from there, and its answers arrive.
    pub(super) fn answer(&mut self, at: usize) {
        let worker = &mut self.workers[at];
        loop {
            let Some(callout) = worker.host.callout(worker.answered) else { return };
            worker.answered += 1;
            let status = self.collector.receive(&callout.body, self.mood);
            let callout = CalloutId(u32::try_from(worker.answered).unwrap());
            worker.vm.on_answer(&worker.host, callout, status, None);
        }
    }

    /// All tick and all get their answers, every second, for so long.
    pub(super) fn live(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.pass_ms(1_000);
            for at in 0..self.workers.len() {
                self.tick(at);
                self.answer(at);
            }
        }
    }

    /// That VM fails and a new one takes its place.
    pub(super) fn crash(&mut self, at: usize) {
        let fresh = self.worker();
        let dead = std::mem::replace(&mut self.workers[at], fresh);
        let gathered = dead.vm.outbox().gathering.len();
        for (backend, model, sums) in dead.recorded.iter().rev().take(gathered) {
            add(&mut self.lost, (backend, model), *sums);
        }
        self.cut += dead.open;
    }

    /// That VM ends in order and a new one takes its place.
    pub(super) fn end(&mut self, at: usize) {
        let worker = &mut self.workers[at];
        worker.vm.end(&worker.host);
        assert_eq!(worker.vm.outbox().gathering.len(), 0);
        self.cut += worker.open;
        self.workers[at] = self.worker();
    }

    /// What is still to come.
    pub(super) fn undelivered(&self) -> u64 {
        self.workers.iter().map(|worker| worker.vm.outbox().undelivered_events()).sum()
    }

    /// Bytes that the proxy keeps for the VMs.
    pub(super) fn shared_bytes(&self) -> usize {
        self.proxy.shared_bytes()
    }

    /// A counter in the proxy's stats.
    pub(super) fn stat(&self, name: &str) -> u64 {
        self.proxy.metrics().get(name).copied().unwrap_or(0)
    }

    /// Waits until all has come, then demands that every series adds up to the last nano-dollar.
    pub(super) fn settle(&mut self) {
        self.mood = Mood::Takes;
        self.live(150);
        let mut expected = self.collector.totals.clone();
        for (key, sums) in self.lost.iter().chain(&self.collector.refused) {
            expected.entry(key.clone()).or_default().add(*sums);
        }
        assert_eq!(self.undelivered(), 0);
        assert_eq!(expected, self.recorded, "delivered, lost and refused are what was recorded");
    }

    /// The losses that the collector was told of are those that there were.
    pub(super) fn losses_are_known(&self) {
        let requests = |totals: &Totals| totals.values().map(|sums| sums.requests).sum::<u64>();
        let truths = [
            (HealthCounter::EventsLostCrash, "weir_events_lost_crash_total", requests(&self.lost)),
            (HealthCounter::StreamsLostCrash, "weir_streams_lost_crash_total", self.cut),
            (
                HealthCounter::EventsDroppedRefused,
                "weir_events_dropped_total.reason=refused;",
                requests(&self.collector.refused),
            ),
            (HealthCounter::EventsDroppedOverflow, "weir_events_dropped_total.reason=overflow;", 0),
        ];
        for (counter, stat, truth) in truths {
            let told = self.collector.told(counter);
            if self.collector.has_refused() {
                // One that has ended cannot tell again what stood in a batch that was refused; the proxy knows.
                assert!(told <= truth, "{}: {told} of {truth}", counter.name());
                if counter != HealthCounter::EventsDroppedRefused {
                    assert_eq!(self.stat(stat), truth, "{stat}");
                }
                continue;
            }
            assert_eq!((told, self.stat(stat)), (truth, truth), "{}", counter.name());
        }
    }
}
