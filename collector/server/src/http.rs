//! The HTTP interface: which path is whose, and who may use it. One file an endpoint.

mod body;
mod connections;
mod events;
mod health;
mod memory;
mod metrics;
mod overview;
mod parameters;
mod request;
mod requests;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, Request, State};
use axum::http::header;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use weir_core::config::{Limits, Role};

pub(crate) use connections::serve;
pub(crate) use memory::Memory;

use crate::access::Access;
use crate::metrics::{BatchResult, Metrics};
use crate::problem::Problem;
use crate::store::{QueryError, Store, Unavailable};

/// What the endpoints work with.
pub(crate) struct Api {
    pub(crate) store: Store,
    pub(crate) access: Access,
    /// Where it listens.
    pub(crate) listen: IpAddr,
    pub(crate) limits: Limits,
    pub(crate) metrics: Metrics,
    pub(crate) memory: Memory,
    pub(crate) tasks: TaskTracker,
    /// Cancelled when the process begins to stop.
    pub(crate) stop: CancellationToken,
}

type Shared = Arc<Api>;

/// Who is at the other end of the connection.
#[derive(Debug, Clone, Copy)]
struct Peer(SocketAddr);

/// The connection has no seat: it may ask how the process is, and nothing else.
#[derive(Debug, Clone, Copy)]
struct InReserve;

/// All routes.
pub(crate) fn router(api: Shared) -> Router {
    let guard = |role: Role| middleware::from_fn_with_state((Arc::clone(&api), role), check_role);
    let ingest = Router::new().route("/api/v1/events", post(events::post)).route_layer(guard(Role::Ingest));
    let read = Router::new()
        .route("/", get(overview::get))
        .route("/api/v1/requests", get(requests::get))
        .route("/api/v1/requests/{request_id}", get(request::get))
        .route("/metrics", get(metrics::get))
        .route_layer(guard(Role::Read))
        .route_layer(middleware::from_fn_with_state(Arc::clone(&api), check_host));
    Router::new()
        .merge(ingest)
        .merge(read)
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        .layer(middleware::from_fn_with_state(Arc::clone(&api), check_peer))
        .with_state(api)
}

async fn check_peer(
    State(api): State<Shared>,
    Extension(Peer(peer)): Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    if let Err(problem) = api.access.check_peer(peer) {
        return problem.into_response();
    }
    let in_reserve = request.extensions().get::<InReserve>().is_some();
    if in_reserve && !["/healthz", "/readyz"].contains(&request.uri().path()) {
        return Problem::unavailable("too many connections are busy").retry_after(1).into_response();
    }
    next.run(request).await
}

/// A page of another site that has its name point here could read what it is answered.
async fn check_host(State(api): State<Shared>, request: Request, next: Next) -> Response {
    let stated = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()?.parse().ok());
    match api.access.check_host(request.uri().authority().or(stated.as_ref()), api.listen) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

async fn check_role(State((api, needed)): State<(Shared, Role)>, request: Request, next: Next) -> Response {
    match api.access.check(request.headers(), needed) {
        Ok(()) => next.run(request).await,
        Err(problem) => {
            if needed == Role::Ingest {
                api.metrics.ingest.count(BatchResult::Denied);
            }
            problem.into_response()
        }
    }
}

async fn not_found(request: Request) -> Problem {
    Problem::not_found(format!("there is no {}", request.uri().path()))
}

async fn method_not_allowed(request: Request) -> Problem {
    let (method, path) = (request.method(), request.uri().path());
    Problem::method_not_allowed(format!("{path} does not take {method}; the header Allow says what it takes"))
}

impl From<Unavailable> for Problem {
    fn from(error: Unavailable) -> Self {
        Self::unavailable(error.to_string()).retry_after(5)
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Unavailable(error) => error.into(),
            QueryError::TooSlow => Self::unavailable(error.to_string()).retry_after(60),
        }
    }
}
