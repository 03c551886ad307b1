//! What came without its detail counts once, as detail does, and never beside it.

use weir_wire::{binary, json};

use crate::batches::{batch, id_text, producer, summary};
use crate::client::{BINARY, JSON};
use crate::harness::{Collector, Place};

/// The page's families of requests and money.
fn sums(collector: &Collector) -> Vec<String> {
    let page = collector.get("/metrics").body;
    let lines = page.lines().filter(|line| line.starts_with("load_balancer_"));
    lines.map(str::to_owned).collect()
}

#[test]
fn a_summary_adds_up_to_what_its_events_do() {
    let place = Place::new();
    let collector = place.start();
    assert_eq!(collector.deliver(&batch(producer(1), 1, 50)), (50, 0));
    let detailed = sums(&collector);
    let other_place = Place::new();
    let other = other_place.start();
    assert_eq!(other.deliver(&batch(producer(1), 1, 20)), (20, 0));
    assert_eq!(other.deliver(&summary(producer(1), &[(21, 10), (36, 15)])), (25, 0));
    assert_eq!(other.metric("weir_events_missing", "edge-1"), 5.0);
    assert_eq!(other.deliver(&summary(producer(1), &[(31, 5)])), (5, 0));
    assert_eq!(sums(&other), detailed);
    assert_eq!(other.metric("weir_events_missing", "edge-1"), 0.0);
    assert_eq!(other.metric("weir_events_summarised_total", "edge-1"), 30.0);
    assert_eq!(collector.metric("weir_events_summarised_total", "edge-1"), 0.0);
    assert_eq!(other.get(&format!("/api/v1/requests/{}", id_text(producer(1), 20))).status, 200);
    assert_eq!(other.get(&format!("/api/v1/requests/{}", id_text(producer(1), 21))).status, 404);
    other.stop();
    let again = other_place.start();
    assert_eq!(sums(&again), detailed, "nothing is lost by a restart");
    assert_eq!(again.metric("weir_events_summarised_total", "edge-1"), 30.0);
}

#[test]
fn a_summary_counts_once_in_either_form() {
    let place = Place::new();
    let collector = place.start();
    let sent = summary(producer(1), &[(3, 4), (9, 2)]);
    for (round, expected) in [(0, (6, 0)), (1, (0, 6))] {
        assert_eq!(collector.deliver(&sent), expected, "{round}");
        let response = collector.post(&[JSON], json::encode(&sent).as_bytes());
        assert_eq!((response.status, response.body.as_str()), (200, r#"{"accepted":0,"duplicates":6}"#));
        assert_eq!(response.header("x-weir-committed"), Some("10"));
    }
    assert_eq!(collector.metric("load_balancer_requests_total", ""), 6.0);
    assert_eq!(collector.metric("weir_events_missing", ""), 4.0);
    collector.stop();
    assert_eq!(place.ask("SELECT count(*) FROM summaries"), 1);
    assert_eq!(place.ask("SELECT min_start_s FROM summaries"), 1_789_999_980);
    assert_eq!(place.ask("SELECT max_end_s FROM summaries"), 1_790_000_040);
}

#[test]
fn what_a_summary_stands_for_is_no_longer_taken_as_detail() {
    let place = Place::new();
    let collector = place.start();
    assert_eq!(collector.deliver(&summary(producer(1), &[(5, 10)])), (10, 0));
    assert_eq!(collector.deliver(&batch(producer(1), 1, 20)), (10, 10));
    assert_eq!(collector.metric("load_balancer_requests_total", ""), 20.0);
    assert_eq!(collector.metric("weir_events_missing", ""), 0.0);
    assert_eq!(collector.deliver(&summary(producer(1), &[(1, 20)])), (0, 20), "all of it is there");
    assert_eq!(collector.deliver(&summary(producer(2), &[(1, 20)])), (20, 0), "another producer's numbers");
}

#[test]
fn a_summary_that_is_new_in_part_is_refused_whole() {
    let place = Place::new();
    let collector = place.start();
    assert_eq!(collector.deliver(&batch(producer(1), 1, 10)), (10, 0));
    let before = sums(&collector);
    for ranges in [&[(10, 5)][..], &[(1, 3), (20, 5)]] {
        let response = collector.post(&[BINARY], &binary::encode(&summary(producer(1), ranges)));
        assert_eq!(response.status, 400, "{response:?}");
        assert_eq!(response.problem()["errors"][0]["field"], "summary.ranges", "{response:?}");
    }
    assert_eq!(sums(&collector), before);
    assert_eq!(collector.metric("weir_events_summarised_total", ""), 0.0);
    assert_eq!(collector.metric("weir_events_missing", ""), 14.0, "they are known to be missing");
    assert_eq!(collector.metric("weir_ingest_batches_total", "conflicting"), 2.0);
    assert_eq!(collector.metric("weir_store_quarantined_batches", ""), 2.0);
    assert!(collector.log().contains("conflicting"), "{}", collector.log());
    assert_eq!(collector.deliver(&batch(producer(1), 11, 14)), (14, 0), "its events may still come");
}
