//! What belongs to all streams of one virtual machine: identity, outbox and stats.
//!
//! A proxy keeps one VM a worker. A new configuration with the same code is a second root in the same VM, so
//! none of this hangs on a root.

use weir_wire::{Event, HealthCounter};

use crate::config::Config;
use crate::endpoint::Endpoints;
use crate::host::{Callout, CalloutId, Host, LogLevel};
use crate::label;
use crate::outbox::{Answer, Now, Outbox};
use crate::stats::{HealthStats, Sizes, Stats};
use crate::words;

/// The state of one VM.
#[derive(Debug)]
pub struct Vm {
    /// The newest configuration: where batches go does not depend on which root happens to tick.
    config: Config,
    outbox: Outbox,
    stats: Stats,
    health_stats: HealthStats,
    pub(crate) endpoints: Endpoints,
    /// What the wall clock shows more than the monotonic one, as of the last tick.
    wall_offset_ns: u64,
    /// Bytes that all scans under way may take.
    scan_bytes: usize,
    /// The last batch was refused for good: said once, not once a batch.
    refused: bool,
}

impl Vm {
    /// A VM that begins now, under a fresh random identity.
    pub fn new(host: &impl Host, instance: [u8; 16], config: Config) -> Self {
        let gateway = host.property("xds\0node\0id").and_then(label::sanitise).unwrap_or_default();
        let now = Now { monotonic_ns: host.monotonic_ns(), wall_ns: host.wall_clock_ns() };
        let [.., a, b, c, d, e, f, g, h] = instance;
        let mut vm = Self {
            outbox: Outbox::new(instance, now, &gateway),
            config: config.clone(),
            stats: Stats::new(u64::from_le_bytes([a, b, c, d, e, f, g, h])),
            health_stats: HealthStats::new(),
            endpoints: Endpoints::default(),
            wall_offset_ns: 0,
            scan_bytes: 0,
            refused: false,
        };
        vm.set_clock(host);
        vm.configure(host, config);
        vm
    }

    /// A newer configuration is in force. Streams that began before end under the one that they began with;
    /// what is undelivered goes where the new one says.
    pub fn configure(&mut self, host: &impl Host, config: Config) {
        let now = self.now(host);
        self.outbox.set_dimensions(host, config.dimension_names(), now, &config.limits);
        self.config = config;
    }

    /// The time. The wall clock is read with the tick and carried on by the other: a host call less a stream.
    pub(crate) fn now(&self, host: &impl Host) -> Now {
        let monotonic_ns = host.monotonic_ns();
        Now { monotonic_ns, wall_ns: monotonic_ns.wrapping_add(self.wall_offset_ns) }
    }

    fn set_clock(&mut self, host: &impl Host) {
        self.wall_offset_ns = host.wall_clock_ns().wrapping_sub(host.monotonic_ns());
    }

    /// A stream has begun.
    pub fn opened(&mut self, host: &impl Host) {
        // A slot is looked for only where there is none; otherwise no clock is needed.
        let now = if self.outbox.slot_number().is_some() { Now::default() } else { self.now(host) };
        self.outbox.opened(host, now, &self.config.limits);
    }

    /// Whether a scan that may take `bytes` can begin.
    pub(crate) fn begin_scan(&mut self, bytes: usize, config: &Config) -> bool {
        let all = self.scan_bytes.saturating_add(bytes);
        if all > config.usage.max_scan_bytes {
            self.outbox.count(HealthCounter::ScansSkipped, 1);
            return false;
        }
        self.scan_bytes = all;
        true
    }

    pub(crate) fn end_scan(&mut self, bytes: usize) {
        self.scan_bytes = self.scan_bytes.saturating_sub(bytes);
    }

    /// Takes the event of a finished stream under the configuration that it began with; `refused` is how many of
    /// its values could not be believed.
    pub(crate) fn record(
        &mut self,
        host: &impl Host,
        mut event: Event<'_>,
        config: &Config,
        refused: u64,
        now: Now,
    ) {
        event.dimensions = self.outbox.by_name(config.dimension_names(), event.dimensions);
        let event = &event;
        self.outbox.count(HealthCounter::ParseFailures, refused);
        if self.stats.record(host, event, self.config.limits.max_series) {
            self.outbox.count(HealthCounter::SeriesOverflow, 1);
        }
        self.outbox.push(host, event, now, &self.config.limits);
    }

    /// The flush interval has passed: closes the batch at hand and sends what is due.
    pub fn tick(&mut self, host: &impl Host) {
        self.set_clock(host);
        let now = self.now(host);
        self.stats.flush(host);
        self.outbox.flush(host, now, &self.config.limits);
        self.health_stats.flush(host, &self.outbox.totals());
        self.show_sizes(host);
        self.send(host, now);
    }

