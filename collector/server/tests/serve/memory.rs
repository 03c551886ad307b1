//! Memory stays within its bounds, whatever is sent.

use std::fmt::Write;

use weir_wire::{MAX_EVENTS, binary, json};

use crate::client::{BINARY, JSON, send};
use crate::harness::{Collector, Place};

const LARGEST: usize = 8 << 20;
const MOST_KIB: u64 = 300 << 10;

/// A batch that becomes as large as one can: as many events as may be, no two alike, in as little as that
/// takes.
fn largest(instance: u8) -> String {
    let list = |item: &dyn Fn(usize) -> String| (0..MAX_EVENTS).map(item).collect::<Vec<_>>().join(",");
    let mut text = format!(
        r#"{{"version":3,"instance":"{instance:032x}","epoch":1,"first_sequence":1,"sent_us":1,
        "strings":[{}],"targets":[{}],"results":[{{"outcome":"success"}}],"request_ids":[{}],
        "references":{{"target":[{}],"result":0}},"measures":{{"ended_us":1"#,
        list(&|at| format!("\"{at:x}\"")),
        list(&|at| format!(r#"{{"model":{at}}}"#)),
        list(&|at| format!("\"{at:x}\"")),
        list(&|at| at.to_string()),
    );
    let column = list(&|at| (at % 7).to_string());
    for measure in weir_wire::Measure::ALL.iter().map(|measure| measure.name()) {
        let more = format!(",\"{measure}\":[{column}]");
        if !["ended_us", "cost_nano_usd"].contains(&measure) && text.len() + more.len() + 2 < LARGEST {
            text.push_str(&more);
        }
    }
    text.push_str("}}");
    text
}

/// The most memory that the process has ever had, KiB.
fn peak(collector: &Collector) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", collector.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
#[expect(clippy::print_stdout, reason = "the figure is worth seeing")]
fn sixteen_hostile_bodies_at_once_fit() {
    let place = Place::new();
    let collector = place.start();
    let (good, mut bad, mut lists) = (largest(1), largest(2), largest(3));
    assert!((LARGEST / 2..=LARGEST).contains(&good.len()), "{}", good.len());
    let packed = binary::encode(&json::decode(largest(4).as_bytes()).unwrap());
    bad.pop();
    bad.push('x');
    lists.clear();
    write!(lists, r#"{{"version":3,"targets":[{}"#, "{},".repeat(LARGEST / 3 - 20)).unwrap();
    let bodies =
        [(JSON, good.as_bytes()), (JSON, bad.as_bytes()), (JSON, lists.as_bytes()), (BINARY, &packed)];
    let address = collector.address;
    let round = |method: &'static str, path: &'static str, clients: usize| {
        std::thread::scope(|scope| {
            for sender in 0..clients {
                let (kind, body) = bodies[sender % bodies.len()];
                let body = if method == "GET" { b"" } else { body };
                scope.spawn(move || {
                    // One that is too many is told so before it has sent all, and may fail to hear it.
                    let status = send(address, method, path, &[kind], body).map(|response| response.status);
                    assert!(
                        status.as_ref().map_or(true, |status| [200, 400, 503].contains(status)),
                        "{status:?}"
                    );
                });
            }
        });
    };
    round("POST", "/api/v1/events", 16);
    let ingest = peak(&collector);
    round("GET", "/api/v1/requests?limit=1000", 4);
    let both = peak(&collector);
    println!("at most {} MiB for ingest, {} MiB with reads", ingest >> 10, both >> 10);
    assert!(both < MOST_KIB, "{ingest} KiB, {both} KiB");
    assert!(collector.metric("load_balancer_requests_total", "") > 0.0);
}
