//! `GET /`: what goes through the gateways, at a glance, without a script or any other resource.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use weir_core::record::RequestRecord;
use weir_core::totals::{Counters, Summed, Totals};
use weir_wire::Outcome;

use super::Shared;
use crate::problem::Problem;
use crate::store::Filter;

/// Requests shown in the list.
const NEWEST: usize = 25;
/// Nothing is loaded, run or framed; the style stands in the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";
const STYLE: &str = "
:root { color-scheme: light dark; --line: #8884; --quiet: #888; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; color: var(--quiet); } .number { text-align: right; font-variant-numeric: tabular-nums; }
.quiet { color: var(--quiet); } .bad { color: light-dark(#b00020, #ff8a80); }
";

pub(super) async fn get(State(api): State<Shared>) -> Result<impl IntoResponse, Problem> {
    let newest = api.store.list(Filter { limit: NEWEST, ..Filter::default() }).await?;
    let (backends, missing) = {
        let accounts = api.store.accounts().lock();
        let missing = accounts.gateways.iter().map(|(_, gateway)| gateway.missing).sum::<u128>();
        (by_backend(&accounts.totals), missing)
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, page(&backends, missing, &newest).into_string()))
}

/// One backend's sums.
#[derive(Debug, Default)]
struct Backend {
    outcomes: BTreeMap<Outcome, u64>,
    counters: Counters,
}

fn by_backend(totals: &Totals) -> BTreeMap<String, Backend> {
    let mut backends: BTreeMap<String, Backend> = BTreeMap::new();
    for (key, counters) in totals.iter() {
        let backend = backends.entry(key.backend.as_deref().unwrap_or_default().to_owned()).or_default();
        let outcome = backend.outcomes.entry(key.outcome).or_default();
        *outcome = outcome.saturating_add(counters.requests);
        backend.counters.merge(counters);
    }
    backends
}

fn page(backends: &BTreeMap<String, Backend>, missing: u128, newest: &[RequestRecord]) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="refresh" content="5";
                title { "Weir" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "Weir " span class="quiet" { (env!("CARGO_PKG_VERSION")) } }
                p {
                    a href="/metrics" { "metrics" } " · "
                    a href="/api/v1/requests" { "requests" } " · "
                    a href="/readyz" { "readiness" }
                    @if missing > 0 { " · " span class="bad" { (missing) " events are missing" } }
                }
                h2 { "Backends" }
                @if backends.is_empty() {
                    p class="quiet" { "Nothing has come yet: send a request through a gateway that has the filter." }
                } @else {
                    (backend_table(backends))
                }
                h2 { "Newest requests" }
                (request_table(newest))
            }
        }
    }
}

fn backend_table(backends: &BTreeMap<String, Backend>) -> Markup {
    html! {
        div class="scroll" tabindex="0" { table {
            thead { tr {
                th scope="col" { "Backend" }
                @for outcome in Outcome::ALL { th scope="col" class="number" { (outcome.name()) } }
                th scope="col" class="number" { "Input tokens" }
                th scope="col" class="number" { "Output tokens" }
                th scope="col" class="number" { "Cost, USD" }
                th scope="col" class="number" { "Cost unknown" }
            } }
            tbody { @for (name, backend) in backends { tr {
                th scope="row" { @if name.is_empty() { span class="quiet" { "(none)" } } @else { (name) } }
                @for outcome in Outcome::ALL {
                    td class="number" { (backend.outcomes.get(outcome).copied().unwrap_or(0)) }
                }
                td class="number" { (known(&backend.counters, Summed::InputTokens, |sum| sum.to_string())) }
                td class="number" { (known(&backend.counters, Summed::OutputTokens, |sum| sum.to_string())) }
                td class="number" { (known(&backend.counters, Summed::CostNanoUsd, usd)) }
                td class="number" { (unknown(&backend.counters)) }
            } } }
        } }
    }
}

fn request_table(newest: &[RequestRecord]) -> Markup {
    html! {
        div class="scroll" tabindex="0" { table {
            thead { tr {
                th scope="col" { "Ended" } th scope="col" { "Request" } th scope="col" { "Backend" }
                th scope="col" { "Model" } th scope="col" { "Outcome" }
                th scope="col" class="number" { "Duration, ms" }
                th scope="col" class="number" { "Tokens in / out" }
                th scope="col" class="number" { "Cost, USD" }
            } }
            tbody { @for request in newest { tr {
                td { (request.ended_at.as_deref().unwrap_or("–")) }
                td { @match &request.request_id {
                    Some(id) => a href={ "/api/v1/requests/" (percent_encoded(id)) } { (id) },
                    None => "–",
                } }
                td { (request.backend.as_deref().unwrap_or("–")) }
                td { (request.model.as_deref().unwrap_or("–")) }
                td class=[(request.outcome != Outcome::Success).then_some("bad")] {
                    (request.error_type.as_deref().unwrap_or(request.outcome.name()))
                }
                td class="number" { (or_dash(request.duration_ms.map(|ms| format!("{}.{:03}", ms.0 / 1_000, ms.0 % 1_000)))) }
                td class="number" {
                    (or_dash(request.usage.input_tokens.map(|tokens| tokens.to_string()))) " / "
                    (or_dash(request.usage.output_tokens.map(|tokens| tokens.to_string())))
                }
                td class="number" { (or_dash(request.cost.nano_usd.map(|nano| usd(nano.into())))) }
            } } }
        } }
    }
}

fn or_dash(value: Option<String>) -> String {
    value.unwrap_or_else(|| "–".to_owned())
}

/// A sum, or a dash where nothing is known: unknown is not zero.
fn known(counters: &Counters, summed: Summed, show: impl Fn(u128) -> String) -> String {
    let sum = counters.sum(summed);
    or_dash((sum.known > 0).then(|| show(sum.total)))
}

fn unknown(counters: &Counters) -> u64 {
    counters.requests.saturating_sub(counters.sum(Summed::CostNanoUsd).known)
}

/// Exact, with as many decimals as there are, and two at least.
fn usd(nano: u128) -> String {
    let fraction = format!("{:09}", nano % 1_000_000_000);
    let shown = fraction.trim_end_matches('0');
    format!("{}.{shown:0<2}", nano / 1_000_000_000)
}

fn percent_encoded(id: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    id.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_shown_to_the_last_digit() {
        for (nano, expected) in
            [(0, "0.00"), (2_000_000, "0.002"), (1_500_000_000, "1.50"), (12_345_678_901, "12.345678901")]
        {
            assert_eq!(usd(nano), expected);
        }
    }

    #[test]
    fn names_from_outside_cannot_become_markup() {
        let name = "<script>alert(1)</script>".to_owned();
        let shown = page(&BTreeMap::from([(name, Backend::default())]), 0, &[]).into_string();
        assert!(!shown.contains("<script") && shown.contains("&lt;script&gt;"));
        assert_eq!(percent_encoded("a/b\"<ü>"), "a%2Fb%22%3C%C3%BC%3E");
    }

    #[test]
    fn what_is_unknown_is_a_dash_and_what_is_missing_is_said() {
        let backends = BTreeMap::from([("openai".to_owned(), Backend::default())]);
        let shown = page(&backends, 3, &[]).into_string();
        assert!(shown.contains("3 events are missing") && shown.contains("–"));
        assert!(page(&BTreeMap::new(), 0, &[]).into_string().contains("Nothing has come yet"));
    }
}
