//! `GET /healthz` and `GET /readyz`: whether the process lives, and whether it can do its work.

use std::time::Duration;

use axum::extract::State;

use super::Shared;
use crate::problem::Problem;

const PATIENCE: Duration = Duration::from_secs(3);

pub(super) async fn live() -> &'static str {
    "ok\n"
}

pub(super) async fn ready(State(api): State<Shared>) -> Result<&'static str, Problem> {
    let late = || Problem::unavailable("the database's writer does not answer in time").retry_after(5);
    tokio::time::timeout(PATIENCE, api.store.check_writable()).await.map_err(|_| late())??;
    Ok("ready\n")
}
