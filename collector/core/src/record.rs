//! One request as the API tells it: names as the proxy saw them, times in milliseconds, and `null` for
//! whatever is not known.

mod flags;
mod time;

use std::collections::BTreeMap;

use serde::Serialize;
use weir_wire::{Batch, Event, Measure, Outcome};

pub use flags::flag_names;
pub use time::{Millionths, Millis, format_time, parse_time};

/// The record of one request. Field names are the API's.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields are the wire crate's measures and names, said there")]
pub struct RequestRecord {
    pub request_id: Option<String>,
    pub traceparent: Option<String>,
    pub gateway: Option<String>,
    pub started_at: Option<String>,
    pub ended_at: Option<String>,
    pub backend: Option<String>,
    pub backend_type: Option<String>,
    pub upstream: Option<String>,
    pub endpoint: Option<String>,
    pub route: Option<String>,
    pub method: Option<String>,
    pub algorithm: Option<String>,
    pub provider: Option<String>,
    pub model: Option<String>,
    pub consumer: Option<String>,
    /// The operator's own labels by name; those that the request lacks are left out.
    pub dimensions: BTreeMap<String, String>,
    pub status: Option<u16>,
    pub outcome: Outcome,
    pub error_type: Option<String>,
    pub details: Option<String>,
    pub response_flags: Vec<String>,
    pub attempts: Option<u32>,
    pub streamed: Option<bool>,
    pub duration_ms: Option<Millis>,
    pub pool_wait_ms: Option<Millis>,
    pub ttfb_ms: Option<Millis>,
    pub backend_ms: Option<Millis>,
    /// What of the duration was not the backend's.
    pub gateway_ms: Option<Millis>,
    pub ttft_ms: Option<Millis>,
    pub tpot_ms: Option<Millis>,
    pub max_chunk_gap_ms: Option<Millis>,
    pub request_bytes: Option<u64>,
    pub response_bytes: Option<u64>,
    pub usage: Usage,
    pub cost: Cost,
    pub rate_limit: RateLimit,
    pub quality: Quality,
    pub cache: Option<&'static str>,
    pub breaker: Option<&'static str>,
    pub instance: String,
    pub epoch: u64,
    pub sequence: u64,
}

/// The tokens of one request.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields are the wire crate's measures, said there")]
pub struct Usage {
    pub status: Option<&'static str>,
    pub input_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
    pub cache_read_tokens: Option<u64>,
    pub cache_write_tokens: Option<u64>,
    pub cache_write_1h_tokens: Option<u64>,
    pub reasoning_tokens: Option<u64>,
    pub audio_tokens: Option<u64>,
    pub service_tier: Option<String>,
}

/// What one request cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cost {
    /// 10⁻⁹ US dollars.
    pub nano_usd: Option<u64>,
    /// Who said so; `unknown` where nobody did.
    pub source: &'static str,
    /// The price table that it was computed from, if it was.
    pub price_version: Option<String>,
}

/// What the provider said of its limits.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields are the wire crate's measures, said there")]
pub struct RateLimit {
    pub remaining_requests: Option<u64>,
    pub remaining_tokens: Option<u64>,
    pub retry_after_s: Option<u64>,
}

/// How good the answer was found to be, 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields are the wire crate's measures, said there")]
pub struct Quality {
    pub score: Option<Millionths>,
    pub accuracy: Option<Millionths>,
    pub relevance: Option<Millionths>,
    pub completeness: Option<Millionths>,
    pub satisfaction: Option<Millionths>,
}

