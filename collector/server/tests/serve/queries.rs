//! Finding requests.

use weir_wire::{Event, Measure, Measures};

use crate::batches::{START_US, batch, batch_of, event, id_text, producer};
use crate::harness::{Collector, Place};

fn sequences(collector: &Collector, query: &str) -> Vec<u64> {
    let response = collector.get(&format!("/api/v1/requests{query}"));
    assert_eq!(response.status, 200, "{query}: {response:?}");
    let records = response.json();
    records.as_array().unwrap().iter().map(|record| record["sequence"].as_u64().unwrap()).collect()
}

#[test]
fn the_newest_that_fit_are_listed() {
    let place = Place::new();
    let collector = place.start();
    // Two producers whose blocks overlap in time, and which come out of order.
    collector.deliver(&batch(producer(1), 101, 50));
    collector.deliver(&batch(producer(1), 1, 50));
    collector.deliver(&batch(producer(2), 141, 20));
    let check = |query: &str, expected: &[u64]| assert_eq!(sequences(&collector, query), expected, "{query}");
    check("?limit=3", &[160, 159, 158]);
    check("?limit=12", &[160, 159, 158, 157, 156, 155, 154, 153, 152, 151, 150, 150]);
    assert_eq!(sequences(&collector, "").len(), 100);
    assert_eq!(sequences(&collector, "?limit=1000").len(), 120);
    check("?outcome=error&limit=3", &[159, 156, 153]);
    check("?backend=even&outcome=error&limit=3", &[156, 150, 150]);
    check("?backend=nobody", &[]);
    let at = |sequence: u64| format!("{}.{:06}", (START_US + sequence * 1000) / 1_000_000, sequence * 1000);
    check(&format!("?from={}&to={}", at(10), at(13)), &[12, 11, 10]);
    check(&format!("?to={}", at(3)), &[2, 1]);
    check("?from=2026-09-21T14:13:20.1595Z", &[160]);
    check("?from=2030-01-01T00:00:00Z", &[]);
}

#[test]
fn what_claims_to_end_in_the_future_ended_when_it_came() {
    let place = Place::new();
    let collector = place.start();
    let now_us = u64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_micros()).unwrap();
    let ending = |sequence, ended| Event {
        measures: Measures::new().with(Measure::EndedUs, ended).with(Measure::DurationUs, 1000),
        result: weir_wire::EventResult { cost_source: None, ..event(producer(1), sequence).result },
        ..event(producer(1), sequence)
    };
    let (minute, hour) = (60_000_000, 3_600_000_000);
    let events = [
        ending(1, Measure::MAX),
        ending(2, now_us + 8 * hour),
        ending(3, now_us + minute),
        ending(4, now_us),
    ];
    assert_eq!(collector.deliver(&batch_of(producer(1), 1, &events)), (4, 0));
    assert_eq!(collector.metric("weir_ingest_future_events_total", ""), 2.0);
    assert_eq!(collector.deliver(&batch_of(producer(1), 1, &events)), (0, 4));
    assert_eq!(collector.metric("weir_ingest_future_events_total", ""), 2.0);
    assert_eq!(sequences(&collector, ""), [3, 2, 1, 4], "only a minute ahead is let pass");
    for sequence in 1..=4 {
        let record =
            &collector.get(&format!("/api/v1/requests/{}", id_text(producer(1), sequence))).json()[0];
        assert!(record["ended_at"].is_string() && record["started_at"].is_string(), "{record}");
    }
    collector.stop();
    let newest = place.ask("SELECT max(max_ended_us) FROM blocks");
    assert!(newest <= i64::try_from(now_us + 2 * minute).unwrap(), "{newest}");
}

#[test]
fn a_bad_parameter_is_a_problem_that_names_it() {
    let place = Place::new();
    let collector = place.start();
    let check = |query: &str, field: &str| {
        let response = collector.get(&format!("/api/v1/requests?{query}"));
        assert_eq!(response.status, 400, "{query}: {response:?}");
        assert_eq!(response.problem()["errors"][0]["field"], field, "{query}");
    };
    check("limit=many", "limit");
    check("form=0", "form");
    check("to=tomorrow", "to");
    check("outcome=good", "outcome");
    let response = collector.get("/api/v1/requests/unknown-id");
    assert_eq!(response.status, 404);
    assert!(response.problem()["detail"].as_str().unwrap().contains("unknown-id"));
}
