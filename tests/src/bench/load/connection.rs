//! One client connection, kept open for one request after another.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Result, ensure};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use crate::rendezvous::Meetings;

/// A connection to the gateway; dropping it closes it.
pub(super) struct Connection {
    sender: SendRequest<Empty<Bytes>>,
    driver: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    pub(super) async fn open(gateway: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(gateway).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Its error comes to whoever waits for an answer.
        let driver = TaskTracker::new().spawn(async move { connection.await.unwrap_or_default() });
        Ok(Self { sender, driver })
    }

    /// Asks for a completion and reads the whole answer.
    pub(super) async fn ask(&mut self) -> Result<()> {
        self.sender.ready().await?;
        let response = self.sender.send_request(request(None)?).await?;
        ensure!(response.status() == 200, "the gateway answers {}", response.status());
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            frame?;
        }
        Ok(())
    }

    /// The same, telling the provider under `id` how far it has read.
    pub(super) async fn follow(&mut self, meetings: &Arc<Meetings>, id: &str) -> Result<()> {
        self.sender.ready().await?;
        let meeting = meetings.open(id);
        let response = self.sender.send_request(request(Some(id))?).await?;
        ensure!(response.status() == 200, "the gateway answers {}", response.status());
        let mut body = response.into_body();
        let mut read = 0;
        while let Some(frame) = body.frame().await {
            read += frame?.data_ref().map_or(0, |data| data.len() as u64);
            meeting.received(read);
        }
        Ok(())
    }
}

/// What the filter reads of a request, beside what every request has.
pub(super) const HEADERS: [(&str, &str); 2] =
    [("x-team", "search"), ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")];

fn request(id: Option<&str>) -> Result<Request<Empty<Bytes>>> {
    let mut request =
        Request::get("/v1/chat/completions").header("host", "gateway").header("user-agent", "weir-bench");
    for (name, value) in HEADERS {
        request = request.header(name, value);
    }
    if let Some(id) = id {
        request = request.header("x-request-id", id);
    }
    Ok(request.body(Empty::new())?)
}
