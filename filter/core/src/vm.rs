//! What belongs to all streams of one virtual machine: identity, outbox and stats.
//!
//! A proxy keeps one VM a worker. A new configuration with the same code is a second root in the same VM, so
//! none of this hangs on a root.

use std::rc::Rc;

use weir_wire::{Event, HealthCounter, InstanceId, Producer};

use crate::config::Config;
use crate::host::{Callout, CalloutId, Host, LogLevel, Property};
use crate::observe;
use crate::outbox::{Answer, Outbox};
use crate::stats::Stats;

/// The state of one VM.
#[derive(Debug)]
pub struct Vm {
    /// The newest configuration: where batches go does not depend on which root happens to tick.
    config: Rc<Config>,
    outbox: Outbox,
    stats: Stats,
    /// The last batch was refused for good: said once, not once a batch.
    refused: bool,
}

impl Vm {
    /// A VM that begins now, under a fresh random identity.
    pub fn new(host: &impl Host, instance: [u8; 16], config: Rc<Config>) -> Self {
        let gateway = observe::text(host, Property::NodeId).unwrap_or_default();
        let producer = Producer { instance: InstanceId(instance), epoch: host.wall_clock_ns() / 1_000_000 };
        Self { config, outbox: Outbox::new(producer, &gateway), stats: Stats::default(), refused: false }
    }

    /// A newer configuration is in force. Streams that began before end under the one that they began with;
    /// what is undelivered goes where the new one says.
    pub fn configure(&mut self, config: Rc<Config>) {
        self.config = config;
    }

    /// Takes the event of a finished stream; `refused` is how many of its values could not be believed.
    pub fn record(&mut self, host: &impl Host, event: &Event<'_>, refused: u64) {
        if refused > 0 {
            self.outbox.count(HealthCounter::ParseFailures, refused);
        }
        if self.stats.record(host, event, self.config.limits.max_series) {
            self.outbox.count(HealthCounter::SeriesOverflow, 1);
        }
        self.outbox.push(event, host.wall_clock_ns() / 1_000, &self.config.limits);
    }

    /// The flush interval has passed: closes the batch at hand and sends what is due.
    pub fn tick(&mut self, host: &impl Host) {
        self.outbox.flush(host.wall_clock_ns() / 1_000, &self.config.limits);
        self.send(host);
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
        let failures = self.outbox.failures();
        let answer = Answer::of(status, retry_after_s);
        self.outbox.answered(answer, host.monotonic_ns() / 1_000_000);
        self.report(host, answer, status, failures);
        if answer == Answer::Accepted {
            self.send(host);
        }
    }

    /// The proxy is going away: says what it takes with it.
    pub fn on_done(&self, host: &impl Host) {
        let undelivered = self.outbox.undelivered_events();
        if undelivered > 0 {
            let message =
                format!("weir-filter: ends with {undelivered} events that no collector has acknowledged");
            host.log(LogLevel::Warn, &message);
        }
    }

    fn send(&mut self, host: &impl Host) {
        let now_ms = host.monotonic_ns() / 1_000_000;
        let Some(batch) = self.outbox.next(now_ms) else { return };
        let config = Rc::clone(&self.config);
        let collector = &config.collector;
        let mut headers = vec![
            (":method", "POST"),
            (":path", collector.path.as_str()),
            (":authority", collector.authority.as_str()),
            ("content-type", weir_wire::CONTENT_TYPE),
        ];
        if let Some(authorization) = &collector.authorization {
            headers.push(("authorization", authorization));
        }
        let callout =
            Callout { cluster: &collector.cluster, headers, body: &batch, timeout_ms: collector.timeout_ms };
        match host.dispatch(&callout) {
            Some(id) => self.outbox.sent(id, now_ms, collector.timeout_ms),
            None => {
                let failures = self.outbox.failures();
                self.outbox.not_sent(now_ms);
                self.report(host, Answer::Later(None), None, failures);
            }
        }
    }

    /// One line when deliveries begin to fail and one when they go well again, not one a try.
    fn report(&mut self, host: &impl Host, answer: Answer, status: Option<u16>, failures_before: u32) {
        let again = std::mem::replace(&mut self.refused, answer == Answer::Refused);
        let cluster = &self.config.collector.cluster;
        let said = status.map_or_else(|| "no answer".to_owned(), |status| format!("status {status}"));
        match answer {
            Answer::Accepted if failures_before > 0 => {
                host.log(LogLevel::Info, &format!("weir-filter: cluster {cluster} takes batches again"));
            }
            Answer::Accepted => {}
            Answer::Refused if again => {}
            Answer::Refused => {
                let message = format!(
                    "weir-filter: cluster {cluster} refuses a batch for good ({said}); its events are dropped and counted, and a collector keeps it in quarantine"
                );
                host.log(LogLevel::Error, &message);
            }
            Answer::Later(_) if failures_before == 0 => {
                let hint = match status {
                    None => "is the cluster there, and the collector running?",
                    Some(401 | 403) => "does collector.token match one of the collector's tokens?",
                    Some(415) => "is the collector older than this filter?",
                    Some(404 | 405) => "is collector.path right?",
                    Some(503) => "is the collector running? If so, its log says why",
                    Some(_) => "the collector's log says why",
                };
                let message = format!(
                    "weir-filter: cluster {cluster} does not take batches ({said}); they are kept: {hint}"
                );
                host.log(LogLevel::Warn, &message);
            }
            Answer::Later(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
