//! The parameters of a query: each known, each once, each understood, or a problem that names it.

use std::collections::BTreeMap;

use axum::extract::Query;
use axum::http::Uri;

use crate::problem::Problem;

/// Parameters that have not been taken yet.
pub(super) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// The parameters of `query`, of which each must be one of `known`.
    pub(super) fn of(query: &str, known: &[&'static str]) -> Result<Self, Problem> {
        let uri = Uri::builder().path_and_query(format!("/?{query}")).build();
        let pairs = uri.ok().and_then(|uri| Query::<Vec<(String, String)>>::try_from_uri(&uri).ok());
        let Some(Query(pairs)) = pairs else {
            return Err(Problem::bad_parameter("the query cannot be read"));
        };
        let mut parameters = BTreeMap::new();
        for (name, value) in pairs {
            if !known.contains(&name.as_str()) {
                let hint = match nearest(&name, known) {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("known are: {}", known.join(", ")),
                };
                return Err(wrong(&name, &format!("is not a parameter here; {hint}")));
            }
            if parameters.insert(name.clone(), value).is_some() {
                return Err(wrong(&name, "is given twice"));
            }
        }
        Ok(Self(parameters))
    }

    /// The value of `name`, if it is given and `parse` understands it.
    pub(super) fn take<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Problem> {
        let value = self.0.remove(name);
        value.map(|value| parse(&value).map_err(|problem| wrong(name, &problem))).transpose()
    }
}

fn wrong(name: &str, problem: &str) -> Problem {
    Problem::bad_parameter(format!("{name} {problem}")).field(name, problem)
}

fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let likeness = |known: &str| strsim::jaro_winkler(name, known);
    let best = known.iter().map(|known| (likeness(known), *known)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.75).then_some(best.1)
}
