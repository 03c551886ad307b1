//! Databases that cannot be used: each is named, with what to do, and left as it is.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;
use weir_wire::binary;

use crate::batches::{batch, producer};
use crate::client::BINARY;
use crate::harness::{BINARY_PATH, Collector, Place, fail, weir};

const NOBODY: u32 = 65_534;

fn check(command: Command, expected: &[&str]) {
    let said = fail(command);
    for part in expected {
        assert!(said.contains(part), "{said:?} should say {part:?}");
    }
}

#[test]
fn a_file_of_another_kind() {
    for content in ["short", "This is a letter to my aunt, and no database at all."] {
        let place = Place::new();
        let file = place.file("weir.db", content);
        check(place.serve(), &["weir.db is not a database", "storage.url"]);
        assert_eq!(std::fs::read_to_string(file).unwrap(), content, "it is left alone");
    }
}

#[test]
fn a_database_of_another_program() {
    let place = Place::new();
    Connection::open(place.database()).unwrap().execute_batch("CREATE TABLE recipes (x)").unwrap();
    check(place.serve(), &["of another program", "recipes", "storage.url"]);
    assert_eq!(place.ask("SELECT count(*) FROM sqlite_schema"), 1, "it is left alone");
}

#[test]
fn a_database_of_a_newer_version() {
    let place = Place::new();
    place.start().stop();
    Connection::open(place.database()).unwrap().pragma_update(None, "user_version", 99).unwrap();
    check(place.serve(), &["schema version 99", "knows up to 2", "newer weir"]);
}

#[test]
fn a_path_that_is_no_file() {
    let place = Place::new();
    let mut command = weir(["serve", "--listen", "127.0.0.1:0", "--database"]);
    command.arg(place.path());
    check(command, &["is a directory"]);
    let mut command = weir(["serve", "--listen", "127.0.0.1:0", "--database"]);
    command.arg(place.path().join("nowhere").join("weir.db"));
    check(command, &["nowhere of the database does not exist", "create it"]);
}

#[test]
fn a_path_that_is_a_pipe() {
    let place = Place::new();
    assert!(Command::new("mkfifo").arg(place.database()).status().unwrap().success());
    check(place.serve(), &["weir.db is not a file", "storage.url"]);
}

#[test]
fn a_version_that_no_weir_has_written() {
    for version in [-1, 0, i32::MIN] {
        let place = Place::new();
        place.start().stop();
        Connection::open(place.database()).unwrap().pragma_update(None, "user_version", version).unwrap();
        let said = fail(place.serve());
        assert!(said.contains("is not a Weir database or damaged"), "{said}");
        assert!(said.contains(&format!("version is {version}")) && !said.contains("CREATE"), "{said}");
    }
}

#[test]
fn a_database_whose_tables_are_gone() {
    let place = Place::new();
    place.start().stop();
    Connection::open(place.database()).unwrap().execute_batch("DROP TABLE totals").unwrap();
    let said = fail(place.serve());
    assert!(said.contains("is not a Weir database or damaged (no such table: totals)"), "{said}");
    assert!(!said.contains("SELECT"), "{said}");
}

#[test]
fn a_database_that_another_collector_uses() {
    let place = Place::new();
    let collector = place.start();
    let holder = format!("in use by another weir (process {})", collector.pid());
    check(place.serve(), &[&holder, "stop that one"]);
    collector.stop();
    place.start().stop();
}

fn serve_at(path: &Path) -> Command {
    let mut command = weir(["serve", "--listen", "127.0.0.1:0", "--database"]);
    command.arg(path);
    command
}

