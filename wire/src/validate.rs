//! What must hold of a batch, checked in one place for both decoders.

use crate::batch::{Ids, OwnedId, Parts, Reference};
use crate::column::Column;
use crate::measure::NULL;
use crate::result::ResultField;
use crate::strings::check_string;
use crate::{DecodeError, MAX_EVENTS, Measure, OLDEST_VERSION, VERSION};

impl Parts {
    /// Checks every invariant of a batch.
    pub(crate) fn validate(&self) -> Result<(), DecodeError> {
        if !(OLDEST_VERSION..=VERSION).contains(&self.version) {
            return Err(DecodeError::Version { found: self.version.into() });
        }
        if self.version < 2 && self.health.known().next().is_some() {
            return Err(DecodeError::malformed("health", "came with version 2 of the batch"));
        }
        self.check_counts()?;
        self.check_strings()?;
        self.check_tables()?;
        self.check_columns()
    }

    fn check_counts(&self) -> Result<(), DecodeError> {
        if self.events > MAX_EVENTS {
            let problem = format!("{} are more than the {MAX_EVENTS} that one batch may hold", self.events);
            return Err(DecodeError::malformed("events", problem));
        }
        let last = u64::try_from(self.events).ok().and_then(|events| self.first_sequence.checked_add(events));
        if last.is_none() {
            return Err(DecodeError::malformed("first_sequence", "the last event's number exceeds 64 bits"));
        }
        let ids = match &self.ids {
            Ids::Uuids(ids) => ids.len(),
            Ids::Mixed(ids) => ids.len(),
        };
        check_length("request_ids", ids, self.events)?;
        if !self.traces.is_empty() {
            check_length("traces", self.traces.len(), self.events)?;
        }
        Ok(())
    }

    fn check_strings(&self) -> Result<(), DecodeError> {
        check_text("gateway", &self.gateway)?;
        for (at, text) in self.strings.iter().enumerate() {
            check_text(&format!("strings[{at}]"), text)?;
        }
        if let Ids::Mixed(ids) = &self.ids {
            for (at, id) in ids.iter().enumerate() {
                if let OwnedId::Text(text) = id {
                    check_text(&format!("request_ids[{at}]"), text)?;
                }
            }
        }
        Ok(())
    }

    fn check_tables(&self) -> Result<(), DecodeError> {
        for (part, rows) in [("targets", self.targets.rows), ("results", self.results.rows)] {
            if rows > self.events {
                let problem = format!("{rows} rows for {} events", self.events);
                return Err(DecodeError::malformed(part, problem));
            }
        }
        let strings = u64::try_from(self.strings.len()).unwrap_or(u64::MAX).min(u64::from(u32::MAX));
        for column in &self.targets.columns {
            check_column("targets", column, self.targets.rows, strings, false)?;
        }
        for field in ResultField::NAMES {
            if let Some(column) = self.results.columns.get(field as usize) {
                check_column("results", column, self.results.rows, strings, false)?;
            }
        }
        for column in &self.results.columns {
            check_column("results", column, self.results.rows, u64::MAX, false)?;
        }
        let bad = (0..self.results.rows).find(|at| self.results.row(*at).is_none());
        bad.map_or(Ok(()), |at| {
            Err(DecodeError::malformed(format!("results[{at}]"), "a field is out of range"))
        })
    }

    fn check_columns(&self) -> Result<(), DecodeError> {
        for (reference, column) in Reference::ALL.into_iter().zip(&self.references) {
            let (rows, required) = match reference {
                Reference::Target => (self.targets.rows, true),
                Reference::Result => (self.results.rows, true),
                Reference::Consumer | Reference::Dimension(_) => (self.strings.len(), false),
            };
            let limit = rows.try_into().unwrap_or(u64::MAX);
            check_column(reference.name(), column, self.events, limit, required)?;
        }
        for (measure, column) in Measure::ALL.iter().zip(&self.measures) {
            let required = *measure == Measure::EndedUs;
            check_column(measure.name(), column, self.events, Measure::MAX + 1, required)?;
        }
        Ok(())
    }
}

/// Checks that a column has a value for each of `rows` (or may lack it) and that all are below `limit`.
fn check_column(
    name: &str,
    column: &Column,
    rows: usize,
    limit: u64,
    required: bool,
) -> Result<(), DecodeError> {
    let beyond = |value: u64| DecodeError::malformed(name, format!("{value} is not below {limit}"));
    let missing = || DecodeError::malformed(name, "every event must have one");
    match column {
        Column::Absent if required && rows > 0 => Err(missing()),
        Column::Absent => Ok(()),
        Column::Constant(value) if *value >= limit => Err(beyond(*value)),
        Column::Constant(_) => Ok(()),
        Column::Values(values) => {
            check_length(name, values.len(), rows)?;
            match values.iter().find(|value| **value >= limit && **value != NULL) {
                Some(value) => Err(beyond(*value)),
                None if required && values.contains(&NULL) => Err(missing()),
                None => Ok(()),
            }
        }
    }
}

fn check_length(name: &str, found: usize, events: usize) -> Result<(), DecodeError> {
    if found == events {
        return Ok(());
    }
    Err(DecodeError::malformed(name, format!("{found} values for {events} events")))
}

fn check_text(name: &str, text: &str) -> Result<(), DecodeError> {
    check_string(text).map_err(|refusal| DecodeError::malformed(name, refusal.describe()))
}
