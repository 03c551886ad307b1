//! Plays scripts on the streams of an HTTP/2 connection.

use std::future::poll_fn;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::scripted::board::Board;
use crate::scripted::script::{Script, Step};

/// Plays a script on each stream, until either side closes the connection.
pub(super) async fn converse(stream: TcpStream, board: Arc<Board>, tasks: &TaskTracker) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut connection = h2::server::Builder::new().max_concurrent_streams(20_000).handshake(stream).await?;
    // Streams go with their connection.
    let stop = CancellationToken::new();
    let _guard = stop.clone().drop_guard();
    while let Some(accepted) = connection.accept().await {
        let (request, respond) = accepted?;
        let board = Arc::clone(&board);
        tasks.spawn(stop.clone().run_until_cancelled_owned(async move {
            // Errors here are scripts at work, or a gateway that has left.
            let _ = answer(request, respond, &board).await;
        }));
    }
    Ok(())
}

async fn answer(request: Request<RecvStream>, mut respond: SendResponse<Bytes>, board: &Board) -> Result<()> {
    let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok());
    let id = id.context("a request without an id")?.to_owned();
    let script = board.next(&id).with_context(|| format!("no script for {id}"))?;
    let mut body = request.into_body();
    while let Some(piece) = body.data().await {
        body.flow_control().release_capacity(piece?.len())?;
    }
    body.trailers().await?;
    board.whole_request(&id);
    play(&script, &mut respond, board).await
}

async fn play(script: &Script, respond: &mut SendResponse<Bytes>, board: &Board) -> Result<()> {
    let mut open: Option<SendStream<Bytes>> = None;
    for step in script.steps() {
        match (step, &mut open) {
            (Step::Head(status, headers), None) => {
                let mut response = Response::new(());
                *response.status_mut() = http::StatusCode::from_u16(*status)?;
                *response.headers_mut() = map(headers)?;
                open = Some(respond.send_response(response, false)?);
            }
            (Step::Data(bytes), Some(stream)) => send(stream, bytes.clone()).await?,
            (Step::Again(bytes, times), Some(stream)) => {
                for _ in 0..*times {
                    send(stream, bytes.clone()).await?;
                }
            }
            (Step::End, Some(stream)) => return Ok(stream.send_data(Bytes::new(), true)?),
            (Step::Trailers(trailers), Some(stream)) => return Ok(stream.send_trailers(map(trailers)?)?),
            (Step::Wait(pause), _) => tokio::time::sleep(*pause).await,
            (Step::Gate, _) => board.until_open().await,
            (Step::Hold, Some(stream)) => {
                poll_fn(|context| stream.poll_reset(context)).await?;
            }
            (Step::Hold, None) => {
                poll_fn(|context| respond.poll_reset(context)).await?;
            }
            (Step::Reset | Step::Close, stream) => {
                match stream {
                    Some(stream) => stream.send_reset(Reason::INTERNAL_ERROR),
                    None => respond.send_reset(Reason::INTERNAL_ERROR),
                }
                return Ok(());
            }
            (step, _) => bail!("HTTP/2 cannot do {step:?} here"),
        }
    }
    bail!("a script without an end")
}

/// Sends all of it, as the other side gives room.
async fn send(stream: &mut SendStream<Bytes>, mut bytes: Bytes) -> Result<()> {
    while !bytes.is_empty() {
        stream.reserve_capacity(bytes.len());
        let room =
            poll_fn(|context| stream.poll_capacity(context)).await.context("the stream is closed")??;
        let piece = bytes.split_to(room.min(bytes.len()));
        stream.send_data(piece, false)?;
    }
    Ok(())
}

fn map(headers: &[(String, String)]) -> Result<HeaderMap> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(value)?);
    }
    Ok(map)
}
