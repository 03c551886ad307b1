//! What was acknowledged is kept, whatever happens to the process.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use weir_wire::{Batch, binary};

use crate::batches::{batch, id_text, producer, summary};
use crate::client::{BINARY, read_response, send};
use crate::harness::{Place, wait_for};

const BATCH: u64 = 40;

/// Detail, summaries, totals and ledger agree.
fn assert_reconciled(place: &Place, detailed: u64, summarised: u64) {
    let [detailed, summarised] = [detailed, summarised].map(|events| i64::try_from(events).unwrap());
    assert_eq!(place.ask("SELECT coalesce(sum(events), 0) FROM blocks"), detailed);
    assert_eq!(place.ask("SELECT count(*) FROM request_index"), detailed);
    assert_eq!(place.ask("SELECT coalesce(sum(requests), 0) FROM summaries"), summarised);
    assert_eq!(place.ask("SELECT coalesce(sum(summarised), 0) FROM producers"), summarised);
    assert_eq!(place.ask("SELECT coalesce(sum(requests), 0) FROM totals"), detailed + summarised);
}

/// What client `client` sends as its batch `number`: its detail, or every third time only a summary.
fn nth(client: usize, number: u64) -> Batch {
    let (producer, first) = (producer(u8::try_from(client).unwrap()), 1 + number * BATCH);
    if is_summary(number) { summary(producer, &[(first, BATCH)]) } else { batch(producer, first, BATCH) }
}

fn is_summary(number: u64) -> bool {
    number % 3 == 2
}

#[test]
fn killed_at_any_time_it_keeps_what_it_acknowledged() {
    let place = Place::new();
    // How many batches of each client were acknowledged.
    let acknowledged: [AtomicU64; 4] = Default::default();
    for round in 1..=5u64 {
        let collector = place.start();
        let address = collector.address;
        std::thread::scope(|scope| {
            for (client, done) in acknowledged.iter().enumerate() {
                scope.spawn(move || {
                    loop {
                        let next = done.load(Ordering::SeqCst);
                        let body = binary::encode(&nth(client, next));
                        match send(address, "POST", "/api/v1/events", &[BINARY], &body) {
                            Ok(response) if response.status == 200 => done.fetch_add(1, Ordering::SeqCst),
                            _ => return,
                        };
                    }
                });
            }
            let target = round * 60;
            wait_for("deliveries", || {
                let sum: u64 = acknowledged.iter().map(|done| done.load(Ordering::SeqCst)).sum();
                (sum >= target).then_some(())
            });
            collector.kill();
        });
        let collector = place.start();
        for (client, done) in acknowledged.iter().enumerate() {
            let (producer, done) = (producer(u8::try_from(client).unwrap()), done.load(Ordering::SeqCst));
            // The one that was under way may have been committed, or not: whole or not at all.
            let (accepted, duplicates) = collector.deliver(&nth(client, done));
            assert!([(BATCH, 0), (0, BATCH)].contains(&(accepted, duplicates)), "{accepted} {duplicates}");
            acknowledged[client].fetch_add(1, Ordering::SeqCst);
            assert_eq!(collector.deliver(&batch(producer, 1, (done + 1) * BATCH)), (0, (done + 1) * BATCH));
        }
        let numbers = || acknowledged.iter().flat_map(|done| 0..done.load(Ordering::SeqCst));
        let summarised = BATCH * numbers().filter(|number| is_summary(*number)).count() as u64;
        let events = BATCH * numbers().count() as u64;
        let cost: u64 = acknowledged
            .iter()
            .flat_map(|done| 1..=done.load(Ordering::SeqCst) * BATCH)
            .filter(|sequence| sequence % 3 != 0)
            .sum();
        let page = collector.get("/metrics").body;
        let requests: u64 = sum(&page, "load_balancer_requests_total{", |value| value.parse().unwrap());
        assert_eq!(requests, events);
        let nano = |value: &str| {
            let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
            format!("{whole}{fraction:0<9}").parse().unwrap()
        };
        assert_eq!(sum(&page, "load_balancer_total_cost_usd{", nano), cost);
        collector.kill();
        assert_eq!(sum(&page, "weir_events_summarised_total{", |value| value.parse().unwrap()), summarised);
        assert_reconciled(&place, events - summarised, summarised);
    }
}

fn sum(page: &str, family: &str, value: impl Fn(&str) -> u64) -> u64 {
    page.lines()
        .filter(|line| line.starts_with(family))
        .map(|line| value(line.rsplit(' ').next().unwrap()))
        .sum()
}

#[test]
fn asked_to_stop_it_finishes_what_it_is_at() {
    for signal in ["-TERM", "-INT"] {
        let place = Place::new();
        let mut collector = place.start();
        let body = binary::encode(&batch(producer(1), 1, 9));
        let mut stream = TcpStream::connect(collector.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let head = format!(
            "POST /api/v1/events HTTP/1.1\r\nhost: weir\r\n{}: {}\r\ncontent-length: {}\r\n\r\n",
            BINARY.0,
            BINARY.1,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body[..10]).unwrap();
        // Another request tells that the server has seen the first one's connection.
        assert_eq!(collector.get("/healthz").status, 200);
        collector.signal(signal);
        wait_for("the collector to stop listening", || {
            TcpStream::connect(collector.address).is_err().then_some(())
        });
        stream.write_all(&body[10..]).unwrap();
        let response = read_response(&mut stream).unwrap();
        assert_eq!((response.status, response.body.as_str()), (200, r#"{"accepted":9,"duplicates":0}"#));
        assert_eq!(collector.wait().code(), Some(0), "{}", collector.log());
        assert_reconciled(&place, 9, 0);
        let wal = place.path().join("weir.db-wal");
        assert!(std::fs::metadata(wal).map_or(0, |wal| wal.len()) == 0, "the WAL was put away");
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let place = Place::new();
    let mut collector = place.start();
    let mut stream = TcpStream::connect(collector.address).unwrap();
    stream.write_all(b"POST /api/v1/events HTTP/1.1\r\nhost: weir\r\ncontent-type: application/json\r\ncontent-length: 5\r\n\r\n").unwrap();
    assert_eq!(collector.get("/healthz").status, 200);
    collector.signal("-TERM");
    wait_for("the first signal to be seen", || collector.log().contains("stopping").then_some(()));
    collector.signal("-TERM");
    let status = collector.wait();
    assert!(!status.success(), "{status:?}");
    assert!(collector.log().contains("a second SIGTERM"), "{}", collector.log());
}

#[test]
fn events_are_found_after_a_kill() {
    let place = Place::new();
    let collector = place.start();
    collector.deliver(&batch(producer(3), 1, 5));
    collector.kill();
    let collector = place.start();
    let response = collector.get(&format!("/api/v1/requests/{}", id_text(producer(3), 4)));
    assert_eq!(response.status, 200, "{response:?}");
}
