//! What totals are kept apart by.

use weir_wire::{Outcome, SummaryCell, Target};

/// Stands for a name that was one too many.
pub const OTHER: &str = "other";

/// A series and a way to end. A name that is not known is absent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The cluster that requests were routed to.
    pub backend: Option<Box<str>>,
    /// The route's name.
    pub route: Option<Box<str>>,
    /// The model that answered.
    pub model: Option<Box<str>>,
    /// The load-balancing algorithm.
    pub algorithm: Option<Box<str>>,
    /// The end that the requests came to.
    pub outcome: Outcome,
    /// The first digit of the HTTP status; absent if no response began.
    pub status_class: Option<u8>,
}

impl Key {
    /// The key of an event with this target, outcome and HTTP status.
    pub fn new(target: &Target<&str>, outcome: Outcome, status: Option<u16>) -> Self {
        Self {
            backend: target.backend.map(Into::into),
            route: target.route.map(Into::into),
            model: target.model.map(Into::into),
            algorithm: target.algorithm.map(Into::into),
            outcome,
            status_class: status.and_then(|status| u8::try_from(status / 100).ok()),
        }
    }

    /// The key of a summary's cell.
    pub fn of_cell(cell: &SummaryCell<&str>) -> Self {
        Self {
            backend: cell.backend.map(Into::into),
            route: cell.route.map(Into::into),
            model: cell.model.map(Into::into),
            algorithm: cell.algorithm.map(Into::into),
            outcome: cell.outcome,
            status_class: cell.status_class,
        }
    }

    /// The same with only its backend and its outcome left.
    pub(super) fn backend_only(&self) -> Self {
        let other = || Some(OTHER.into());
        Self { backend: self.backend.clone(), route: other(), model: other(), algorithm: other(), ..*self }
    }

    /// The same with only its outcome left.
    pub(super) fn outcome_only(&self) -> Self {
        Self { backend: Some(OTHER.into()), ..self.backend_only() }
    }
}
