//! One stream's record: what was noted while it passed and what the proxy knows at its end, put together
//! into an event.

use std::borrow::Cow;

use weir_wire::{
    CostSource, DIMENSIONS, Event, EventResult, Measure, Measures, Outcome, RequestId, Target, TraceContext,
    UsageStatus,
};

use crate::attributes::Attributes;
use crate::config::{Backend, Config};
use crate::endpoint::Known;
use crate::head::{self, Head};
use crate::label;
use crate::outcome::{self, End};
use crate::usage::{Counts, Usage};
use crate::words;

/// What was noted while the stream passed. Times are of the host's monotonic clock, nanoseconds.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Noted {
    /// When the stream began.
    pub(crate) started_ns: u64,
    /// When the response's headers came.
    pub(crate) headers_ns: Option<u64>,
    /// Whether the response is a stream of events.
    pub(crate) streamed: bool,
    /// When the first piece of content came.
    pub(crate) content_ns: Option<u64>,
    /// When the last chunk came.
    pub(crate) chunk_ns: Option<u64>,
    /// The longest time between two chunks.
    pub(crate) longest_gap_ns: Option<u64>,
    /// Bytes of the response's body.
    pub(crate) response_bytes: u64,
}

/// All that an event is made of.
pub(crate) struct Sources<'a> {
    pub(crate) backend: &'a Backend,
    pub(crate) attributes: Attributes<'a>,
    pub(crate) head: &'a Head,
    pub(crate) noted: &'a Noted,
    /// What the body said, where it was scanned.
    pub(crate) counts: Option<&'a Counts>,
    pub(crate) endpoint: Option<&'a Known>,
    pub(crate) now_ns: u64,
    pub(crate) wall_ns: u64,
}

/// The names of an event: those of the stream itself, as they came or made safe.
pub(crate) struct Names<'a> {
    cluster: Option<Cow<'a, str>>,
    route: Option<Cow<'a, str>>,
    upstream: Option<Cow<'a, str>>,
    method: Option<Cow<'a, str>>,
    request_id: Option<Cow<'a, str>>,
    consumer: Option<Cow<'a, str>>,
    dimensions: [Option<Cow<'a, str>>; DIMENSIONS],
    details: Option<Cow<'a, str>>,
}

impl<'a> Names<'a> {
    pub(crate) fn read(config: &Config, attributes: &Attributes<'a>) -> Self {
        let name = |raw: Option<&'a [u8]>| raw.and_then(label::sanitise);
        Self {
            cluster: name(attributes.cluster()),
            route: name(attributes.route()),
            upstream: name(attributes.upstream()),
            method: name(attributes.method()),
            request_id: name(attributes.request_id()),
            consumer: match &config.consumer.hash {
                Some(hash) => attributes.consumer().map(|raw| Cow::Owned(hash.of(raw.trim_ascii()))),
                None => name(attributes.consumer()),
            },
            dimensions: std::array::from_fn(|at| name(attributes.dimension(at))),
            details: attributes.details().and_then(details),
        }
    }

    pub(crate) fn cluster(&self) -> Option<&str> {
        self.cluster.as_deref()
    }
}

