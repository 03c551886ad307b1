//! A disk that is full: nothing is acknowledged that is not kept, and it goes on when there is room again.

use std::path::{Path, PathBuf};
use std::process::Command;

use weir_wire::binary;

use crate::batches::{batch, producer};
use crate::client::BINARY;
use crate::harness::{BINARY_PATH, Collector, Place};

const BATCH: u64 = 2000;

/// Delivers until it no longer goes; how many batches were taken.
fn fill(collector: &Collector, from: u64) -> u64 {
    for at in from..from + 1000 {
        let body = binary::encode(&batch(producer(1), 1 + at * BATCH, BATCH));
        let response = collector.post(&[BINARY], &body);
        if response.status != 200 {
            assert_eq!(response.status, 503, "{response:?}");
            assert!(response.header("retry-after").is_some(), "{response:?}");
            response.problem();
            return at;
        }
    }
    panic!("the disk is not full after a thousand batches");
}

fn assert_holds(collector: &Collector, batches: u64) {
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let events = (batches * BATCH) as f64;
    assert_eq!(collector.metric("load_balancer_requests_total", ""), events);
    assert_eq!(collector.metric("weir_ingest_events_total", ""), events);
}

/// Runs the collector in a mount namespace of its own with a small disk at `disk`, which ends with it.
fn serve_on_small_disk(disk: &Path) -> Command {
    let script = format!(
        "mount -t tmpfs -o size=6m tmpfs '{disk}' && head -c 3000000 /dev/zero > '{disk}/filler' && \
         exec '{BINARY_PATH}' serve --listen 127.0.0.1:0 --database '{disk}/weir.db'",
        disk = disk.display()
    );
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &script]);
    command
}

#[test]
#[expect(clippy::print_stderr, reason = "says why the test was left out")]
fn a_full_disk_loses_nothing() {
    let place = Place::new();
    let disk = place.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let probe = format!("mount -t tmpfs -o size=1m tmpfs '{}'", disk.display());
    let can_mount = Command::new("unshare").args(["--mount", "sh", "-c", &probe]).status();
    if !can_mount.is_ok_and(|status| status.success()) {
        eprintln!("skipped: mounting a small disk needs root");
        return;
    }
    let collector = Collector::start(serve_on_small_disk(&disk));
    let taken = fill(&collector, 0);
    assert!(taken > 0);
    assert_holds(&collector, taken);
    let ready = collector.get("/readyz");
    assert_eq!(ready.status, 503, "{ready:?}");
    assert!(ready.problem()["detail"].as_str().unwrap().contains("disk is full"), "{ready:?}");
    // The disk as the collector sees it.
    let inside = PathBuf::from(format!("/proc/{}/root", collector.pid()));
    std::fs::remove_file(inside.join(disk.strip_prefix("/").unwrap()).join("filler")).unwrap();
    assert_eq!(collector.get("/readyz").status, 200, "{}", collector.log());
    assert_eq!(collector.deliver(&batch(producer(1), 1 + taken * BATCH, BATCH)), (BATCH, 0));
    let more = fill(&collector, taken + 1);
    assert!(more > taken);
    assert_holds(&collector, more);
}

/// Where no small disk can be had, a limit on the size of files comes near.
#[test]
fn a_file_that_may_not_grow_loses_nothing() {
    let place = Place::new();
    let serve = |limit: &str| {
        let script = format!(
            "trap '' XFSZ; ulimit -f {limit}; exec '{BINARY_PATH}' serve --listen 127.0.0.1:0 --database '{}'",
            place.database().display()
        );
        let mut command = Command::new("sh");
        command.args(["-c", &script]);
        Collector::start(command)
    };
    let collector = serve("4000");
    let taken = fill(&collector, 0);
    assert!(taken > 0);
    assert_holds(&collector, taken);
    assert_eq!(collector.get("/readyz").status, 503);
    collector.kill();
    let collector = serve("unlimited");
    let expected = (BATCH, 0);
    assert_eq!(collector.deliver(&batch(producer(1), 1 + taken * BATCH, BATCH)), expected);
    assert_eq!(collector.deliver(&batch(producer(1), 1, taken * BATCH)), (0, taken * BATCH));
    collector.stop();
    assert_eq!(place.ask("SELECT sum(requests) FROM totals"), i64::try_from((taken + 1) * BATCH).unwrap());
    assert_eq!(place.ask("SELECT sum(events) FROM blocks"), i64::try_from((taken + 1) * BATCH).unwrap());
}
