//! Runs the collector in a directory of its own, and shows its log when a test fails.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tempfile::TempDir;
use weir_wire::{Batch, binary};

use crate::client::{self, BINARY, Response};

pub(crate) const BINARY_PATH: &str = env!("CARGO_BIN_EXE_weir");
const PATIENCE: Duration = Duration::from_secs(30);
const STEP: Duration = Duration::from_millis(10);

/// A running collector; killed when dropped.
pub(crate) struct Collector {
    child: Child,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
    pub(crate) address: SocketAddr,
}

/// A directory for one test.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path().join("weir.db")
    }

    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// `weir serve` on this place's database, to be changed and started.
    pub(crate) fn serve(&self) -> Command {
        self.serve_on("127.0.0.1:0")
    }

    pub(crate) fn serve_on(&self, address: &str) -> Command {
        let mut command = weir(["serve", "--listen", address, "--database"]);
        command.arg(self.database());
        command
    }

    pub(crate) fn start(&self) -> Collector {
        Collector::start(self.serve())
    }

    /// Starts with a configuration file.
    pub(crate) fn start_with(&self, configuration: &str) -> Collector {
        let file = self.file("weir.yaml", configuration);
        let mut command = self.serve();
        command.arg("--config").arg(file);
        Collector::start(command)
    }

    /// Asks the database itself.
    pub(crate) fn ask(&self, sql: &str) -> i64 {
        let connection = Connection::open(self.database()).unwrap();
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

/// The program, with nothing of the test's own environment that it would heed.
pub(crate) fn weir<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(BINARY_PATH);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("WEIR_")) {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs a program that is expected to end by itself with a failure; what it says.
pub(crate) fn fail(mut command: Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "it should have failed: {said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

/// Waits until `ready` gives something; polls, and gives up with `what`.
pub(crate) fn wait_for<T>(what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
    let mut waited = Duration::ZERO;
    loop {
        if let Some(value) = ready() {
            return value;
        }
        assert!(waited < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(STEP);
        waited += STEP;
    }
}

impl Collector {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (lines, sink) = (BufReader::new(child.stderr.take().unwrap()).lines(), Arc::clone(&log));
        let reader = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut log = sink.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        let mut collector = Self { child, log, reader: Some(reader), address: ([0, 0, 0, 0], 0).into() };
        collector.address = wait_for("the collector to listen", || {
            let log = collector.log();
            if let Some(rest) = log.split("listening url=http://").nth(1) {
                return rest.split([' ', '"']).next().and_then(|address| address.parse().ok());
            }
            assert!(collector.child.try_wait().unwrap().is_none(), "the collector ended: {log}");
            None
        });
        collector
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        client::send(self.address, "GET", path, &[], b"").unwrap()
    }

    pub(crate) fn post(&self, headers: &[(&str, &str)], body: &[u8]) -> Response {
        client::send(self.address, "POST", "/api/v1/events", headers, body).unwrap()
    }

    /// Delivers a batch that must be accepted; how many events were new, and how many were not.
    pub(crate) fn deliver(&self, batch: &Batch) -> (u64, u64) {
        let response = self.post(&[BINARY], &binary::encode(batch));
        assert_eq!(response.status, 200, "{response:?}");
        let answer = response.json();
        (answer["accepted"].as_u64().unwrap(), answer["duplicates"].as_u64().unwrap())
    }

    /// The sum of all samples of a family whose labels contain `labels`.
    pub(crate) fn metric(&self, family: &str, labels: &str) -> f64 {
        let page = self.get("/metrics").body;
        let of_family = page.lines().filter_map(|line| line.strip_prefix(family));
        let samples = of_family.filter(|rest| rest.starts_with(['{', ' ']) && rest.contains(labels));
        samples.map(|rest| rest.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
    }

    pub(crate) fn signal(&self, name: &str) {
        let killed = Command::new("kill").args([name, &self.pid().to_string()]).status().unwrap();
        assert!(killed.success());
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        let status = wait_for("the collector to end", || self.child.try_wait().unwrap());
        // What it said last is in the log only when its reader has come to the end.
        self.reader.take().map_or(Ok(()), JoinHandle::join).unwrap();
        status
    }

    /// Ends it as an orderly system does.
    pub(crate) fn stop(mut self) {
        self.signal("-TERM");
        assert!(self.wait().success(), "{}", self.log());
    }

    /// Ends it as a power cut does, as far as the process is concerned.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Collector {
    #[expect(clippy::print_stderr, reason = "the log belongs to the failure's report")]
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- the collector's log\n{}---", self.log());
        }
    }
}

/// An address of this machine that is not its loopback, if it has one; nothing is sent to find out.
#[expect(clippy::print_stderr, reason = "says why a part of the test was left out")]
pub(crate) fn outside_address() -> Option<std::net::IpAddr> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    let address =
        socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr()).ok().map(|local| local.ip());
    let address = address.filter(|address| !address.is_loopback() && !address.is_unspecified());
    if address.is_none() {
        eprintln!("skipped: this machine has no address but its loopback");
    }
    address
}
