//! One column of a batch in memory: a value an event, some absent.

use crate::measure::NULL;

/// The values of one measure (or of one reference into a table) for all events of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Column {
    /// No event has a value.
    #[default]
    Absent,
    /// Every event has this value.
    Constant(u64),
    /// A value an event; `u64::MAX` stands for "absent".
    Values(Vec<u64>),
}

impl Column {
    /// The value of event `at`, if it has one.
    pub fn get(&self, at: usize) -> Option<u64> {
        match self {
            Self::Absent => None,
            Self::Constant(value) => Some(*value),
            Self::Values(values) => values.get(at).copied().filter(|value| *value != NULL),
        }
    }

    /// Appends a value (or [`NULL`]) as event number `at`; events before it without a value stay absent.
    pub(crate) fn push(&mut self, at: usize, value: u64) {
        match self {
            Self::Absent if value == NULL => {}
            Self::Values(values) => values.push(value),
            Self::Absent | Self::Constant(_) => {
                let mut values = vec![NULL; at];
                values.push(value);
                *self = Self::Values(values);
            }
        }
    }

    /// The same for a value that may be absent.
    pub(crate) fn push_optional(&mut self, at: usize, value: Option<u64>) {
        self.push(at, value.unwrap_or(NULL));
    }

    /// The shortest way to say the same: nothing, one value, or all of them.
    pub(crate) fn settled(self) -> Self {
        let Self::Values(values) = self else { return self };
        match values.split_first() {
            None => Self::Absent,
            Some((first, rest)) if rest.iter().all(|value| value == first) => {
                if *first == NULL {
                    Self::Absent
                } else {
                    Self::Constant(*first)
                }
            }
            Some(_) => Self::Values(values),
        }
    }
}
