//! What is delivered is kept once, counted once, and found again.

use weir_wire::{Event, Outcome, RequestId, binary, json};

use crate::batches::{batch, batch_of, event, id_text, producer};
use crate::client::{BINARY, JSON};
use crate::harness::Place;

#[test]
fn a_batch_goes_round() {
    let place = Place::new();
    let collector = place.start();
    let sent = batch(producer(1), 1, 12);
    assert_eq!(collector.deliver(&sent), (12, 0));
    let response = collector.get(&format!("/api/v1/requests/{}", id_text(producer(1), 5)));
    assert_eq!(response.status, 200, "{response:?}");
    let records = response.json();
    let [record] = records.as_array().unwrap().as_slice() else { panic!("{records}") };
    assert_eq!(record["sequence"], 5);
    assert_eq!(record["backend"], "odd");
    assert_eq!(record["cost"]["nano_usd"], 5);
    assert_eq!(record["started_at"], "2026-09-21T14:13:19.755000Z");
    assert_eq!(collector.metric("load_balancer_requests_total", "status=\"success\""), 8.0);
    assert_eq!(collector.metric("load_balancer_attempts_total", ""), 16.0);
    assert_eq!(collector.metric("load_balancer_cost_unknown_requests_total", ""), 4.0);
    assert_eq!(collector.metric("load_balancer_usage_requests_total", "status=\"missing\""), 4.0);
    assert_eq!(collector.metric("load_balancer_tokens_total", "type=\"input\""), 24.0);
    assert_eq!(collector.metric("weir_events_missing", "edge-1"), 0.0);
}

#[test]
fn both_forms_are_the_same_batch() {
    let place = Place::new();
    let collector = place.start();
    let sent = batch(producer(1), 1, 7);
    let as_json = ("content-type", "application/json; charset=utf-8");
    let response = collector.post(&[as_json], json::encode(&sent).as_bytes());
    assert_eq!((response.status, response.body.as_str()), (200, r#"{"accepted":7,"duplicates":0}"#));
    let response = collector.post(&[BINARY], &binary::encode(&sent));
    assert_eq!((response.status, response.body.as_str()), (200, r#"{"accepted":0,"duplicates":7}"#));
}

#[test]
fn an_acknowledgement_says_up_to_where() {
    let place = Place::new();
    let collector = place.start();
    let check = |first: u64, count: u64, expected: &str| {
        let response = collector.post(&[BINARY], &binary::encode(&batch(producer(1), first, count)));
        assert_eq!(response.status, 200, "{response:?}");
        assert_eq!(response.header("x-weir-committed"), Some(expected), "{first} {count}");
    };
    check(1, 7, "7");
    check(1, 7, "7");
    check(4, 7, "10");
    check(11, 0, "10");
    check(0, 0, "0");
    let refused = collector.post(&[BINARY], b"not a batch");
    assert_eq!((refused.status, refused.header("x-weir-committed")), (400, None));
}

#[test]
fn what_overlaps_is_taken_in_part() {
    let place = Place::new();
    let collector = place.start();
    let one = producer(1);
    assert_eq!(collector.deliver(&batch(one, 11, 10)), (10, 0));
    assert_eq!(collector.metric("weir_events_missing", ""), 10.0);
    assert_eq!(collector.deliver(&batch(one, 1, 40)), (30, 10));
    assert_eq!(collector.metric("weir_events_missing", ""), 0.0);
    assert_eq!(collector.deliver(&batch(one, 1, 40)), (0, 40));
    assert_eq!(collector.deliver(&batch(producer(2), 1, 40)), (40, 0), "another producer's numbers");
    assert_eq!(collector.metric("load_balancer_requests_total", ""), 80.0);
    for sequence in [1, 10, 11, 20, 21, 40] {
        let records = collector.get(&format!("/api/v1/requests/{}", id_text(one, sequence))).json();
        assert_eq!(records.as_array().unwrap().len(), 1, "{sequence}");
        assert_eq!(records[0]["sequence"], sequence);
    }
    collector.stop();
    assert_eq!(place.ask("SELECT sum(events) FROM blocks"), 80);
    assert_eq!(place.ask("SELECT sum(requests) FROM totals"), 80);
    let cost: u64 = (1..=40).filter(|sequence| sequence % 3 != 0).sum();
    assert_eq!(place.ask("SELECT sum(cost_nano_usd) FROM totals"), 2 * i64::try_from(cost).unwrap());
}

#[test]
fn an_empty_batch_tells_the_producers_health() {
    let place = Place::new();
    let collector = place.start();
    assert_eq!(collector.deliver(&batch_of(producer(1), 6, &[])), (0, 0));
    assert_eq!(collector.metric("weir_events_missing", "edge-1"), 5.0);
    assert_eq!(collector.deliver(&batch(producer(1), 1, 5)), (5, 0));
    assert_eq!(collector.metric("weir_events_missing", "edge-1"), 0.0);
}

#[test]
fn an_id_used_twice_is_found_twice() {
    let place = Place::new();
    let collector = place.start();
    let same =
        |sequence| Event { request_id: RequestId::Text("order/47 11"), ..event(producer(1), sequence) };
    collector.deliver(&batch_of(producer(1), 1, &[same(1), same(2)]));
    collector.deliver(&batch_of(producer(1), 3, &[same(3), Event::new(Outcome::Aborted)]));
    let records = collector.get("/api/v1/requests/order%2F47%2011").json();
    let sequences: Vec<_> =
        records.as_array().unwrap().iter().map(|record| record["sequence"].clone()).collect();
    assert_eq!(sequences, [3, 2, 1], "the newest first");
    assert_eq!(collector.get("/api/v1/requests/order").status, 404);
}

#[test]
fn many_clients_at_once_are_all_counted() {
    let place = Place::new();
    let collector = place.start();
    std::thread::scope(|scope| {
        for client in 0..8 {
            let collector = &collector;
            scope.spawn(move || {
                for round in 0..10 {
                    assert_eq!(collector.deliver(&batch(producer(client), 1 + round * 50, 50)), (50, 0));
                    let bad = collector.post(&[JSON], br#"{"version":3,"instance":"#);
                    assert_eq!(bad.status, 400, "{bad:?}");
                }
            });
        }
    });
    assert_eq!(collector.metric("load_balancer_requests_total", ""), 4000.0);
    assert_eq!(collector.metric("weir_ingest_batches_total", "malformed"), 80.0);
    assert_eq!(collector.metric("weir_store_quarantined_batches", ""), 80.0);
    let pages = collector.get("/metrics").body;
    collector.stop();
    let again = place.start();
    let accounts = |page: &str| {
        let lines = page.lines().filter(|line| line.starts_with("load_balancer_"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(accounts(&again.get("/metrics").body), accounts(&pages), "nothing is lost by a restart");
}
