//! One child process: its log in a file, its end waited for, never left behind.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::clock;

/// A running child. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command`, with what it writes in `directory/NAME.log` (appended, so that a restart keeps it).
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(name: &'static str, command: &mut Command, directory: &Path) -> Result<Self> {
        let log = directory.join(format!("{name}.log"));
        let file = File::options().create(true).append(true).open(&log)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        // Ctrl-C is for whoever started it, who then ends it in order.
        command.process_group(0);
        end_with_parent(command);
        let child = command.spawn().with_context(|| format!("starting {name}: {command:?}"))?;
        Ok(Self { name, child, log })
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The memory that it holds now (its resident set), bytes.
    ///
    /// # Errors
    /// When it has ended.
    pub fn resident_bytes(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: u64 = line.context("no VmRSS")?.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib.saturating_mul(1024))
    }

    /// All that it has written so far.
    pub fn log(&self) -> String {
        std::fs::read(&self.log).map(|log| String::from_utf8_lossy(&log).into_owned()).unwrap_or_default()
    }

    /// The last lines that it has written, headed by its name: for failure messages.
    pub fn tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let last = lines.get(lines.len().saturating_sub(40)..).unwrap_or_default();
        format!("--- {} log ({}) ---\n{}\n", self.name, self.log.display(), last.join("\n"))
    }

    /// Asks it to end (SIGTERM) and waits.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn terminate(&mut self, patience: Duration) -> Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        self.ended(patience).await
    }

    /// Kills it (SIGKILL) and waits.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub async fn kill(&mut self) -> Result<ExitStatus> {
        self.signal(Signal::KILL)?;
        self.ended(Duration::from_secs(10)).await
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// When there is no such process any more.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("no process id")?;
        kill_process(pid, signal).with_context(|| format!("signalling {}", self.name))
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn ended(&mut self, patience: Duration) -> Result<ExitStatus> {
        let begun = clock::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if clock::since(begun) > patience {
                bail!("{} has not ended within {patience:?}\n{}", self.name, self.tail());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Whether it is still there.
    ///
    /// # Errors
    /// When it has ended: with its last words.
    pub fn must_run(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} has ended: {status}\n{}", self.name, self.tail()),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Either it has ended already, or this ends it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lets the kernel kill the child when the thread that starts it ends, however that ends: no test or demo
/// leaves anything running, even when it is killed itself.
#[expect(unsafe_code, reason = "what runs between fork and exec can only be given so")]
fn end_with_parent(command: &mut Command) {
    let at_start = || Ok(rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?);
    // SAFETY: one system call, which allocates nothing and takes no lock.
    unsafe { command.pre_exec(at_start) };
}

/// Asks again and again until there is an answer.
///
/// # Errors
/// When there is none in time, saying what was waited for; an error of `ask` ends the wait at once.
pub async fn until<T>(
    what: &str,
    patience: Duration,
    mut ask: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let begun = clock::now();
    loop {
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        if clock::since(begun) > patience {
            bail!("waited {patience:?} in vain for {what}");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