impl Sources<'_> {
    /// The event.
    pub(crate) fn event<'a>(&'a self, names: &'a Names<'a>) -> Event<'a> {
        let from_upstream = self.head.from_upstream || names.details.as_deref() == Some("via_upstream");
        let mut result = self.result(names, from_upstream);
        let mut measures = self.times(from_upstream);
        for (measure, value) in head::SCORES.iter().zip(self.head.scores) {
            measures.set(*measure, value);
        }
        for (measure, value) in head::LIMITS.iter().zip(self.head.limits) {
            measures.set(*measure, value);
        }
        let provider = self.provider();
        let usage = self.counts.filter(|_| !self.is_stored(names)).and_then(|counts| counts.usage(provider));
        result.usage_status = self.usage_status(&result, usage.is_some(), names.method.as_deref());
        self.set_usage(&mut measures, usage);
        // A header's word goes before the body's.
        let header = self.head.cost_nano_usd.map(|cost| (cost, CostSource::Header));
        let body = || Some((self.counts?.cost_nano_usd()?, CostSource::Body));
        if let Some((nano_usd, source)) = header.or_else(body) {
            measures.set(Measure::CostNanoUsd, Some(nano_usd));
            result.cost_source = Some(source);
        }
        Event {
            request_id: names.request_id.as_deref().map_or(RequestId::Absent, RequestId::parse),
            trace: self.attributes.trace().and_then(TraceContext::parse),
            consumer: names.consumer.as_deref(),
            dimensions: names.dimensions.each_ref().map(Option::as_deref),
            target: self.target(names, provider, from_upstream),
            result,
            measures,
        }
    }

    /// Whether an answer that was made before is only read again: its tokens were counted then.
    fn is_stored(&self, names: &Names<'_>) -> bool {
        let of_a_model = self.endpoint.is_some_and(|known| known.provider.is_some());
        names.method.as_deref() == Some("GET") && !of_a_model
    }

    /// By configuration, else by path, else by the shape of the answer.
    fn provider(&self) -> Option<&str> {
        let by_path = || self.endpoint.and_then(|endpoint| endpoint.provider);
        let by_shape = || self.counts.and_then(Counts::provider);
        self.backend.provider.as_deref().or_else(by_path).or_else(by_shape)
    }

    fn target<'a>(
        &'a self,
        names: &'a Names<'a>,
        provider: Option<&'a str>,
        from_upstream: bool,
    ) -> Target<&'a str> {
        let header = |value: &'a Option<Box<str>>| value.as_deref().filter(|_| from_upstream);
        Target {
            backend: names.cluster.as_deref(),
            backend_type: self.backend.kind.as_deref(),
            upstream: names.upstream.as_deref(),
            endpoint: self.endpoint.map(|endpoint| endpoint.template.as_str()),
            route: names.route.as_deref(),
            method: names.method.as_deref(),
            algorithm: header(&self.head.algorithm).or(self.backend.algorithm.as_deref()),
            provider,
            model: self.counts.and_then(Counts::model).or_else(|| header(&self.head.model)),
        }
    }

    fn result<'a>(&'a self, names: &'a Names<'a>, from_upstream: bool) -> EventResult<&'a str> {
        let code = self.attributes.code().and_then(|code| u16::try_from(code).ok());
        let flags = self.attributes.flags().unwrap_or(0);
        let end = End {
            status: code.or(self.head.status).filter(|status| *status > 0),
            flags,
            details: names.details.as_deref().unwrap_or_default(),
            overloaded: self.head.overloaded,
            answered: from_upstream,
        };
        let (mut outcome, mut error_type) = outcome::classify(&end);
        let of_a_model =
            self.backend.provider.is_some() || self.endpoint.is_some_and(|known| known.provider.is_some());
        if outcome == Outcome::Success && of_a_model && self.counts.is_some_and(Counts::is_error) {
            (outcome, error_type) = (Outcome::Error, Some(outcome::ERROR_IN_BODY));
        }
        EventResult {
            error_type,
            details: names.details.as_deref(),
            status: end.status,
            response_flags: flags,
            attempts: self.attributes.attempts().and_then(|count| u32::try_from(count).ok()),
            streamed: from_upstream.then_some(self.noted.streamed),
            service_tier: self.counts.and_then(Counts::tier),
            cache: self.head.cache,
            breaker: outcome::breaker(&end, self.head.breaker),
            ..EventResult::new(outcome)
        }
    }

    fn times(&self, from_upstream: bool) -> Measures {
        let noted = self.noted;
        // Of a stream that went well nobody was asked how long it took.
        let own_ns = || Some(self.now_ns.saturating_sub(noted.started_ns));
        let duration_ns = self.attributes.duration_ns().or_else(own_ns);
        // Time since the start of a moment noted while the stream lasted: the whole duration less what has
        // passed since then.
        let since_start = |moment: Option<u64>| {
            let after = self.now_ns.saturating_sub(moment?);
            Some(duration_ns?.saturating_sub(after) / 1_000)
        };
        let micros = |ns: Option<u64>| ns.map(|ns| ns / 1_000);
        let of_stream = |ns: Option<u64>| ns.filter(|_| noted.streamed);
        let mut measures = Measures::new();
        for (measure, value) in [
            (Measure::EndedUs, Some(self.wall_ns / 1_000)),
            (Measure::DurationUs, micros(duration_ns)),
            (Measure::PoolWaitUs, micros(self.attributes.pool_wait_ns())),
            (Measure::TtfbUs, since_start(noted.headers_ns.filter(|_| from_upstream))),
            (Measure::TtftUs, since_start(of_stream(noted.content_ns))),
            (Measure::MaxChunkGapUs, micros(of_stream(noted.longest_gap_ns))),
            (Measure::RequestBytes, self.attributes.request_bytes()),
            (Measure::ResponseBytes, Some(noted.response_bytes)),
        ] {
            measures.set(measure, value);
        }
        measures
    }

    /// What a body without usage means depends on whether one was to be expected: the path names a model's
    /// API, or the operator says that a model answers here.
    fn usage_status(
        &self,
        result: &EventResult<&str>,
        found: bool,
        method: Option<&str>,
    ) -> Option<UsageStatus> {
        if found {
            let whole = result.outcome == Outcome::Success && self.counts.is_some_and(Counts::is_whole);
            let last = whole || self.counts.is_some_and(Counts::is_final);
            let known = last && !self.counts.is_some_and(Counts::is_spoiled);
            return Some(if known { UsageStatus::Reported } else { UsageStatus::Partial });
        }
        let answered = result.status.is_some_and(|status| (200..300).contains(&status));
        let by_path = self.endpoint.is_some_and(|endpoint| endpoint.provider.is_some());
        let by_operator = self.backend.provider.is_some() && method == Some("POST");
        (answered && (by_path || by_operator)).then_some(UsageStatus::Missing)
    }

    fn set_usage(&self, measures: &mut Measures, usage: Option<Usage>) {
        let Some(usage) = usage else { return };
        for (measure, value) in [
            (Measure::InputTokens, usage.input),
            (Measure::OutputTokens, usage.output),
            (Measure::CacheReadTokens, usage.cache_read),
            (Measure::CacheWriteTokens, usage.cache_write),
            (Measure::CacheWrite1hTokens, usage.cache_write_1h),
            (Measure::ReasoningTokens, usage.reasoning),
            (Measure::AudioTokens, usage.audio),
        ] {
            measures.set(measure, value);
        }
        let noted = self.noted;
        if let (true, Some(first), Some(last), Some(output)) =
            (noted.streamed, noted.content_ns, noted.chunk_ns, usage.output)
        {
            let spent_us = last.saturating_sub(first) / 1_000;
            measures.set(
                Measure::TpotUs,
                output.checked_sub(1).and_then(|between| spent_us.checked_div(between)),
            );
        }
    }
}

/// The response's own words for its end, short: `reason:detail` without what varies from host to host.
fn details(raw: &[u8]) -> Option<Cow<'_, str>> {
    let end = raw.iter().position(|byte| matches!(byte, b'|' | b'}')).unwrap_or(raw.len());
    let raw = raw.get(..end).unwrap_or_default();
    let mut parts = raw.splitn(2, |byte| *byte == b'{').filter_map(label::sanitise);
    let reason = parts.next()?;
    Some(match parts.next() {
        None => reason,
        Some(detail) => Cow::Owned(words::concat([reason.as_ref(), ":", detail.as_ref()])),
    })
}
