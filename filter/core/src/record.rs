//! One stream's record: everything read once at its end, put together into an event.

use weir_wire::{
    CostSource, Event, EventResult, Measure, Measures, Outcome, RequestId, Target, TraceContext, UsageStatus,
};

use crate::config::Config;
use crate::host::{HeaderMap, Host, Property};
use crate::observe::{self, Numbers};
use crate::outcome::{self, End};
use crate::usage::Counts;
use crate::vm::Vm;
use crate::{endpoint, label, provider};

/// What was noted while the stream passed. Times are of the host's monotonic clock, nanoseconds.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    /// When the response's headers came.
    pub(crate) headers_ns: Option<u64>,
    /// Whether the response is a stream of events.
    pub(crate) streamed: Option<bool>,
    /// When the first piece of content came.
    pub(crate) content_ns: Option<u64>,
    /// When the last chunk came.
    pub(crate) chunk_ns: Option<u64>,
    /// The longest time between two chunks.
    pub(crate) longest_gap_ns: Option<u64>,
}

/// Everything of one stream, owned, from which the event borrows.
pub(crate) struct Record {
    request_id: Option<String>,
    trace: Option<TraceContext>,
    consumer: Option<String>,
    names: Names,
    details: Option<String>,
    end_status: Option<u16>,
    result: EventResult<&'static str>,
    tier: Option<String>,
    measures: Measures,
    refused: u64,
}

/// The names of its target, owned.
#[derive(Default)]
struct Names {
    backend: Option<String>,
    backend_type: Option<String>,
    upstream: Option<String>,
    endpoint: Option<String>,
    route: Option<String>,
    method: Option<String>,
    algorithm: Option<String>,
    provider: Option<String>,
    model: Option<String>,
}

impl Record {
    pub(crate) fn read(host: &impl Host, config: &Config, noted: &Noted, counts: Option<&Counts>) -> Self {
        let request = host.request_headers();
        let response = host.response_headers();
        let mut numbers = Numbers::new(&response);
        let (result, details) = result(host, config, &response);
        let from_upstream = observe::header(&response, "x-envoy-upstream-service-time").is_some()
            || details.as_deref() == Some("via_upstream");
        let mut names = names(host, config, &request, &response, from_upstream);
        if let Some(model) = counts.and_then(Counts::model) {
            names.model = Some(model.to_owned());
        }
        let mut record = Self {
            request_id: observe::header(&request, "x-request-id").and_then(label::sanitise),
            trace: observe::header(&request, "traceparent").and_then(TraceContext::parse),
            consumer: config
                .consumer_header
                .as_ref()
                .and_then(|name| observe::header(&request, name))
                .and_then(label::sanitise),
            names,
            details,
            end_status: result.status,
            result,
            tier: counts.and_then(Counts::tier).map(str::to_owned),
            measures: times(host, noted, from_upstream),
            refused: 0,
        };
        record.scores(config, &mut numbers);
        record.cost(config, &mut numbers, counts);
        record.refused = numbers.refused.saturating_add(counts.map_or(0, |counts| counts.refused().into()));
        record.usage(counts, noted);
        record.result.streamed = noted.streamed.filter(|_| from_upstream);
        record
    }

    fn scores(&mut self, config: &Config, numbers: &mut Numbers<'_>) {
        let names = &config.headers;
        let scores = [
            (Measure::QualityScore, &names.quality_score),
            (Measure::QualityAccuracy, &names.quality_accuracy),
            (Measure::QualityRelevance, &names.quality_relevance),
            (Measure::QualityCompleteness, &names.quality_completeness),
            (Measure::Satisfaction, &names.satisfaction),
        ];
        for (measure, names) in scores {
            self.measures.set(measure, numbers.score(names));
        }
        let limits = [
            (
                Measure::RemainingRequests,
                ["x-ratelimit-remaining-requests", "anthropic-ratelimit-requests-remaining"],
            ),
            (
                Measure::RemainingTokens,
                ["x-ratelimit-remaining-tokens", "anthropic-ratelimit-tokens-remaining"],
            ),
            (Measure::RetryAfterS, ["retry-after", "retry-after"]),
        ];
        for (measure, names) in limits {
            self.measures.set(measure, numbers.whole(&names));
        }
    }

    /// A header's word goes before the body's.
    fn cost(&mut self, config: &Config, numbers: &mut Numbers<'_>, counts: Option<&Counts>) {
        let header = numbers.cost(&config.headers.cost_usd).map(|cost| (cost, CostSource::Header));
        let body = || Some((counts?.cost_nano_usd()?, CostSource::Body));
        if let Some((nano_usd, source)) = header.or_else(body) {
            self.measures.set(Measure::CostNanoUsd, Some(nano_usd));
            self.result.cost_source = Some(source);
        }
    }