#[test]
fn a_database_that_another_collector_uses_under_another_name() {
    let (place, elsewhere) = (Place::new(), Place::new());
    let collector = place.start();
    assert_eq!(collector.deliver(&batch(producer(1), 1, 5)), (5, 0));
    let (soft, hard) = (elsewhere.path().join("soft.db"), place.path().join("hard.db"));
    std::os::unix::fs::symlink(place.database(), &soft).unwrap();
    std::fs::hard_link(place.database(), &hard).unwrap();
    let holder = format!("in use by another weir (process {})", collector.pid());
    for path in [&soft, &hard] {
        check(serve_at(path), &[&holder]);
    }
    // That others looked did not take SQLite's own locks away.
    let other = Connection::open(place.database()).unwrap();
    other.pragma_update(None, "locking_mode", "EXCLUSIVE").unwrap();
    other.execute_batch("BEGIN IMMEDIATE; UPDATE totals SET requests = requests; COMMIT").unwrap_err();
    drop(other);
    assert_eq!(collector.deliver(&batch(producer(1), 6, 5)), (5, 0));
    // A power cut leaves the log beside the first name.
    collector.kill();
    check(serve_at(&hard), &["has 2 names", "storage.url"]);
    std::fs::remove_file(hard).unwrap();
    let collector = Collector::start(serve_at(&soft));
    assert_eq!(collector.metric("load_balancer_requests_total", ""), 10.0);
    assert!(collector.metric("weir_store_wal_bytes", "") > 0.0, "the log is looked for beside the file");
}

#[test]
fn a_link_to_a_database_that_is_not_there_yet() {
    let (place, elsewhere) = (Place::new(), Place::new());
    let soft = elsewhere.path().join("soft.db");
    std::os::unix::fs::symlink(place.database(), &soft).unwrap();
    let collector = Collector::start(serve_at(&soft));
    check(place.serve(), &["in use by another weir"]);
    collector.stop();
    place.start().stop();
}

#[test]
fn a_database_that_another_program_holds() {
    let place = Place::new();
    place.start().stop();
    let other = Connection::open(place.database()).unwrap();
    other.pragma_update(None, "locking_mode", "EXCLUSIVE").unwrap();
    other.execute_batch("BEGIN IMMEDIATE; UPDATE totals SET requests = requests; COMMIT").unwrap();
    check(place.serve(), &["is locked by another program"]);
}

/// As a user who may not write, since for root permissions do not count.
fn serve_as_nobody(place: &Place) -> Command {
    let program = place.path().join("weir");
    std::fs::copy(BINARY_PATH, &program).unwrap();
    let mut command = Command::new(program);
    command.args(["serve", "--listen", "127.0.0.1:0", "--database"]).arg(place.database());
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout.trim_ascii() == b"0"
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_database_that_can_only_be_read() {
    let place = Place::new();
    place.start().stop();
    set_mode(place.path(), 0o777);
    set_mode(&place.database(), 0o444);
    check(serve_as_nobody(&place), &["cannot write to", "weir.db", "mend their permissions"]);
}

#[test]
fn a_directory_that_can_only_be_read() {
    let place = Place::new();
    let command = serve_as_nobody(&place);
    set_mode(place.path(), 0o555);
    check(command, &["cannot write to", "weir.db", "the directory it is in"]);
    set_mode(place.path(), 0o755);
    place.start().stop();
    let command = serve_as_nobody(&place);
    set_mode(&place.database(), 0o666);
    set_mode(place.path(), 0o555);
    check(command, &["cannot write to", "weir.db", "the directory it is in"]);
    set_mode(place.path(), 0o755);
}

#[test]
fn a_database_that_is_damaged() {
    let place = Place::new();
    let collector = place.start();
    collector.deliver(&batch(producer(1), 1, 500));
    collector.stop();
    let mut bytes = std::fs::read(place.database()).unwrap();
    for byte in bytes.iter_mut().skip(4096) {
        *byte = 0xa5;
    }
    std::fs::write(place.database(), bytes).unwrap();
    check(place.serve(), &["is damaged", "restore a backup"]);
}

#[test]
fn a_database_that_is_locked_for_a_while() {
    let place = Place::new();
    let collector = place.start();
    assert_eq!(collector.deliver(&batch(producer(1), 1, 5)), (5, 0));
    let other = Connection::open(place.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let response = collector.post(&[BINARY], &binary::encode(&batch(producer(1), 6, 5)));
    assert_eq!(response.status, 503, "{response:?}");
    assert!(response.header("retry-after").is_some());
    assert!(response.problem()["detail"].as_str().unwrap().contains("locked by another program"));
    let ready = collector.get("/readyz");
    assert_eq!(ready.status, 503, "{ready:?}");
    assert_eq!(collector.get("/healthz").status, 200);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(collector.get("/readyz").status, 200, "it finds out by itself");
    assert_eq!(collector.deliver(&batch(producer(1), 6, 5)), (5, 0));
    assert_eq!(collector.metric("load_balancer_requests_total", ""), 10.0);
}