    /// What this VM holds, as gauges of its slot: set, never added to, so that a VM that fails leaves no
    /// trace in them that its successor does not write over.
    fn show_sizes(&mut self, host: &impl Host) {
        let wide = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let Some(slot) = self.outbox.slot_number() else { return };
        let sizes = Sizes {
            buffered_bytes: wide(self.outbox.buffered_bytes()),
            undelivered_events: self.outbox.undelivered_events(),
            series: wide(self.stats.len()),
            scan_bytes: wide(self.scan_bytes),
        };
        self.health_stats.show(host, slot, sizes);
    }

    /// The collector has answered a callout, or has not (`status` is `None`).
    pub fn on_answer(
        &mut self,
        host: &impl Host,
        callout: CalloutId,
        status: Option<u16>,
        retry_after_s: Option<u64>,
    ) {
        if !self.outbox.awaits(callout) {
            return;
        }
        let now = self.now(host);
        let failures = self.outbox.failures();
        let answer = Answer::of(status, retry_after_s);
        self.outbox.answered(answer, now);
        self.report(host, answer, status, failures);
        if answer == Answer::Accepted {
            self.health_stats.acknowledged(host);
            self.send(host, now);
        }
    }

    /// The last root is going away: writes down what is undelivered, and says what it is.
    pub fn end(&mut self, host: &impl Host) {
        let now = self.now(host);
        self.stats.flush(host);
        self.outbox.end(host, now, &self.config.limits);
        self.health_stats.flush(host, &self.outbox.totals());
        let undelivered = self.outbox.undelivered_events();
        if undelivered > 0 {
            let undelivered = undelivered.to_string();
            let message = words::concat([
                "weir-filter: ends with ",
                &undelivered,
                " events that no collector has acknowledged",
            ]);
            host.log(LogLevel::Warn, &message);
        }
    }

    #[cfg(test)]
    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    fn send(&mut self, host: &impl Host, now: Now) {
        let Self { config, outbox, .. } = self;
        let collector = &config.collector;
        let authorization = collector.authorization.as_deref();
        let mut headers = vec![
            (":method", "POST"),
            (":path", collector.path.as_str()),
            (":authority", collector.authority.as_str()),
            ("content-type", weir_wire::CONTENT_TYPE),
        ];
        headers.extend(authorization.map(|authorization| ("authorization", authorization)));
        let failures = outbox.failures();
        let dispatch = |body: &[u8]| {
            let callout = Callout {
                cluster: &collector.cluster,
                headers: &headers,
                body,
                timeout_ms: collector.timeout_ms,
            };
            host.dispatch(&callout)
        };
        if let Some(Err(answer)) = outbox.send(host, now, &config.limits, collector.timeout_ms, dispatch) {
            self.report(host, answer, None, failures);
        }
    }

    /// One line when deliveries begin to fail and one when they go well again, not one a try.
    fn report(&mut self, host: &impl Host, answer: Answer, status: Option<u16>, failures_before: u32) {
        let again = std::mem::replace(&mut self.refused, answer == Answer::Refused);
        let cluster = self.config.collector.cluster.as_str();
        let said = match status {
            Some(status) => words::concat(["status ", &status.to_string()]),
            None => "no answer".to_owned(),
        };
        let (level, words) = match answer {
            Answer::Accepted if failures_before > 0 => (LogLevel::Info, [" takes batches again", "", ""]),
            Answer::Refused if !again => (LogLevel::Error, [" refuses a batch for good (", &said, REFUSED]),
            Answer::Later(_) if failures_before == 0 => {
                (LogLevel::Warn, [" does not take batches (", &said, hint(status)])
            }
            _ => return,
        };
        let mut message = words::concat(["weir-filter: cluster ", cluster]);
        for word in words {
            message.push_str(word);
        }
        host.log(level, &message);
    }
}

const REFUSED: &str = "); its events are dropped and counted, and a collector keeps it in quarantine";

/// What to look at first.
fn hint(status: Option<u16>) -> &'static str {
    match status {
        None => "); they are kept: is the cluster there, and the collector running?",
        Some(401 | 403) => "); they are kept: does collector.token match one of the collector's tokens?",
        Some(415) => "); they are kept: is the collector older than this filter?",
        Some(404 | 405) => "); they are kept: is collector.path right?",
        Some(503) => "); they are kept: is the collector running? If so, its log says why",
        Some(_) => "); they are kept: the collector's log says why",
    }
}