    fn usage(&mut self, counts: Option<&Counts>, noted: &Noted) {
        let usage = counts.and_then(|counts| counts.usage(self.names.provider.as_deref()));
        let answered = self.end_status.is_some_and(|status| (200..300).contains(&status));
        self.result.usage_status = match usage {
            Some(_) if self.result.outcome == Outcome::Success => Some(UsageStatus::Reported),
            Some(_) if counts.is_some_and(Counts::is_final) => Some(UsageStatus::Reported),
            Some(_) => Some(UsageStatus::Partial),
            None if answered && self.names.provider.is_some() => Some(UsageStatus::Missing),
            None => None,
        };
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
            self.measures.set(measure, value);
        }
        if let (Some(first), Some(last), Some(output)) = (noted.content_ns, noted.chunk_ns, usage.output) {
            let between = output.checked_sub(1).filter(|between| *between > 0);
            let spent_us = last.saturating_sub(first) / 1_000;
            let each = between.and_then(|between| spent_us.checked_div(between));
            self.measures.set(Measure::TpotUs, each.filter(|_| noted.streamed == Some(true)));
        }
    }

    pub(crate) fn hand_to(&self, host: &impl Host, vm: &mut Vm) {
        let names = &self.names;
        let event = Event {
            request_id: self.request_id.as_deref().map_or(RequestId::Absent, RequestId::parse),
            trace: self.trace,
            consumer: self.consumer.as_deref(),
            dimensions: [None; weir_wire::DIMENSIONS],
            target: Target {
                backend: names.backend.as_deref(),
                backend_type: names.backend_type.as_deref(),
                upstream: names.upstream.as_deref(),
                endpoint: names.endpoint.as_deref(),
                route: names.route.as_deref(),
                method: names.method.as_deref(),
                algorithm: names.algorithm.as_deref(),
                provider: names.provider.as_deref(),
                model: names.model.as_deref(),
            },
            result: EventResult {
                details: self.details.as_deref(),
                service_tier: self.tier.as_deref(),
                ..self.result
            },
            measures: self.measures,
        };
        vm.record(host, &event, self.refused);
    }
}

fn result(
    host: &impl Host,
    config: &Config,
    response: &HeaderMap,
) -> (EventResult<&'static str>, Option<String>) {
    let status = observe::header(response, ":status")
        .and_then(|status| std::str::from_utf8(status).ok()?.parse().ok());
    let status = status.or_else(|| u16::try_from(observe::number(host, Property::ResponseCode)?).ok());
    let details = host.property(Property::ResponseCodeDetails).and_then(|raw| observe::details(&raw));
    let flags = observe::number(host, Property::ResponseFlags).unwrap_or(0);
    let end = End {
        status: status.filter(|status| *status > 0),
        flags,
        details: details.as_deref().unwrap_or_default(),
        overloaded: observe::header(response, "x-envoy-overloaded").is_some(),
    };
    let (outcome, error_type) = outcome::classify(&end);
    let attempts = observe::number(host, Property::AttemptCount).and_then(|count| u32::try_from(count).ok());
    let result = EventResult {
        error_type,
        status: end.status,
        response_flags: flags,
        attempts,
        cache: observe::cache(response, &config.headers),
        breaker: outcome::breaker(&end, observe::first(response, &config.headers.breaker_state)),
        ..EventResult::new(outcome)
    };
    (result, details)
}

fn names(
    host: &impl Host,
    config: &Config,
    request: &HeaderMap,
    response: &HeaderMap,
    from_upstream: bool,
) -> Names {
    let backend = observe::text(host, Property::ClusterName);
    let known = config.backends.get(backend.as_deref().unwrap_or_default());
    let endpoint = observe::header(request, ":path").map(endpoint::template);
    let by_endpoint = || endpoint.as_deref().and_then(provider::by_endpoint).map(str::to_owned);
    let header = |names: &[String]| {
        observe::first(response, names).filter(|_| from_upstream).and_then(label::sanitise)
    };
    Names {
        upstream: observe::text(host, Property::UpstreamAddress),
        route: observe::text(host, Property::RouteName),
        method: observe::header(request, ":method").and_then(label::sanitise),
        algorithm: header(&config.headers.algorithm).or_else(|| known.algorithm.clone()),
        backend_type: known.kind.clone(),
        provider: known.provider.clone().or_else(by_endpoint),
        model: header(&config.headers.model),
        endpoint,
        backend,
    }
}

fn times(host: &impl Host, noted: &Noted, from_upstream: bool) -> Measures {
    let now_ns = host.monotonic_ns();
    let duration_ns = observe::number(host, Property::RequestDuration);
    let micros = |property| observe::number(host, property).map(|ns| ns / 1_000);
    let since_start = |moment| since_start_us(moment, now_ns, duration_ns);
    let mut measures = Measures::new();
    for (measure, value) in [
        (Measure::EndedUs, Some(host.wall_clock_ns() / 1_000)),
        (Measure::DurationUs, duration_ns.map(|ns| ns / 1_000)),
        (Measure::PoolWaitUs, micros(Property::PoolReadyDuration)),
        (Measure::TtfbUs, since_start(noted.headers_ns.filter(|_| from_upstream))),
        (Measure::BackendUs, micros(Property::BackendLatency)),
        (Measure::TtftUs, since_start(noted.content_ns.filter(|_| noted.streamed == Some(true)))),
        (
            Measure::MaxChunkGapUs,
            noted.longest_gap_ns.filter(|_| noted.streamed == Some(true)).map(|ns| ns / 1_000),
        ),
        (Measure::RequestBytes, observe::number(host, Property::RequestSize)),
        (Measure::ResponseBytes, observe::number(host, Property::ResponseSize)),
    ] {
        measures.set(measure, value);
    }
    measures
}

/// Time since the start of the stream of a moment noted while it lasted: the whole duration less what
/// has passed since then.
fn since_start_us(noted_ns: Option<u64>, now_ns: u64, duration_ns: Option<u64>) -> Option<u64> {
    let after = now_ns.saturating_sub(noted_ns?);
    Some(duration_ns?.saturating_sub(after) / 1_000)
}
