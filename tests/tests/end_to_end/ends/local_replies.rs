//! Answers that the gateway gives by itself.

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use weir_tests::scripted::{Case, Gateway, Layout, differences, with};

use weir_tests::stack::{Fetched, fetch};

use super::{chat, ended, whole};
use crate::exchanges;

#[tokio::test(flavor = "multi_thread")]
async fn what_the_gateway_answers_by_itself_is_said_to_be_its_own() -> Result<()> {
    let local = json!({ "ttfb_ms": null, "streamed": null, "usage": { "status": null } });
    let cases = [
        chat("a direct response").by("direct").gets(418).record(with(
            ended("error", "client_error"),
            with(local.clone(), json!({ "status": 418, "backend": null, "details": "direct_response", "response_bytes": 9 })),
        )),
        chat("a redirect").by("moved").gets(301).record(with(
            ended("success", Value::Null),
            with(local.clone(), json!({ "status": 301, "backend": null })),
        )),
        chat("no route").by("nowhere").gets(404).record(with(
            local.clone(),
            json!({ "outcome": "error", "status": 404, "backend": null, "response_flags": ["NR"], "details": "route_not_found" }),
        )),
        chat("no healthy host").by("nobody").gets(503).record(with(
            ended("rejected", "no_healthy_upstream"),
            with(local.clone(), json!({ "status": 503, "backend": "nobody", "response_flags": ["UH"], "upstream": null })),
        )),
        chat("a request larger than allowed").by("limited").body(vec![b'x'; 200_000]).gets(413).attempts(0).record(with(
            ended("error", "client_error"),
            with(local, json!({ "status": 413, "details": "request_payload_too_large" })),
        )),
        chat("one that is not").by("limited").upstream(whole()).gets(200).attempts(1).record(with(
            ended("success", Value::Null),
            json!({ "request_bytes": 33, "usage": { "status": "reported" } }),
        )),
    ];
    let all: Vec<Case> = cases.iter().flat_map(Case::from_both).collect();
    exchanges(&Layout::new(2), &all).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_an_id_gets_one_from_envoy() -> Result<()> {
    let gateway = Gateway::start(&Layout::new(1)).await?;
    let answer = get_by(gateway.envoy.gateway(), "direct").await?;
    ensure!(answer.status == 418, "{}", answer.status);
    let record = gateway.newest().await?;
    let id = record.get("request_id").and_then(Value::as_str).unwrap_or_default();
    ensure!(id.len() == 36 && id.split('-').count() == 5, "{record}");
    Ok(())
}

async fn get_by(gateway: SocketAddr, route: &str) -> Result<Fetched> {
    fetch(gateway, Method::GET, "/", &[("x-case-route", route)], Vec::new()).await
}

/// No callback tells of it before its end, and there is nothing to read of the request.
#[tokio::test(flavor = "multi_thread")]
async fn words_that_are_no_request_are_a_record_without_a_name() -> Result<()> {
    let gateway = Gateway::start(&Layout::new(1)).await?;
    for words in ["GARBAGE\r\n\r\n", "GET / HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n"] {
        let mut stream = TcpStream::connect(gateway.envoy.gateway()).await?;
        stream.write_all(words.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        ensure!(answer.starts_with(b"HTTP/1.1 400"), "{words:?}: {}", String::from_utf8_lossy(&answer));
        let record = gateway.newest().await?;
        let expected = with(
            ended("error", "client_error"),
            json!({
                "request_id": null, "status": 400, "response_flags": ["DPE"], "backend": null, "method": null,
                "details": { "contains": "http1.codec_error" }, "usage": { "status": null },
            }),
        );
        let wrong = differences(&expected, &record);
        ensure!(wrong.is_empty(), "{words:?}: {wrong:?} of {record}");
    }
    Ok(())
}
