//! What providers answer, and what the record must say of it: tokens, model, cost, provider.
//!
//! Each answer comes whole and, where the API has it, streamed; cut at odd places; and, where its framing
//! allows it, compressed. The counts stand beside the bodies.

mod anthropic;
mod bedrock;
mod cohere;
mod compatible;
mod event_stream;
mod framing;
mod google;
mod openai;

use std::io::Write;

use anyhow::Result;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use serde_json::{Value, json};
use weir_tests::scripted::{Case, Layout, Leave, Protocol, Script, cut, with, within};

use crate::exchanges;

/// An answer of a provider.
pub(crate) struct Sample {
    /// What it is, for messages.
    name: &'static str,
    /// The route, named after the cluster.
    route: &'static str,
    /// The request's path.
    path: &'static str,
    /// The answer's `content-type`.
    content_type: &'static str,
    /// Headers in addition.
    headers: Vec<(&'static str, &'static str)>,
    /// The answer's body.
    body: Vec<u8>,
    /// What the record must say.
    record: Value,
}

const JSON: &str = "application/json";
const SSE: &str = "text/event-stream; charset=utf-8";

impl Sample {
    fn new(name: &'static str, route: &'static str, path: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let streamed = !body.starts_with(b"{") && !body.starts_with(b"[");
        Self {
            name,
            route,
            path,
            content_type: if streamed { SSE } else { JSON },
            headers: Vec::new(),
            body,
            record: json!({ "streamed": streamed, "usage": { "status": "reported" } }),
        }
    }

    /// The tokens in and out, and the model.
    fn counts(self, input: u64, output: u64, model: impl Into<Value>) -> Self {
        self.usage("input_tokens", input).usage("output_tokens", output).says("model", model)
    }

    /// One more number of the usage.
    fn usage(self, name: &str, value: impl Into<Value>) -> Self {
        let value: Value = value.into();
        self.says("usage", json!({ name: value }))
    }

    /// One more member of the record.
    fn says(mut self, name: &str, value: impl Into<Value>) -> Self {
        let value: Value = value.into();
        self.record = with(self.record, json!({ name: value }));
        self
    }

    fn typed(mut self, content_type: &'static str, streamed: bool) -> Self {
        self.content_type = content_type;
        self.says("streamed", streamed)
    }

    fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    fn head(&self, encoding: Option<&str>) -> Script {
        let mut headers = vec![("content-type", self.content_type)];
        headers.extend(encoding.map(|encoding| ("content-encoding", encoding)));
        headers.extend(&self.headers);
        Script::answer(200, &headers)
    }

    fn case(&self, how: &str) -> Case {
        let end = json!({ "outcome": "success", "status": 200, "backend": self.route });
        let mut record = with(end, self.record.clone());
        if self.content_type != JSON {
            record = with(record, json!({ "ttft_ms": within(0.0, 20_000.0) }));
        }
        Case::new(format!("{}, {how}", self.name), self.route, self.path).gets(200).record(record)
    }

    fn plain(&self) -> Case {
        self.case("cut").upstream(self.head(None).pieces(cut(&self.body), 1).end())
    }

    fn in_one(&self) -> Case {
        self.case("in one piece")
            .upstream(self.head(None).data(self.body.clone()).end())
            .over(Protocol::Http2)
    }

    fn compressed(&self, encoding: &'static str) -> Result<Case> {
        let packed = self.packed(encoding)?;
        Ok(self.case(encoding).upstream(self.head(Some(encoding)).pieces(cut(&packed), 1).end()))
    }

    /// All of it, but for its end: the client leaves when it has every byte.
    fn cut_at_its_end(&self, encoding: Option<&str>) -> Result<Case> {
        let body = encoding.map_or(Ok(self.body.clone()), |encoding| self.packed(encoding))?;
        let name = format!("{}, cut at its end ({encoding:?})", self.name);
        let script = self.head(encoding).pieces(cut(&body), 0).hold();
        // Gemini may give its reason to finish and then go on: nothing but the end is the end.
        let told = if ["gemini", "vertex"].contains(&self.route) { "partial" } else { "reported" };
        let end = json!({ "outcome": "aborted", "status": 200, "usage": { "status": told } });
        let record = with(self.record.clone(), end);
        let case = Case::new(name, self.route, self.path).leaves(Leave::After(body.len()));
        Ok(case.upstream(script).record(record))
    }

