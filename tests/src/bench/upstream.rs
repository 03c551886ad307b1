//! What stands behind the gateway in a benchmark: a provider whose answers cost as little as possible to give,
//! and a collector that takes every batch and keeps nothing.

mod answer;

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub(super) use answer::{Answers, Told};

use crate::rendezvous::{Meeting, Meetings};

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// A provider on a port of its own; dropping it ends it.
#[derive(Debug)]
pub(super) struct Upstream {
    address: SocketAddr,
    provider: Arc<Provider>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Provider {
    answers: Answers,
    meetings: Arc<Meetings>,
    given: AtomicU64,
}

impl Upstream {
    /// Starts one that gives these answers in turn.
    ///
    /// # Errors
    /// When there is no port for it.
    pub(super) async fn start(answers: Answers, meetings: Arc<Meetings>) -> Result<Self> {
        let provider = Arc::new(Provider { answers, meetings, given: AtomicU64::new(0) });
        let serving = Arc::clone(&provider);
        let (address, task) = serve(move |request| {
            let provider = Arc::clone(&serving);
            async move { provider.answer(&request) }
        })
        .await?;
        Ok(Self { address, provider, task })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What all answers so far have told.
    pub(super) fn told(&self) -> Told {
        self.provider.answers.told(self.provider.given.load(Ordering::Relaxed))
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Provider {
    fn answer(&self, request: &Request<Incoming>) -> Response<Body> {
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        let Some((head, chunks)) = self.answers.number(number) else { return lost() };
        let body = match chunks.as_slice() {
            [whole] => Full::new(whole.clone()).boxed_unsync(),
            _ => {
                let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok());
                let Some(meeting) = id.and_then(|id| self.meetings.find(id)) else { return lost() };
                streamed(Arc::clone(chunks), meeting)
            }
        };
        let mut response = Response::new(body);
        *response.headers_mut() = head.clone();
        response
    }
}

/// The chunks one by one, each when the client has read the one before: so no two of them arrive at the
/// gateway together, and every filter is called for each.
fn streamed(chunks: Arc<Vec<Bytes>>, meeting: Meeting) -> Body {
    let frames = stream::unfold((chunks, meeting, 0_usize, 0_u64), async |(chunks, meeting, next, sent)| {
        let chunk = chunks.get(next)?.clone();
        let sent_then = sent + chunk.len() as u64;
        if next > 0 {
            meeting.until_all_received().await;
        }
        meeting.will_hold_at(sent_then);
        Some((Ok(Frame::data(chunk)), (chunks, meeting, next + 1, sent_then)))
    });
    StreamBody::new(frames).boxed_unsync()
}

/// The answer to a client that does not read in step, or when there is no answer to give: the benchmark fails.
fn lost() -> Response<Body> {
    let mut response = Response::new(Full::default().boxed_unsync());
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

/// A collector that answers every batch with 200; dropping it ends it.
#[derive(Debug)]
pub(super) struct StubCollector {
    address: SocketAddr,
    batches: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl StubCollector {
    /// Starts one.
    ///
    /// # Errors
    /// When there is no port for it.
    pub(super) async fn start() -> Result<Self> {
        let batches = Arc::new(AtomicU64::new(0));
        let taken = Arc::clone(&batches);
        let (address, task) = serve(move |request: Request<Incoming>| {
            let taken = Arc::clone(&taken);
            async move {
                if request.into_body().collect().await.is_ok() {
                    taken.fetch_add(1, Ordering::Relaxed);
                }
                Response::new(Full::default().boxed_unsync())
            }
        })
        .await?;
        Ok(Self { address, batches, task })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many batches it has taken.
    pub(super) fn batches(&self) -> u64 {
        self.batches.load(Ordering::Relaxed)
    }
}

impl Drop for StubCollector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves `answer` on a free port until the task is ended, which ends its connections as well.
async fn serve<F, A>(answer: F) -> Result<(SocketAddr, JoinHandle<()>)>
where
    F: Fn(Request<Incoming>) -> A + Send + Sync + 'static,
    A: Future<Output = Response<Body>> + Send + 'static,
{
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let answer = Arc::new(answer);
    let accepting = async move {
        let mut connections = tokio::task::JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let answer = Arc::clone(&answer);
            connections.spawn(connection(stream, answer));
            while connections.try_join_next().is_some() {}
        }
    };
    Ok((address, tokio_util::task::TaskTracker::new().spawn(accepting)))
}

async fn connection<F, A>(stream: TcpStream, answer: Arc<F>)
where
    F: Fn(Request<Incoming>) -> A,
    A: Future<Output = Response<Body>>,
{
    let service = service_fn(|request| {
        let answered = answer(request);
        async { Ok::<_, Infallible>(answered.await) }
    });
    // Chunks must leave at once; a connection that breaks is the client's to complain of.
    if stream.set_nodelay(true).is_ok() {
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    }
}
