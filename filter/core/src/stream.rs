//! One HTTP stream: what is noted while it passes, and its event at the end.
//!
//! Callbacks note times, read the response's headers and scan the body; everything else is read in
//! [`Stream::log`], which every stream reaches exactly once whatever its end, and perhaps with no callback
//! before it.

use crate::attributes;
use crate::config::Config;
use crate::head::{Head, Lookup};
use crate::host::Host;
use crate::record::{Names, Noted, Sources};
use crate::usage::BodyScanner;
use crate::vm::Vm;

/// How much of a chunk is looked at in one go.
const SLICE: usize = 32 * 1024;

/// The status of a connection that speaks another protocol from here on.
const SWITCHING_PROTOCOLS: u16 = 101;

/// A configuration, ready for use by streams.
#[derive(Debug)]
pub struct Active {
    pub(crate) config: Config,
    pub(crate) lookup: Lookup,
    pub(crate) reader: attributes::Reader,
}

impl Active {
    /// Prepares `config`.
    pub fn new(config: Config) -> Self {
        let lookup = Lookup::new(&config.headers);
        let reader = attributes::Reader::new(&config);
        Self { config, lookup, reader }
    }
}

/// One stream.
#[derive(Debug)]
pub struct Stream {
    /// The root whose configuration was in force when it began.
    root: u32,
    noted: Noted,
    head: Option<Head>,
    scanner: Option<Box<BodyScanner>>,
    /// Whether the response has come to its end.
    complete: bool,
    logged: bool,
}

impl Stream {
    /// A stream of which nothing has been seen.
    pub fn new(root: u32, now_ns: u64) -> Self {
        Self {
            root,
            noted: Noted { started_ns: now_ns, ..Noted::default() },
            head: None,
            scanner: None,
            complete: false,
            logged: false,
        }
    }

    /// The root that it belongs to.
    pub fn root(&self) -> u32 {
        self.root
    }

    /// The response's headers have come; `end` tells that nothing follows.
    pub fn on_response_headers(&mut self, host: &impl Host, active: &Active, vm: &mut Vm, end: bool) {
        self.complete = end;
        self.noted.headers_ns = Some(host.monotonic_ns());
        let (head, framed) = Head::read(host.response_headers(), &active.lookup);
        let scan = active.config.usage.enabled && head.status != Some(SWITCHING_PROTOCOLS);
        self.head = Some(head);
        self.end_scan(vm);
        let scanner = BodyScanner::new(framed.content_type, framed.content_encoding).filter(|_| scan);
        self.noted.streamed = is_event_stream(framed.content_type);
        if let Some(mut scanner) = scanner.filter(|scanner| vm.begin_scan(scanner.memory(), &active.config)) {
            scanner.note_bedrock_headers(framed.bedrock_counts);
            self.noted.streamed |= scanner.is_stream();
            self.scanner = Some(Box::new(scanner));
        }
    }

    /// A chunk of the response's body is at hand, `size` bytes long; `end` tells that nothing follows.
    pub fn on_response_body(&mut self, host: &impl Host, size: usize, end: bool) {
        self.complete |= end;
        if size == 0 {
            return;
        }
        let noted = &mut self.noted;
        noted.response_bytes = noted.response_bytes.saturating_add(u64::try_from(size).unwrap_or(u64::MAX));
        let mut now_ns = 0;
        if noted.streamed {
            now_ns = host.monotonic_ns();
            if let Some(before) = noted.chunk_ns {
                let gap = now_ns.saturating_sub(before);
                noted.longest_gap_ns = Some(noted.longest_gap_ns.map_or(gap, |longest| longest.max(gap)));
            }
            noted.chunk_ns = Some(now_ns);
        }
        let Some(scanner) = &mut self.scanner else { return };
        let mut start = 0;
        while start < size {
            let wanted = size.saturating_sub(start).min(SLICE);
            let Some(bytes) = host.response_body(start, wanted).filter(|bytes| !bytes.is_empty()) else {
                break;
            };
            scanner.feed(bytes);
            start = start.saturating_add(bytes.len());
        }
        if noted.streamed && noted.content_ns.is_none() && scanner.has_content() {
            noted.content_ns = Some(now_ns);
        }
    }

    /// The stream is over: makes its event and hands it to `vm`. A second call does nothing.
    pub fn log(&mut self, host: &impl Host, active: &Active, vm: &mut Vm) {
        if std::mem::replace(&mut self.logged, true) {
            return;
        }
        if let Some(scanner) = &mut self.scanner {
            scanner.finish();
            // A body may turn out to be events whatever its headers say.
            self.noted.streamed |= scanner.is_stream();
        }
        // A stream that was cut need not have a flag that says so.
        let whole = self.complete && self.head.as_ref().is_some_and(|head| head.from_upstream);
        let attributes = active.reader.read(host, whole);
        // What the client got is not what passed here: the proxy has put an answer of its own in its place.
        let replaced =
            |head: &Head| attributes.code().is_some_and(|code| head.status.map(u64::from) != Some(code));
        let head = match self.head.take().filter(|head| !replaced(head)) {
            Some(head) => head,
            None => Head::read(host.response_headers(), &active.lookup).0,
        };
        let now = vm.now(host);
        let names = Names::read(&active.config, &attributes);
        let counts = self.scanner.as_deref().map(BodyScanner::counts);
        let refused = head.refused.saturating_add(counts.map_or(0, |counts| counts.refused().into()));
        let backend = active.config.backends.get(names.cluster().unwrap_or_default());
        let path = attributes.path();
        let endpoint = path.and_then(|path| vm.endpoints.of(path)).cloned();
        let sources = Sources {
            backend,
            attributes,
            head: &head,
            noted: &self.noted,
            counts,
            endpoint: endpoint.as_ref(),
            now_ns: now.monotonic_ns,
            wall_ns: now.wall_ns,
        };
        vm.record(host, sources.event(&names), &active.config, refused, now);
        self.end_scan(vm);
    }

    /// Gives the scan's memory back.
    pub(crate) fn end_scan(&mut self, vm: &mut Vm) {
        if let Some(scanner) = self.scanner.take() {
            vm.end_scan(scanner.memory());
        }
    }
}

/// Whether the answer is a stream although nobody scans it.
fn is_event_stream(content_type: Option<&[u8]>) -> bool {
    const STREAM: &[u8] = b"text/event-stream";
    let begin = content_type.and_then(|content_type| content_type.trim_ascii_start().get(..STREAM.len()));
    begin.is_some_and(|begin| begin.eq_ignore_ascii_case(STREAM))
}

#[cfg(test)]
mod tests;
