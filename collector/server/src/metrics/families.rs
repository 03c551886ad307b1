//! Every family that `/metrics` shows, declared once: name, type, help and labels.

/// What kind of numbers a family holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// One family.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) help: &'static str,
    pub(super) labels: &'static [&'static str],
}

/// Declares the families, and the list of all in the order of the page.
macro_rules! families {
    ($($variable:ident: $kind:ident $name:literal { $($label:literal),* } $help:literal;)+) => {
        $(pub(super) static $variable: Family =
            Family { name: $name, kind: Kind::$kind, help: $help, labels: &[$($label),*] };)+
        pub(super) static ALL: &[&Family] = &[$(&$variable),+];
    };
}

families! {
    REQUESTS: Counter "load_balancer_requests_total" { "backend", "algorithm", "status" }
        "Requests by their outcome: success, error, timeout, rejected or aborted.";
    ATTEMPTS: Counter "load_balancer_attempts_total" { "backend", "status" }
        "Attempts made upstream, by the outcome of their request, as far as the proxy told.";
    ATTEMPTS_UNKNOWN: Counter "load_balancer_attempts_unknown_requests_total" { "backend" }
        "Requests of which it is not known how many attempts were made; they are in no count of attempts.";
    REQUEST_BYTES: Counter "load_balancer_request_bytes_total" { "backend" }
        "Bytes of request bodies.";
    RESPONSE_BYTES: Counter "load_balancer_response_bytes_total" { "backend" }
        "Bytes of response bodies that went through the proxy.";
    TOKENS: Counter "load_balancer_tokens_total" { "backend", "type" }
        "Tokens by type. Input includes cache reads and writes, cache_write includes cache_write_1h, output includes reasoning.";
    USAGE: Counter "load_balancer_usage_requests_total" { "backend", "status" }
        "Requests whose token usage was reported, partial (a stream cut short) or missing.";
    TOTAL_COST: Counter "load_balancer_total_cost_usd" { "backend" }
        "Cost of the requests whose cost is known, US dollars.";
    COST_UNKNOWN: Counter "load_balancer_cost_unknown_requests_total" { "backend" }
        "Requests whose cost is not known; they are in no sum of costs.";
    EVENTS_MISSING: Gauge "weir_events_missing" { "gateway" }
        "Events that a gateway's producers have numbered and that have not come, now; some may yet.";
    EVENTS_SUMMARISED: Counter "weir_events_summarised_total" { "gateway" }
        "Events that were accepted without their detail: a summary stands for them in all totals.";
    PRODUCER_RECORDED: Counter "weir_producer_events_recorded_total" { "gateway" }
        "Events that a gateway's producers say they have recorded.";
    PRODUCER_DROPPED: Counter "weir_producer_events_dropped_total" { "gateway", "reason" }
        "Events that a gateway's producers say they have let go: memory full (overflow), refused by the collector, or oversize.";
    PRODUCER_RETRIED: Counter "weir_producer_deliveries_retried_total" { "gateway" }
        "Deliveries that a gateway's producers say have failed and were tried again.";
    PRODUCER_PARSE_FAILURES: Counter "weir_producer_parse_failures_total" { "gateway" }
        "Headers and bodies that a gateway's producers could not understand.";
    PRODUCER_SERIES_OVERFLOW: Counter "weir_producer_series_overflow_total" { "gateway" }
        "Requests that a gateway's producers counted under the series other, their table being full.";
    PRODUCER_SUMMARISED: Counter "weir_producer_events_summarised_total" { "gateway" }
        "Events whose detail a gateway's producers say they have let go, memory being full, and whose totals they kept.";
    PRODUCER_EVENTS_LOST: Counter "weir_producer_events_lost_total" { "gateway" }
        "Requests that had ended in a producer that failed before it wrote them down, as those that took over say.";
    PRODUCER_STREAMS_LOST: Counter "weir_producer_streams_lost_total" { "gateway" }
        "Requests that were open in a producer when it failed, as those that took over say.";
    PRODUCER_SLOTS_ADOPTED: Counter "weir_producer_slots_adopted_total" { "gateway" }
        "Outboxes of failed producers that others say they have taken over.";
    PRODUCER_SCANS_SKIPPED: Counter "weir_producer_scans_skipped_total" { "gateway" }
        "Bodies that a gateway's producers did not scan, their memory for that being used up.";
    PRODUCER_STREAMS_OPENED: Counter "weir_producer_streams_opened_total" { "gateway" }
        "Requests that a gateway's producers have seen begin.";
    PRODUCER_FAILED: Counter "weir_producer_requests_failed_total" { "gateway" }
        "Recorded requests of a gateway's producers that ended otherwise than in success, by their own count.";
    PRODUCER_INPUT_TOKENS: Counter "weir_producer_input_tokens_total" { "gateway" }
        "Input tokens of a gateway's producers by their own count.";
    PRODUCER_OUTPUT_TOKENS: Counter "weir_producer_output_tokens_total" { "gateway" }
        "Output tokens of a gateway's producers by their own count.";
    PRODUCER_COST: Counter "weir_producer_cost_usd_total" { "gateway" }
        "Known cost of a gateway's requests by its producers' own count, US dollars.";
    INGEST_BATCHES: Counter "weir_ingest_batches_total" { "result" }
        "Batches that came, by what became of them, since this process started.";
    INGEST_EVENTS: Counter "weir_ingest_events_total" { }
        "Events accepted since this process started.";
    INGEST_DUPLICATES: Counter "weir_ingest_duplicate_events_total" { }
        "Events that had been accepted before, since this process started.";
    INGEST_FUTURE: Counter "weir_ingest_future_events_total" { }
        "Events that ended more than five minutes after they came, by their producer's clock, since this process started.";
    INGEST_BYTES: Counter "weir_ingest_received_bytes_total" { }
        "Bytes of bodies that were read, since this process started.";
    INGEST_COMMIT_SECONDS: Histogram "weir_ingest_commit_duration_seconds" { }
        "Time that a group commit took, until it was on disk.";
    STORE_COMMIT_FAILURES: Counter "weir_store_commit_failures_total" { }
        "Group commits that failed, since this process started.";
    STORE_DATABASE_BYTES: Gauge "weir_store_database_bytes" { }
        "Size of the database's file.";
    STORE_WAL_BYTES: Gauge "weir_store_wal_bytes" { }
        "Size of the database's write-ahead log.";
    STORE_QUARANTINED: Gauge "weir_store_quarantined_batches" { }
        "Refused batches that are kept to be looked at.";
    BUILD_INFO: Gauge "weir_build_info" { "version" }
        "Always 1; the label tells the version that runs.";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// What `promtool check metrics` holds against the names: kept, since others know them.
    const EXCEPTIONS: &[&str] = &["load_balancer_total_cost_usd"];

    #[test]
    fn names_follow_the_conventions() {
        let mut names = HashSet::new();
        for family in ALL {
            let name = family.name;
            assert!(names.insert(name), "{name} is declared twice");
            let legal = |text: &str| {
                text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit())
            };
            assert!(legal(name) && family.labels.iter().all(|label| legal(label)), "{name}");
            assert!(family.help.ends_with('.') && !family.help.contains(['\n', '\\']), "{name}");
            let counts = family.kind == Kind::Counter;
            assert!(name.ends_with("_total") == counts || EXCEPTIONS.contains(&name), "{name}");
            assert!(!["_count", "_sum", "_bucket"].iter().any(|suffix| name.ends_with(suffix)), "{name}");
            assert!(!family.labels.iter().any(|label| ["le", "quantile"].contains(label)), "{name}");
        }
    }
}
