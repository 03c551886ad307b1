//! `GET /api/v1/requests/{request_id}`: what is known of one request. A list: an id can be used twice.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use weir_core::record::RequestRecord;

use super::Shared;
use crate::problem::Problem;

pub(super) async fn get(
    State(api): State<Shared>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Vec<RequestRecord>>, Problem> {
    let Path(id) = id.map_err(|rejection| {
        Problem::bad_parameter(rejection.body_text()).field("request_id", "is not UTF-8")
    })?;
    let records = api.store.find(id.clone()).await?;
    if records.is_empty() {
        let detail = format!(
            "no request with the id {id:?} is known: it has not been delivered yet, or its detail is gone"
        );
        return Err(Problem::not_found(detail));
    }
    Ok(Json(records))
}
