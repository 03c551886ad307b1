//! What is not a batch is refused, said why, and kept to be looked at.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;
use weir_wire::{Batch, binary};

use crate::batches::{batch, producer};
use crate::client::{BINARY, JSON, is_timeout, read_response, send};
use crate::harness::Place;

fn good() -> Batch {
    batch(producer(1), 1, 3)
}

#[test]
fn each_refusal_has_its_status() {
    let place = Place::new();
    let collector = place.start_with("server: { limits: { max_body_bytes: 4 KiB } }");
    let check = |headers: &[(&str, &str)], body: &[u8], status: u16, detail: &str| {
        let response = collector.post(headers, body);
        assert_eq!(response.status, status, "{response:?}");
        let found = response.problem()["detail"].as_str().unwrap().to_owned();
        assert!(found.contains(detail), "{found:?} should say {detail:?}");
    };
    let encoded = binary::encode(&good());
    check(&[], &encoded, 415, "application/vnd.weir.batch and application/json are");
    check(&[("content-type", "text/plain")], &encoded, 415, "\"text/plain\" is not accepted");
    check(&[BINARY], b"", 400, "does not begin with");
    check(&[BINARY], b"not a batch at all", 400, "does not begin with");
    check(&[BINARY], &encoded[..encoded.len() - 1], 400, "checksum");
    check(&[JSON], b"{", 400, "not a batch in JSON");
    check(&[JSON], b"\xff\xfe", 400, "not a batch in JSON");
    let mut future = encoded.clone();
    future[4] = 99;
    check(&[BINARY], &future, 415, "version 99 is not supported: this collector accepts 2 and 3");
    check(&[JSON], br#"{"version":99}"#, 415, "version 99 is not supported");
    check(&[BINARY], &vec![0; 5000], 413, "4096 bytes of server.limits.max_body_bytes");
    assert_eq!(collector.metric("weir_ingest_batches_total", "malformed"), 5.0);
    assert_eq!(collector.metric("weir_ingest_batches_total", "too_large"), 1.0);
    assert_eq!(collector.metric("weir_ingest_batches_total", "unsupported"), 4.0);
    assert_eq!(collector.deliver(&good()), (3, 0), "and it goes on");
    collector.stop();
    assert_eq!(place.ask("SELECT count(*) FROM quarantine"), 6);
    assert_eq!(place.ask("SELECT body_bytes FROM quarantine WHERE reason = 'too_large'"), 5000);
    assert_eq!(
        place.ask("SELECT count(*) FROM quarantine WHERE body = CAST('not a batch at all' AS BLOB)"),
        1
    );
}

#[test]
fn the_field_at_fault_is_named() {
    let place = Place::new();
    let collector = place.start();
    let batch = json!({
        "version": 2, "instance": "00".repeat(16), "epoch": 1, "first_sequence": 1, "sent_us": 1,
        "results": [{ "outcome": "success" }], "targets": [{}], "request_ids": [null],
        "references": { "target": 1, "result": 0 }, "measures": { "ended_us": 1 },
    });
    let problem = collector.post(&[JSON], batch.to_string().as_bytes()).problem();
    assert_eq!(problem["errors"], json!([{ "field": "target", "detail": "1 is not below 1" }]));
}

#[test]
fn a_cost_that_nobody_stated_is_refused() {
    let place = Place::new();
    let collector = place.start();
    let check = |source: Option<&str>, cost: Option<u64>, status: u16| {
        let mut batch = json!({
            "version": 2, "instance": "00".repeat(16), "epoch": 1, "first_sequence": 1, "sent_us": 1,
            "results": [{ "outcome": "success" }], "targets": [{}], "request_ids": [null],
            "references": { "target": 0, "result": 0 }, "measures": { "ended_us": 1 },
        });
        if let Some(source) = source {
            batch["results"][0]["cost_source"] = source.into();
        }
        if let Some(cost) = cost {
            batch["measures"]["cost_nano_usd"] = cost.into();
        }
        let response = collector.post(&[JSON], batch.to_string().as_bytes());
        assert_eq!(response.status, status, "{response:?}");
        if status == 400 {
            let field = response.problem()["errors"][0]["field"].to_string();
            assert!(field.contains("cost_nano_usd"), "{field}");
        }
    };
    const MOST: u64 = 1_000_000_000_000_000;
    check(None, Some(5), 400);
    check(Some("header"), None, 400);
    check(Some("header"), Some(MOST + 1), 400);
    check(Some("header"), Some(MOST), 200);
    assert_eq!(collector.metric("load_balancer_total_cost_usd", ""), 1e6);
}

#[test]
fn what_is_refused_echoes_only_so_far() {
    let place = Place::new();
    let collector = place.start();
    let long = "ü".repeat(20_000);
    let unknown = json!({ "version": 2, &long: 1 }).to_string();
    for (kind, status) in [(JSON.1, 400), (long.as_str(), 415)] {
        let response = collector.post(&[("content-type", kind)], unknown.as_bytes());
        assert_eq!(response.status, status, "{}", response.head);
        assert!(response.body.len() < 1000, "{}", response.body);
        let problem = response.problem();
        assert!(problem["detail"].as_str().unwrap().len() <= 300, "{problem}");
    }
    let log = collector.log();
    assert!(log.contains("refused a batch") && log.lines().all(|line| line.len() < 600), "{log}");
    collector.stop();
    assert_eq!(place.ask("SELECT count(*) FROM quarantine"), 1);
    assert!(place.ask("SELECT max(length(CAST(detail AS BLOB))) FROM quarantine") <= 300);
}

/// A producer drops what is answered with 400, and of a body that is not whole nothing is kept.
#[test]
fn a_body_that_breaks_off_is_asked_for_again() {
    let place = Place::new();
    let collector = place.start();
    let head = "POST /api/v1/events HTTP/1.1\r\nhost: weir\r\ncontent-type: application/json\r\n";
    for rest in [
        "content-length: 100\r\n\r\n{\"version\":2",
        "transfer-encoding: chunked\r\n\r\n5\r\n{}   \r\nzz\r\n",
    ] {
        let mut stream = TcpStream::connect(collector.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(format!("{head}{rest}").as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let response = read_response(&mut stream).unwrap();
        assert_eq!(response.status, 408, "{rest}: {response:?}");
        assert_eq!(response.problem()["type"], "urn:weir:problem:incomplete-body");
    }
    assert_eq!(collector.metric("weir_ingest_batches_total", "incomplete"), 2.0);
    assert_eq!(collector.metric("weir_store_quarantined_batches", ""), 0.0);
}

#[test]
fn a_body_without_a_length_is_bounded_too() {
    let place = Place::new();
    let collector = place.start_with("server: { limits: { max_body_bytes: 4 KiB } }");
    let chunked = [BINARY, ("transfer-encoding", "chunked")];
    let mut body = Vec::new();
    for _ in 0..8 {
        write!(body, "400\r\n{}\r\n", "x".repeat(1024)).unwrap();
    }
    body.extend_from_slice(b"0\r\n\r\n");
    let response = send(collector.address, "POST", "/api/v1/events", &chunked, &body).unwrap();
    assert_eq!(response.status, 413, "{response:?}");
    let encoded = binary::encode(&good());
    let mut body = format!("{:x}\r\n", encoded.len()).into_bytes();
    body.extend_from_slice(&encoded);
    body.extend_from_slice(b"\r\n0\r\n\r\n");
    let response = send(collector.address, "POST", "/api/v1/events", &chunked, &body).unwrap();
    assert_eq!(response.status, 200, "{response:?}");
}

#[test]
fn the_quarantine_is_bounded() {
    let place = Place::new();
    let collector =
        place.start_with("server: { limits: { quarantine_batches: 3, quarantine_body_bytes: 8 } }");
    for number in 0..10 {
        assert_eq!(collector.post(&[BINARY], format!("bad batch {number}").as_bytes()).status, 400);
    }
    assert_eq!(collector.metric("weir_store_quarantined_batches", ""), 3.0);
    collector.stop();
    assert_eq!(place.ask("SELECT count(*) FROM quarantine"), 3);
    assert_eq!(place.ask("SELECT max(length(body)) FROM quarantine"), 8);
    assert_eq!(place.ask("SELECT max(body_bytes) FROM quarantine"), 11);
}

#[test]
fn paths_and_methods_are_told_apart() {
    let place = Place::new();
    let collector = place.start();
    let check = |method: &str, path: &str, status: u16, allow: Option<&str>| {
        let response = send(collector.address, method, path, &[], b"").unwrap();
        assert_eq!(response.status, status, "{method} {path}: {response:?}");
        response.problem();
        assert_eq!(response.header("allow"), allow, "{method} {path}");
    };
    check("GET", "/nothing", 404, None);
    check("GET", "/api/v1/requests/", 404, None);
    check("GET", "/api/v1/events", 405, Some("POST"));
    check("POST", "/metrics", 405, Some("GET,HEAD"));
    check("DELETE", "/api/v1/requests/x", 405, Some("GET,HEAD"));
}

#[test]
fn a_slow_client_is_let_go() {
    let place = Place::new();
    let collector =
        place.start_with("server: { limits: { header_timeout_seconds: 1, body_timeout_seconds: 1 } }");
    let connect = |start: &str| {
        let mut stream = TcpStream::connect(collector.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(start.as_bytes()).unwrap();
        stream
    };
    let head = "POST /api/v1/events HTTP/1.1\r\nhost: weir\r\nconnection: close\r\ncontent-type: application/json\r\n";
    let mut slow_head = connect(head);
    let mut idle = connect("");
    let mut slow_body = connect(&format!("{head}content-length: 10\r\n\r\n{{"));
    let response = read_response(&mut slow_body).unwrap();
    assert_eq!(response.status, 408, "{response:?}");
    // Closed, with or without a word.
    for stream in [&mut slow_head, &mut idle] {
        match read_response(stream) {
            Ok(response) => assert_eq!(response.status, 408),
            Err(error) => assert!(!is_timeout(&error), "still open: {error:?}"),
        }
    }
    assert_eq!(collector.deliver(&good()), (3, 0));
}

#[test]
fn a_huge_head_is_refused() {
    let place = Place::new();
    let collector = place.start();
    let huge = "x".repeat(1 << 20);
    let response = send(collector.address, "GET", "/metrics", &[("x-huge", &huge)], b"");
    match response {
        Ok(response) => assert_eq!(response.status, 431),
        Err(error) => assert!(!is_timeout(&error), "{error:?}"),
    }
    assert_eq!(collector.get("/healthz").status, 200);
}
