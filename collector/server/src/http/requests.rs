//! `GET /api/v1/requests`: the newest requests, filtered.

use axum::Json;
use axum::extract::{RawQuery, State};
use weir_core::record::{RequestRecord, parse_time};
use weir_wire::Outcome;

use super::Shared;
use super::parameters::Parameters;
use crate::problem::Problem;
use crate::store::{Filter, MAX_RECORDS};

const DEFAULT_LIMIT: usize = 100;

pub(super) async fn get(
    State(api): State<Shared>,
    RawQuery(query): RawQuery,
) -> Result<Json<Vec<RequestRecord>>, Problem> {
    let filter = filter_of(query.as_deref().unwrap_or_default())?;
    Ok(Json(api.store.list(filter).await?))
}

fn filter_of(query: &str) -> Result<Filter, Problem> {
    let mut parameters = Parameters::of(query, &["backend", "outcome", "from", "to", "limit"])?;
    let time = |text: &str| {
        parse_time(text)
            .ok_or_else(|| "is neither RFC 3339 such as 2026-09-21T14:00:00Z nor Unix seconds".to_owned())
    };
    let outcome = |text: &str| {
        let names = || Outcome::ALL.iter().map(|outcome| outcome.name()).collect::<Vec<_>>().join(", ");
        Outcome::from_name(text).ok_or_else(|| format!("is not one of {}", names()))
    };
    let limit = |text: &str| match text.parse() {
        Ok(limit) if (1..=MAX_RECORDS).contains(&limit) => Ok(limit),
        _ => Err(format!("is not a whole number from 1 to {MAX_RECORDS}")),
    };
    let filter = Filter {
        backend: parameters.take("backend", |text| Ok(text.to_owned()))?,
        outcome: parameters.take("outcome", outcome)?,
        from_us: parameters.take("from", time)?,
        to_us: parameters.take("to", time)?,
        limit: parameters.take("limit", limit)?.unwrap_or(DEFAULT_LIMIT),
    };
    if filter.from_us.zip(filter.to_us).is_some_and(|(from, to)| from > to) {
        return Err(Problem::bad_parameter("from is later than to").field("from", "is later than to"));
    }
    Ok(filter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_become_a_filter() {
        let filter =
            filter_of("backend=open%20ai&outcome=timeout&from=1&to=1970-01-01T00:00:02Z&limit=5").unwrap();
        let expected = Filter {
            backend: Some("open ai".to_owned()),
            outcome: Some(Outcome::Timeout),
            from_us: Some(1_000_000),
            to_us: Some(2_000_000),
            limit: 5,
        };
        assert_eq!(filter, expected);
        assert_eq!(filter_of("").unwrap(), Filter { limit: 100, ..Filter::default() });
    }

    #[test]
    fn a_bad_parameter_is_named() {
        let check = |query: &str, expected: &str| {
            assert_eq!(filter_of(query).unwrap_err().detail(), expected, "{query}");
        };
        check("limit=0", "limit is not a whole number from 1 to 1000");
        check("limit=1001", "limit is not a whole number from 1 to 1000");
        check("limit=", "limit is not a whole number from 1 to 1000");
        check("outcome=ok", "outcome is not one of success, error, timeout, rejected, aborted");
        check("from=yesterday", "from is neither RFC 3339 such as 2026-09-21T14:00:00Z nor Unix seconds");
        check("from=2&to=1", "from is later than to");
        check("backnd=x", "backnd is not a parameter here; did you mean backend?");
        check("q=x", "q is not a parameter here; known are: backend, outcome, from, to, limit");
        check("limit=1&limit=2", "limit is given twice");
    }
}
