//! What must hold of a batch, checked in one place for both decoders.

use crate::batch::{Ids, OwnedId, Parts, Reference};
use crate::column::Column;
use crate::message::message;
use crate::result::ResultField;
use crate::strings::check_string;
use crate::{DecodeError, MAX_EVENTS, Measure, OLDEST_VERSION, VERSION};

impl Parts {
    /// Checks every invariant of a batch.
    pub(crate) fn validate(&self) -> Result<(), DecodeError> {
        if !(OLDEST_VERSION..=VERSION).contains(&self.version) {
            return Err(DecodeError::Version { found: self.version.into() });
        }
        self.check_counts()?;
        self.check_strings()?;
        self.check_dimension_names()?;
        self.check_summary()?;
        self.check_tables()?;
        self.check_columns()?;
        self.check_costs()
    }

    fn check_counts(&self) -> Result<(), DecodeError> {
        if self.events > MAX_EVENTS {
            let problem = message!("{} are more than the {MAX_EVENTS} that one batch may hold", self.events);
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
        check_text(|| "gateway".into(), &self.gateway)?;
        for (at, text) in self.strings.iter().enumerate() {
            check_text(|| message!("strings[{at}]"), text)?;
        }
        if let Ids::Mixed(ids) = &self.ids {
            for (at, id) in ids.iter().enumerate() {
                if let OwnedId::Text(text) = id {
                    check_text(|| message!("request_ids[{at}]"), text)?;
                }
            }
        }
        Ok(())
    }

    fn check_dimension_names(&self) -> Result<(), DecodeError> {
        const PART: &str = "dimension_names";
        let mut names = self.dimension_names.iter();
        while let Some(name) = names.next() {
            let Some(name) = name.as_deref() else { continue };
            check_text(|| PART.into(), name)?;
            if self.version < 3 {
                return Err(DecodeError::malformed(PART, "came with version 3 of the batch"));
            }
            if name.is_empty() || names.clone().any(|other| other.as_deref() == Some(name)) {
                return Err(DecodeError::malformed(PART, "a name is empty or stands twice"));
            }
        }
        Ok(())
    }

    fn check_summary(&self) -> Result<(), DecodeError> {
        const PART: &str = "summary";
        let Some(summary) = &self.summary else { return Ok(()) };
        if self.version < 3 {
            return Err(DecodeError::malformed(PART, "came with version 3 of the batch"));
        }
        if self.events > 0 {
            return Err(DecodeError::malformed(PART, "a batch holds events or a summary, not both"));
        }
        let end = summary.validate(self.strings.len())?;
        if end > self.first_sequence {
            let problem = message!("{} is below {end}, where the summary ends", self.first_sequence);
            return Err(DecodeError::malformed("first_sequence", problem));
        }
        Ok(())
    }

    fn check_tables(&self) -> Result<(), DecodeError> {
        for (part, rows) in [("targets", self.targets.rows), ("results", self.results.rows)] {
            if rows > self.events {
                let problem = message!("{rows} rows for {} events", self.events);
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
            Err(DecodeError::malformed(message!("results[{at}]"), "a field is out of range"))
        })
    }

    /// A cost says where it comes from, and nothing else does.
    fn check_costs(&self) -> Result<(), DecodeError> {
        let Some(costs) = self.measures.get(Measure::CostNanoUsd.index()) else { return Ok(()) };
        let sources: Vec<bool> = (0..self.results.rows)
            .map(|row| self.results.get(ResultField::CostSource, row).is_some())
            .collect();
        let source = |at| {
            let row = self.references.get(Reference::Result.index())?.get(at)?;
            sources.get(usize::try_from(row).ok()?).copied()
        };
        if matches!(costs, Column::Absent) && !sources.contains(&true) {
            return Ok(());
        }
        match (0..self.events).find(|at| costs.get(*at).is_some() != source(*at).unwrap_or(false)) {
            None => Ok(()),
            Some(at) => {
                let problem = "a cost and its source must be there together";
                Err(DecodeError::malformed(message!("cost_nano_usd[{at}]"), problem))
            }
        }
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
            check_column(measure.name(), column, self.events, measure.limit() + 1, required)?;
        }
        Ok(())
    }
}

/// Checks that a column has a value for each of `rows` (or may lack it) and that all are below `limit`.
pub(crate) fn check_column(
    name: &str,
    column: &Column,
    rows: usize,
    limit: u64,
    required: bool,
) -> Result<(), DecodeError> {
    let complete = match column {
        Column::Absent => rows == 0,
        Column::Constant(_) => true,
        Column::Dense(values) => {
            check_length(name, values.len(), rows)?;
            true
        }
        Column::Sparse(sparse) => {
            let covered = sparse.present.all_rows() == rows;
            let known = sparse.values.len() == 1 || sparse.values.len() == sparse.present.count();
            if !covered || !known {
                return Err(DecodeError::malformed(name, message!("does not fit {rows} rows")));
            }
            false
        }
    };
    if required && !complete {
        return Err(DecodeError::malformed(name, "every row must have one"));
    }
    match column.values().iter().find(|value| **value >= limit) {
        Some(value) => Err(DecodeError::malformed(name, message!("{value} is not below {limit}"))),
        None => Ok(()),
    }
}

fn check_length(name: &str, found: usize, events: usize) -> Result<(), DecodeError> {
    if found == events {
        return Ok(());
    }
    Err(DecodeError::malformed(name, message!("{found} values for {events} rows")))
}

fn check_text(name: impl Fn() -> String, text: &str) -> Result<(), DecodeError> {
    check_string(text).map_err(|refusal| DecodeError::malformed(name(), refusal.describe()))
}
