//! Accepts connections and serves each until it ends or the process stops.
//!
//! Nobody waits for a seat: a new connection takes that of the one that has been idle for the longest, or, if
//! all are busy, one of a few in reserve, where it can ask once how the process is.

mod table;
mod writing;

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;
use tower_service::Service;

use self::table::{Activity, Seat, Table};
use self::writing::Impatient;
use super::{InReserve, Peer, Shared};

/// The most bytes of a request's head.
const HEAD_BYTES: usize = 64 << 10;
/// After an accept that failed (no descriptors left, say), so that the loop does not spin.
const PAUSE: Duration = Duration::from_millis(100);
/// Connections in reserve.
const RESERVE: usize = 16;
/// How long one in reserve may take to ask.
const RESERVE_HEADER_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a connection may go on without a request when the process stops.
const LAST_CALL: Duration = Duration::from_secs(2);

/// Serves `router` on `listener` until the process stops; then the connections finish what they are at, as
/// tasks of `tasks`.
pub(crate) async fn serve(listener: TcpListener, router: Router, api: Shared, tasks: TaskTracker) {
    let table = Table::new(api.limits.max_connections, api.limits.max_connections_per_peer);
    let reserve = Arc::new(Semaphore::new(RESERVE));
    loop {
        let accepted = tokio::select! {
            biased;
            () = api.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        // Whoever may not connect at all gets no seat, but is told why.
        let seat = api.access.check_peer(peer).ok().and_then(|()| table.seat(peer.ip().to_canonical()));
        let place = match seat {
            Some(seat) => Place::Seat(seat),
            None => match Arc::clone(&reserve).try_acquire_owned() {
                Ok(place) => Place::Reserve { _place: place },
                Err(_) => {
                    tracing::debug!(%peer, "too many connections");
                    continue;
                }
            },
        };
        tasks.spawn(Connection { stream, peer, place }.serve(router.clone(), Arc::clone(&api)));
    }
}

struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    place: Place,
}

enum Place {
    Seat(Seat),
    Reserve { _place: OwnedSemaphorePermit },
}

impl Connection {
    async fn serve(self, router: Router, api: Shared) {
        let Self { stream, peer, place } = self;
        let (activity, in_reserve) = match &place {
            Place::Seat(seat) => (Arc::clone(&seat.activity), false),
            Place::Reserve { .. } => (Arc::new(Activity::new()), true),
        };
        // Answers are small; without this the last packet of one could wait for the peer's timer.
        let _ = stream.set_nodelay(true);
        let seconds = Duration::from_secs;
        let header_timeout = seconds(api.limits.header_timeout_seconds);
        let stream = Impatient::new(stream, seconds(api.limits.answer_timeout_seconds));
        let service = service_fn(|request: hyper::Request<hyper::body::Incoming>| {
            let mut request: Request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            if in_reserve {
                request.extensions_mut().insert(InReserve);
            }
            activity.begin();
            let (answer, activity) = (router.clone().call(request), Arc::clone(&activity));
            async move {
                let answer = answer.await;
                activity.end();
                answer
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(if in_reserve { RESERVE_HEADER_TIMEOUT } else { header_timeout })
            .keep_alive(!in_reserve)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = activity.evicted.cancelled() => return,
            () = api.stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = connection.as_mut() => ended,
                    () = last_call(&activity) => return,
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%peer, %error, "a connection ended badly");
        }
    }
}

/// Returns when time is up and no request is under way. A body that does not come has a last call of its own.
async fn last_call(activity: &Activity) {
    loop {
        tokio::time::sleep(LAST_CALL).await;
        if !activity.is_busy() {
            return;
        }
    }
}
