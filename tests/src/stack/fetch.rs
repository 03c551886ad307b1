//! One HTTP request on a connection of its own: for asking, not for load.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;

/// An answer, whole.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Fetched {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is none.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("not JSON: {}", self.text()))
    }
}

/// Asks for `path`.
///
/// # Errors
/// When there is no whole answer within ten seconds.
pub async fn get(address: SocketAddr, path: &str) -> Result<Fetched> {
    fetch(address, Method::GET, path, &[], Vec::new()).await
}

/// Sends `body` to `path`.
///
/// # Errors
/// When there is no whole answer within ten seconds.
pub async fn post(
    address: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Result<Fetched> {
    fetch(address, Method::POST, path, headers, body).await
}

/// Sends any request.
///
/// # Errors
/// When there is no whole answer within ten seconds.
pub async fn fetch(
    address: SocketAddr,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Result<Fetched> {
    let what = format!("{method} http://{address}{path}");
    let answer =
        tokio::time::timeout(Duration::from_secs(10), exchange(address, method, path, headers, body));
    answer.await.with_context(|| format!("{what}: no answer within 10 s"))?.with_context(|| what.clone())
}

async fn exchange(
    address: SocketAddr,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Result<Fetched> {
    let stream = tokio::net::TcpStream::connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let mut request = Request::builder().method(method).uri(path).header("host", address.to_string());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::from(body)))?;
    let answered = async {
        let response = sender.send_request(request).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Fetched { status: head.status.as_u16(), headers: head.headers, body })
    };
    // The connection lives as long as its one exchange.
    tokio::select! {
        answer = answered => answer,
        error = async { connection.await.err() } => Err(error.map_or_else(|| anyhow::anyhow!("closed without an answer"), Into::into)),
    }
}