    /// Compressed as a whole, or event by event as a provider that streams does.
    fn packed(&self, encoding: &str) -> Result<Vec<u8>> {
        let events =
            if self.content_type == SSE { split_events(&self.body) } else { vec![self.body.as_slice()] };
        if encoding == "gzip" {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            write_each(&mut encoder, &events)?;
            return Ok(encoder.finish()?);
        }
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        write_each(&mut encoder, &events)?;
        Ok(encoder.finish()?)
    }
}

/// Flushes behind each event, so that the reader has it whole at once.
fn write_each(encoder: &mut impl Write, events: &[&[u8]]) -> Result<()> {
    for event in events {
        encoder.write_all(event)?;
        encoder.flush()?;
    }
    Ok(())
}

fn split_events(body: &[u8]) -> Vec<&[u8]> {
    let mut events = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let end = rest.windows(2).position(|pair| pair == b"\n\n").map_or(rest.len(), |at| at + 2);
        let (event, more) = rest.split_at(end);
        events.push(event);
        rest = more;
    }
    events
}

/// The same stream with other line ends.
fn with_crlf(stream: &str) -> String {
    stream.replace('\n', "\r\n")
}

/// A stream of `data:` lines, one event each.
fn data_lines(events: &[&str]) -> String {
    events.iter().map(|event| format!("data: {event}\n\n")).collect()
}

/// A stream of named events, named by the `type` that each has.
fn named_events(events: &[&str]) -> String {
    let kind = |event: &str| {
        let parsed = serde_json::from_str::<Value>(event).unwrap_or_default();
        parsed.get("type").and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    events.iter().map(|event| format!("event: {}\ndata: {event}\n\n", kind(event))).collect()
}

fn samples() -> Vec<Sample> {
    let parts = [
        openai::samples(),
        anthropic::samples(),
        google::samples(),
        cohere::samples(),
        compatible::samples(),
    ];
    parts.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_providers_counts_are_right_wherever_the_body_is_cut() -> Result<()> {
    let samples: Vec<Sample> = samples().into_iter().chain(bedrock::samples()).collect();
    let cases: Vec<Case> = samples.iter().flat_map(|sample| [sample.plain(), sample.in_one()]).collect();
    exchanges(&Layout::new(2), &cases).await
}

#[tokio::test(flavor = "multi_thread")]
async fn compression_changes_no_count() -> Result<()> {
    let mut cases = Vec::new();
    for sample in samples() {
        cases.push(sample.compressed("gzip")?);
        cases.push(sample.compressed("deflate")?);
    }
    exchanges(&Layout::new(2), &cases).await
}

#[tokio::test(flavor = "multi_thread")]
async fn framing_changes_no_count() -> Result<()> {
    let mut cases = Vec::new();
    for sample in framing::samples() {
        cases.extend([sample.plain(), sample.in_one(), sample.compressed("gzip")?]);
    }
    exchanges(&Layout::new(2), &cases).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_missing() -> Result<()> {
    exchanges(&Layout::new(2), &framing::unreadable()).await
}

/// Cut anywhere, a stream's counts are the provider's last word, those of its beginning, or missing; and what
/// is not the whole of it is not called reported.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_cut_off_half_way_has_no_wrong_count() -> Result<()> {
    let mut cases = Vec::new();
    for sample in samples().iter().filter(|sample| sample.content_type == SSE) {
        let usage = find(&sample.body, b"\"usage").unwrap_or_default();
        let before = sample.body.get(..usage).unwrap_or_default();
        let case = Case::new(format!("{}, cut before its usage", sample.name), sample.route, sample.path);
        cases.push(
            case.leaves(Leave::After(before.len()))
                .upstream(sample.head(None).pieces(cut(before), 0).hold())
                .record(json!({
                    "outcome": "aborted", "status": 200, "streamed": true,
                    "usage": { "status": "missing", "input_tokens": null, "output_tokens": null },
                    "cost": { "nano_usd": null },
                })),
        );
    }
    for sample in samples().iter().filter(|sample| sample.content_type == SSE) {
        cases.extend([sample.cut_at_its_end(None)?, sample.cut_at_its_end(Some("gzip"))?]);
    }
    cases.extend(anthropic::cut_off());
    exchanges(&Layout::new(2), &cases).await
}

fn find(body: &[u8], words: &[u8]) -> Option<usize> {
    body.windows(words.len()).position(|window| window == words)
}
