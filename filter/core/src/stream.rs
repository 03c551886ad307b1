//! One HTTP stream: what is noted while it passes, and its event at the end.
//!
//! Callbacks note times and scan the body; everything else is read in [`Stream::log`], which every stream
//! reaches exactly once whatever its end, and perhaps with no callback before it.

use crate::config::Config;
use crate::host::Host;
use crate::observe;
use crate::record::{Noted, Record};
use crate::usage::BodyScanner;
use crate::vm::Vm;

/// How much of a chunk is looked at in one go.
const SLICE: usize = 32 * 1024;

/// One stream.
#[derive(Debug, Default)]
pub struct Stream {
    noted: Noted,
    scanner: Option<Box<BodyScanner>>,
    logged: bool,
}

impl Stream {
    /// A stream of which nothing has been seen.
    pub fn new() -> Self {
        Self::default()
    }

    /// The response's headers have come.
    pub fn on_response_headers(&mut self, host: &impl Host, config: &Config) {
        if !config.enabled {
            return;
        }
        self.noted.headers_ns = Some(host.monotonic_ns());
        let headers = host.response_headers();
        let header = |name| observe::header(&headers, name);
        let scanner = BodyScanner::new(header("content-type"), header("content-encoding"));
        self.noted.streamed = Some(scanner.as_ref().is_some_and(BodyScanner::is_stream));
        self.scanner = scanner.filter(|_| config.scan_usage).map(Box::new);
    }

    /// A chunk of the response's body is at hand, `size` bytes long.
    pub fn on_response_body(&mut self, host: &impl Host, size: usize) {
        if self.noted.streamed != Some(true) && self.scanner.is_none() {
            return;
        }
        let now = host.monotonic_ns();
        if size > 0 {
            if let Some(before) = self.noted.chunk_ns {
                let gap = now.saturating_sub(before);
                self.noted.longest_gap_ns =
                    Some(self.noted.longest_gap_ns.map_or(gap, |longest| longest.max(gap)));
            }
            self.noted.chunk_ns = Some(now);
        }
        let Some(scanner) = &mut self.scanner else { return };
        let mut start = 0;
        while start < size {
            let wanted = size.saturating_sub(start).min(SLICE);
            let Some(bytes) = host.response_body(start, wanted).filter(|bytes| !bytes.is_empty()) else {
                break;
            };
            scanner.feed(&bytes);
            start = start.saturating_add(bytes.len());
        }
        if self.noted.content_ns.is_none() && scanner.has_content() {
            self.noted.content_ns = Some(now);
        }
    }

    /// The stream is over: makes its event and hands it to `vm`. A second call does nothing.
    pub fn log(&mut self, host: &impl Host, config: &Config, vm: &mut Vm) {
        if self.logged || !config.enabled {
            return;
        }
        self.logged = true;
        let counts = self.scanner.take().map(|mut scanner| {
            scanner.finish();
            scanner
        });
        let counts = counts.as_deref().map(BodyScanner::counts);
        Record::read(host, config, &self.noted, counts).hand_to(host, vm);
    }
}

#[cfg(test)]
mod tests;