impl RequestRecord {
    /// The record of event `at` of `batch`, if there is one.
    pub fn of(batch: &Batch, at: usize) -> Option<Self> {
        let event = batch.event(at)?;
        let sequence = batch.first_sequence().saturating_add(u64::try_from(at).ok()?);
        let owned = |name: Option<&str>| name.map(str::to_owned);
        let number = |measure| event.measures.get(measure);
        let millis = |measure| number(measure).map(Millis);
        let duration = number(Measure::DurationUs);
        let ended = number(Measure::EndedUs);
        let share = |backend: u64| duration.map(|duration| Millis(duration.saturating_sub(backend)));
        let (target, result) = (event.target, event.result);
        Some(Self {
            request_id: Some(event.request_id.to_string()).filter(|id| !id.is_empty()),
            traceparent: event.trace.map(|trace| trace.to_string()),
            gateway: Some(batch.gateway().to_owned()).filter(|gateway| !gateway.is_empty()),
            started_at: ended
                .zip(duration)
                .and_then(|(ended, duration)| format_time(ended.checked_sub(duration)?)),
            ended_at: ended.and_then(format_time),
            backend: owned(target.backend),
            backend_type: owned(target.backend_type),
            upstream: owned(target.upstream),
            endpoint: owned(target.endpoint),
            route: owned(target.route),
            method: owned(target.method),
            algorithm: owned(target.algorithm),
            provider: owned(target.provider),
            model: owned(target.model),
            consumer: owned(event.consumer),
            dimensions: dimensions(batch, &event),
            status: result.status,
            outcome: result.outcome,
            error_type: owned(result.error_type),
            details: owned(result.details),
            response_flags: flag_names(result.response_flags),
            attempts: result.attempts,
            streamed: result.streamed,
            duration_ms: duration.map(Millis),
            pool_wait_ms: millis(Measure::PoolWaitUs),
            ttfb_ms: millis(Measure::TtfbUs),
            backend_ms: millis(Measure::BackendUs),
            gateway_ms: number(Measure::BackendUs).and_then(share),
            ttft_ms: millis(Measure::TtftUs),
            tpot_ms: millis(Measure::TpotUs),
            max_chunk_gap_ms: millis(Measure::MaxChunkGapUs),
            request_bytes: number(Measure::RequestBytes),
            response_bytes: number(Measure::ResponseBytes),
            usage: Usage::of(&event),
            cost: Cost::of(&event),
            rate_limit: RateLimit {
                remaining_requests: number(Measure::RemainingRequests),
                remaining_tokens: number(Measure::RemainingTokens),
                retry_after_s: number(Measure::RetryAfterS),
            },
            quality: Quality::of(&event),
            cache: result.cache.map(|cache| cache.name()),
            breaker: result.breaker.map(|breaker| breaker.name()),
            instance: batch.producer().instance.to_string(),
            epoch: batch.producer().epoch,
            sequence,
        })
    }
}

/// A dimension that the batch has no name for is called by its number.
fn dimensions(batch: &Batch, event: &Event<'_>) -> BTreeMap<String, String> {
    let named = batch.dimension_names().into_iter().zip(event.dimensions).zip(1..);
    let pair = |((name, value), number): ((Option<&str>, Option<&str>), u8)| {
        let name = name.map_or_else(|| format!("dimension_{number}"), str::to_owned);
        Some((name, value?.to_owned()))
    };
    named.filter_map(pair).collect()
}

impl Usage {
    fn of(event: &Event<'_>) -> Self {
        let number = |measure| event.measures.get(measure);
        Self {
            status: event.result.usage_status.map(|status| status.name()),
            input_tokens: number(Measure::InputTokens),
            output_tokens: number(Measure::OutputTokens),
            cache_read_tokens: number(Measure::CacheReadTokens),
            cache_write_tokens: number(Measure::CacheWriteTokens),
            cache_write_1h_tokens: number(Measure::CacheWrite1hTokens),
            reasoning_tokens: number(Measure::ReasoningTokens),
            audio_tokens: number(Measure::AudioTokens),
            service_tier: event.result.service_tier.map(str::to_owned),
        }
    }
}

impl Cost {
    fn of(event: &Event<'_>) -> Self {
        // A batch has both or neither: an amount that nobody stated would be in the sums and in no record.
        let stated = event.measures.get(Measure::CostNanoUsd).zip(event.result.cost_source);
        let (nano_usd, source) =
            stated.map_or((None, "unknown"), |(nano, source)| (Some(nano), source.name()));
        Self { nano_usd, source, price_version: None }
    }
}

impl Quality {
    fn of(event: &Event<'_>) -> Self {
        let score = |measure| event.measures.get(measure).map(Millionths);
        Self {
            score: score(Measure::QualityScore),
            accuracy: score(Measure::QualityAccuracy),
            relevance: score(Measure::QualityRelevance),
            completeness: score(Measure::QualityCompleteness),
            satisfaction: score(Measure::Satisfaction),
        }
    }
}
