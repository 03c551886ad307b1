//! What a request went to: the names that repeat from request to request.

use serde::{Deserialize, Serialize};

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
    /// The names in the order of the binary form.
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
