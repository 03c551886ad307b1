//! A database of an earlier schema is brought to this one's, with all that it holds.

use rusqlite::Connection;

use crate::batches::{producer, summary};
use crate::client::BINARY;
use crate::harness::Place;

/// A database as version 1 left it, in SQL: three events, and a batch in quarantine.
const VERSION_1: &str = include_str!("fixtures/version_1.sql");
/// The batch that was delivered to it.
const DELIVERED: &[u8] = include_bytes!("../../../../wire/tests/golden/v2.weir");

/// Everything of the schema, in the order of names.
fn schema(place: &Place) -> Vec<(String, String)> {
    let connection = Connection::open(place.database()).unwrap();
    let mut rows = connection
        .prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
        .unwrap();
    rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_database_of_version_1_is_upgraded_with_all_that_it_holds() {
    let fresh = Place::new();
    fresh.start().stop();
    let place = Place::new();
    Connection::open(place.database()).unwrap().execute_batch(VERSION_1).unwrap();
    assert_eq!(place.ask("PRAGMA user_version"), 1);
    let collector = place.start();
    assert_eq!(collector.metric("load_balancer_requests_total", ""), 3.0);
    assert_eq!(collector.metric("load_balancer_total_cost_usd", ""), 1_000_000.002_000_001);
    assert_eq!(collector.metric("weir_events_missing", "edge-1"), 41.0);
    assert_eq!(collector.metric("weir_events_summarised_total", "edge-1"), 0.0);
    assert_eq!(collector.metric("weir_store_quarantined_batches", ""), 1.0);
    let found = collector.get("/api/v1/requests/order-4711").json();
    assert_eq!(found[0]["sequence"], 43);
    let found = collector.get("/api/v1/requests/7d444840-9dc0-41d1-b245-5ffdce74fad2").json();
    let expected = serde_json::json!({ "dimension_1": "eu", "dimension_4": "batch" });
    assert_eq!(found[0]["dimensions"], expected, "that version had no names for them");
    let again = collector.post(&[BINARY], DELIVERED);
    assert_eq!(again.body, r#"{"accepted":0,"duplicates":3}"#);
    assert_eq!(collector.deliver(&summary(producer(1), &[(1, 9)])), (9, 0));
    collector.stop();
    assert_eq!(schema(&place), schema(&fresh));
    for pragma in ["application_id", "user_version", "auto_vacuum"] {
        let ask = |place: &Place| place.ask(&format!("PRAGMA {pragma}"));
        assert_eq!(ask(&place), ask(&fresh), "{pragma}");
    }
}
