//! What a request went to: the names that repeat from request to request.

use serde::{Deserialize, Serialize};

use crate::column::{Column, Filling};

/// How many names a target has.
pub(crate) const NAMES: usize = 9;

/// The names of one target. As [`Target<&str>`] it speaks of one event; as `Target<u32>` it is a row of a
/// batch's table, each name a position in the batch's dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "S: Deserialize<'de>"))]
pub struct Target<S> {
    /// The cluster that the request was routed to.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub backend: Option<S>,
    /// The backend's kind, as configured.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub backend_type: Option<S>,
    /// The upstream host's address.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub upstream: Option<S>,
    /// The path as a template, never with its query.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<S>,
    /// The route's name.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub route: Option<S>,
    /// The HTTP method.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub method: Option<S>,
    /// The load-balancing algorithm that chose the backend.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<S>,
    /// The provider, by OpenTelemetry's names.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub provider: Option<S>,
    /// The model that answered.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub model: Option<S>,
}

fn none<S>() -> Option<S> {
    None
}

impl<S: Copy> Target<S> {
    /// The names in the order of their ids in the binary form.
    pub(crate) fn names(&self) -> [Option<S>; NAMES] {
        [
            self.backend,
            self.backend_type,
            self.upstream,
            self.endpoint,
            self.route,
            self.method,
            self.algorithm,
            self.provider,
            self.model,
        ]
    }

    /// The inverse of [`Target::names`].
    pub(crate) fn from_names(names: [Option<S>; NAMES]) -> Self {
        let [backend, backend_type, upstream, endpoint, route, method, algorithm, provider, model] = names;
        Self { backend, backend_type, upstream, endpoint, route, method, algorithm, provider, model }
    }
}

/// A batch's targets, a column a name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Targets {
    pub(crate) rows: usize,
    pub(crate) columns: [Column; NAMES],
}

impl Targets {
    pub(crate) fn of(rows: &[Target<u32>]) -> Self {
        let mut columns: [Filling; NAMES] = Default::default();
        for (at, row) in rows.iter().enumerate() {
            for (column, name) in columns.iter_mut().zip(row.names()) {
                if let Some(name) = name {
                    column.push(at, name.into());
                }
            }
        }
        Self { rows: rows.len(), columns: columns.map(|column| column.finish(rows.len())) }
    }

    /// Row `at`; names beyond 32 bits, which [`validate`](crate::batch::Parts::validate) refuses, are absent.
    pub(crate) fn row(&self, at: usize) -> Target<u32> {
        let name = |column: &Column| column.get(at).and_then(|name| u32::try_from(name).ok());
        Target::from_names(self.columns.each_ref().map(name))
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = Target<u32>> {
        (0..self.rows).map(|at| self.row(at))
    }
}
