//! `GET /metrics`: everything that is counted, for Prometheus.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use super::Shared;

pub(super) async fn get(State(api): State<Shared>) -> impl IntoResponse {
    let page = api.metrics.render(&api.store);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page)
}
