//! Connections: nobody holds one for ever, and nobody keeps others out.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::batches::{batch, producer};
use crate::client::read_response;
use crate::harness::{Collector, Place, wait_for};

const HALF: &str = "POST /api/v1/events HTTP/1.1\r\nhost: weir\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";

fn connect(collector: &Collector, start: &str) -> TcpStream {
    let mut stream = TcpStream::connect(collector.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(start.as_bytes()).unwrap();
    stream
}

/// How long `work` takes.
#[expect(clippy::disallowed_methods, reason = "a test's own stopwatch")]
fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

#[test]
fn idle_connections_give_way() {
    let place = Place::new();
    let collector =
        place.start_with("server: { limits: { max_connections: 40, max_connections_per_peer: 30 } }");
    let idle: Vec<_> = (0..100).map(|_| connect(&collector, "")).collect();
    let took = timed(|| {
        assert_eq!(collector.get("/healthz").status, 200);
        assert_eq!(collector.deliver(&batch(producer(1), 1, 3)), (3, 0));
    });
    assert!(took < Duration::from_secs(5), "{took:?}");
    // The oldest was closed, the newest still serves.
    let ends = |mut stream: &TcpStream| match stream.read(&mut [0; 1]) {
        Ok(read) => read == 0,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    };
    assert!(ends(&idle[0]));
    let mut newest = &idle[99];
    newest.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    assert_eq!(read_response(&mut newest.try_clone().unwrap()).unwrap().status, 200);
}

#[test]
fn when_all_are_busy_it_still_says_how_it_is() {
    let place = Place::new();
    let collector = place.start_with("server: { limits: { max_connections_per_peer: 4 } }");
    let mut busy = Vec::new();
    wait_for("all seats to be taken", || {
        // One whose head has not been read yet is idle, and may give way to the question.
        busy.push(connect(&collector, HALF));
        (collector.get("/metrics").status == 503).then_some(())
    });
    let refused = collector.get("/metrics");
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")), "{refused:?}");
    refused.problem();
    assert_eq!(collector.get("/healthz").status, 200);
    assert_eq!(collector.get("/readyz").status, 200);
    drop(busy);
    wait_for("a seat to be free", || (collector.get("/metrics").status == 200).then_some(()));
}

#[test]
fn who_does_not_take_the_answers_is_let_go() {
    let place = Place::new();
    let collector = place.start_with("server: { limits: { answer_timeout_seconds: 1 } }");
    let mut stream = connect(&collector, "");
    let ask = b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(100);
    let took = timed(|| {
        // Until nothing goes any more in either direction, and then until the connection is cut.
        let error = std::iter::repeat_with(|| stream.write_all(&ask)).find_map(Result::err).unwrap();
        let cut = [std::io::ErrorKind::BrokenPipe, std::io::ErrorKind::ConnectionReset];
        assert!(cut.contains(&error.kind()), "{error:?}");
    });
    assert!(took < Duration::from_secs(15), "{took:?}");
}

#[test]
fn what_is_half_sent_when_it_stops_is_cut() {
    let place = Place::new();
    let mut collector = place.start();
    let mut body = connect(&collector, HALF);
    let _head = connect(&collector, "GET /healthz HTTP/1.1\r\nhos");
    let _idle = connect(&collector, "");
    assert_eq!(collector.get("/healthz").status, 200);
    let took = timed(|| {
        collector.signal("-TERM");
        let response = read_response(&mut body).unwrap();
        assert_eq!((response.status, response.header("retry-after")), (503, Some("1")), "{response:?}");
        assert!(collector.wait().success(), "{}", collector.log());
    });
    assert!(took < Duration::from_secs(7), "{took:?}: {}", collector.log());
    assert!(!collector.log().contains("did not finish in time"), "{}", collector.log());
}
