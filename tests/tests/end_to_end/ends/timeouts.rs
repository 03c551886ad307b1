//! Time that runs out.

use anyhow::Result;
use serde_json::{Value, json};
use weir_tests::scripted::{Case, Layout, Script, with, within};

use super::{BEGINNING, chat, ended, stream};
use crate::exchanges;

/// When 400 ms may have run out, milliseconds: a busy Envoy sets its timers by a time that has gone by, and
/// sees to them late.
const SOONEST: f64 = 300.0;
const LATEST: f64 = 5_000.0;

#[tokio::test(flavor = "multi_thread")]
async fn timeouts_are_timeouts_whichever_ran_out() -> Result<()> {
    let timeout = |kind: &str, flag: &str, more: Value| {
        let expected = json!({ "response_flags": [flag], "duration_ms": within(SOONEST, LATEST) });
        with(with(ended("timeout", kind), expected), more)
    };
    let waiting = json!({ "status": 504, "ttfb_ms": null, "usage": { "status": null } });
    let streaming = json!({
        "status": 200, "streamed": true, "ttfb_ms": within(0.0, LATEST), "usage": { "status": "missing" },
    });
    let pinging =
        (0..40).fold(stream().data(BEGINNING), |script, _| script.wait(50).data(": ping\n\n")).end();
    let cases = [
        chat("the route's, before headers")
            .by("timeout")
            .upstream(Script::silent().hold())
            .gets(504)
            .record(timeout("response_timeout", "UT", waiting.clone())),
        chat("the route's, in the middle of a stream")
            .by("timeout")
            .upstream(pinging.clone())
            .gets(200)
            .record(timeout("response_timeout", "UT", streaming.clone())),
        chat("idle, before headers").by("idle").upstream(Script::silent().hold()).record(timeout(
            "stream_idle_timeout",
            "SI",
            json!({ "ttfb_ms": null }),
        )),
        chat("idle, in the middle of a stream")
            .by("idle")
            .upstream(stream().data(BEGINNING).hold())
            .gets(200)
            .record(timeout("stream_idle_timeout", "SI", streaming.clone())),
        chat("the longest duration, in the middle of a stream")
            .by("longest")
            .upstream(pinging)
            .gets(200)
            // No flag tells this one: only Envoy's words do.
            .record(with(
                ended("timeout", "max_duration"),
                with(streaming, json!({ "response_flags": [], "details": "max_duration_timeout" })),
            )),
        chat("the longest duration, before headers")
            .by("longest")
            .upstream(Script::silent().hold())
            .record(with(ended("timeout", "max_duration"), json!({ "ttfb_ms": null }))),
        chat("of each try, until retries are used up")
            .by("each-try")
            .upstream(Script::silent().hold())
            .gets(504)
            .attempts(2)
            .record(with(
                ended("timeout", "response_timeout"),
                json!({ "status": 504, "attempts": 2, "duration_ms": within(2.0 * 0.75 * SOONEST, LATEST) }),
            )),
    ];
    let all: Vec<Case> = cases.iter().flat_map(Case::from_both).collect();
    exchanges(&Layout::new(2), &all).await
}
