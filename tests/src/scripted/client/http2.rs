//! Asks over HTTP/2, on a connection of its own or on one that many share.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use bytes::Bytes;
use h2::client::SendRequest;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use tokio::net::TcpStream;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::{Answer, Ask, Leave};
use crate::scripted::board::{Board, Seen};

/// A connection, closed when dropped.
#[derive(Debug)]
pub struct Http2 {
    sender: SendRequest<Bytes>,
    address: SocketAddr,
    pings: tokio::sync::Mutex<h2::PingPong>,
    _task: DropGuard,
}

impl Http2 {
    /// Connects, knowing that the other side speaks HTTP/2.
    ///
    /// # Errors
    /// When nobody listens, or in other words than HTTP/2.
    pub async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let builder = &mut h2::client::Builder::new();
        let builder = builder.initial_window_size(1 << 20).initial_connection_window_size(1 << 24);
        let (sender, mut connection) = builder.handshake(stream).await?;
        let pings = connection.ping_pong().context("the pings are taken")?;
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        tasks.spawn(stop.clone().run_until_cancelled_owned(async move {
            // Its errors reach whoever waits for an answer on it.
            let _ = connection.await;
        }));
        Ok(Self { sender, address, pings: pings.into(), _task: stop.drop_guard() })
    }

    /// Sends the request and takes in the answer. An answer that is cut is no error.
    ///
    /// # Errors
    /// When the request cannot be made.
    pub async fn ask(&self, id: &str, ask: &Ask, board: &Board) -> Result<Answer> {
        let mut sender = self.sender.clone().ready().await?;
        let bare = ask.body.is_empty() && ask.trailers.is_empty();
        let (response, mut stream) = sender.send_request(self.request(id, ask)?, bare)?;
        let mut answer = Answer::default();
        if !bare {
            // A gateway that refuses the request may reset before it has all of it.
            let _ = self.upload(&mut stream, ask);
        }
        match ask.leave {
            Leave::InUpload => board.until_seen(id, Seen::Head).await,
            Leave::Waiting => board.until_seen(id, Seen::Whole).await,
            Leave::AtTheEnd | Leave::After(_) => {
                // What has come stands in the answer, whatever cut the rest.
                let _ = receive(response.await, ask, &mut answer).await;
            }
        }
        if ask.leave != Leave::AtTheEnd {
            stream.send_reset(Reason::CANCEL);
            // When the ping is answered, the reset has arrived.
            let _ = self.pings.lock().await.ping(h2::Ping::opaque()).await;
        }
        Ok(answer)
    }

    fn request(&self, id: &str, ask: &Ask) -> Result<Request<()>> {
        let uri = format!("http://{}{}", self.address, ask.path);
        let mut request = Request::builder().method(ask.method).uri(uri).header("x-request-id", id);
        for (name, value) in &ask.headers {
            request = request.header(name, value);
        }
        Ok(request.body(())?)
    }

    fn upload(&self, stream: &mut SendStream<Bytes>, ask: &Ask) -> Result<()> {
        if ask.leave == Leave::InUpload {
            return Ok(stream.send_data(ask.body.slice(..ask.body.len() / 2), false)?);
        }
        stream.send_data(ask.body.clone(), ask.trailers.is_empty())?;
        if !ask.trailers.is_empty() {
            let mut trailers = HeaderMap::new();
            for (name, value) in &ask.trailers {
                trailers.append(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(value)?);
            }
            stream.send_trailers(trailers)?;
        }
        Ok(())
    }
}

/// Asks on a connection of its own.
pub(in crate::scripted) async fn ask(
    address: SocketAddr,
    id: &str,
    ask: &Ask,
    board: &Board,
) -> Result<Answer> {
    Http2::connect(address).await?.ask(id, ask, board).await
}

async fn receive(
    response: Result<http::Response<RecvStream>, h2::Error>,
    ask: &Ask,
    answer: &mut Answer,
) -> Result<()> {
    let (head, mut body) = response?.into_parts();
    answer.status = Some(head.status.as_u16());
    answer.headers = owned(&head.headers);
    loop {
        if matches!(ask.leave, Leave::After(bytes) if answer.body.len() >= bytes) {
            return Ok(());
        }
        let Some(piece) = body.data().await else { break };
        let piece = piece?;
        body.flow_control().release_capacity(piece.len())?;
        answer.body.extend_from_slice(&piece);
    }
    answer.trailers = body.trailers().await?.map(|trailers| owned(&trailers)).unwrap_or_default();
    answer.whole = true;
    Ok(())
}

fn owned(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}
