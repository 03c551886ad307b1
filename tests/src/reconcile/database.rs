//! The database's word: every event in it, and every summary of events whose detail is gone, decoded and added
//! up, past the collector's own sums.

use std::path::Path;

use anyhow::{Context, Result};
use rusqlite::{Connection, OpenFlags};
use weir_wire::{Batch, Event, Measure, SummaryCell, Summed, UsageStatus, binary};

use super::figure::{Figure, Ledger, TokenKind};
use super::filter_stats::outcome;

/// Reads all detail and all summaries of the database in `file`, which a collector may have open.
///
/// # Errors
/// When it cannot be read, or a block in it is not a batch.
pub fn from_database(file: &Path) -> Result<Ledger> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut ledger = Ledger::covering(Figure::all());
    for table in ["blocks", "summaries"] {
        let sql = format!("SELECT id, batch_bytes, body FROM {table} ORDER BY id");
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (id, size, body): (i64, i64, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let batch =
                unpacked(size, &body).with_context(|| format!("{table} {id} of {}", file.display()))?;
            add_batch(&mut ledger, &batch);
        }
    }
    Ok(ledger)
}

fn add_batch(ledger: &mut Ledger, batch: &Batch) {
    batch.events().for_each(|event| add(ledger, &event));
    let cells = batch.summary().into_iter().flat_map(|summary| summary.cells());
    cells.for_each(|cell| add_cell(ledger, &cell));
}

fn unpacked(size: i64, body: &[u8]) -> Result<Batch> {
    Ok(binary::decode(&zstd::bulk::decompress(body, usize::try_from(size)?)?)?)
}

const TOKENS: [(TokenKind, Summed); 5] = [
    (TokenKind::Input, Summed::InputTokens),
    (TokenKind::Output, Summed::OutputTokens),
    (TokenKind::CacheRead, Summed::CacheReadTokens),
    (TokenKind::CacheWrite, Summed::CacheWriteTokens),
    (TokenKind::Reasoning, Summed::ReasoningTokens),
];

fn add(ledger: &mut Ledger, event: &Event<'_>) {
    let backend = event.target.backend.unwrap_or("none");
    let mut add = |figure, by: u64| ledger.add(backend, figure, by.into());
    if let Some(outcome) = outcome(event.result.outcome.name()) {
        add(Figure::Requests(outcome), 1);
    }
    add(Figure::Answered2xx, event.result.status.is_some_and(|status| (200..300).contains(&status)).into());
    add(Figure::Attempts, event.result.attempts.unwrap_or(0).into());
    match event.result.usage_status {
        Some(UsageStatus::Reported) => add(Figure::UsageReported, 1),
        Some(UsageStatus::Partial) => add(Figure::UsagePartial, 1),
        Some(UsageStatus::Missing) => add(Figure::UsageMissing, 1),
        None => {}
    }
    for (kind, summed) in TOKENS {
        let value = summed.measure().and_then(|measure| event.measures.get(measure));
        add(Figure::Tokens(kind), value.unwrap_or(0));
    }
    let cost = event.measures.get(Measure::CostNanoUsd);
    add(Figure::CostNanoUsd, cost.unwrap_or(0));
    add(Figure::CostUnknown, cost.is_none().into());
}

fn add_cell(ledger: &mut Ledger, cell: &SummaryCell<&str>) {
    let backend = cell.backend.unwrap_or("none");
    let mut add = |figure, by: u64| ledger.add(backend, figure, by.into());
    if let Some(outcome) = outcome(cell.outcome.name()) {
        add(Figure::Requests(outcome), cell.requests);
    }
    add(Figure::Answered2xx, if cell.status_class == Some(2) { cell.requests } else { 0 });
    add(Figure::Attempts, cell.sum(Summed::Attempts).total);
    add(Figure::UsageReported, cell.usage(UsageStatus::Reported));
    add(Figure::UsagePartial, cell.usage(UsageStatus::Partial));
    add(Figure::UsageMissing, cell.usage(UsageStatus::Missing));
    for (kind, summed) in TOKENS {
        add(Figure::Tokens(kind), cell.sum(summed).total);
    }
    let cost = cell.sum(Summed::CostNanoUsd);
    add(Figure::CostNanoUsd, cost.total);
    add(Figure::CostUnknown, cell.requests - cost.known);
}

#[cfg(test)]
mod tests {
    use weir_wire::{
        BatchBuilder, CostSource, EventResult, Health, InstanceId, Measures, Outcome, Producer,
        SummaryBuilder, Target, Window,
    };

    use super::*;

    /// Every combination of what one event can be, from little to much known.
    fn events() -> impl Iterator<Item = Event<'static>> {
        let backends = [None, Some("a"), Some("b")];
        let all = backends.into_iter().flat_map(|backend| {
            Outcome::ALL.iter().flat_map(move |outcome| (0..7).map(move |known| (backend, *outcome, known)))
        });
        all.map(|(backend, outcome, known)| {
            let number = (known > 2).then(|| u64::from(known) * 1_000_003);
            let mut measures = Measures::new();
            measures.set(Measure::CostNanoUsd, number);
            measures.set(Measure::InputTokens, number);
            measures.set(Measure::ReasoningTokens, number.filter(|_| known > 4));
            Event {
                target: Target { backend, ..Target::default() },
                result: EventResult {
                    status: Some(100 * known).filter(|status| *status > 0),
                    attempts: Some(known.into()).filter(|attempts| *attempts > 1),
                    usage_status: UsageStatus::ALL.get(usize::from(known)).copied(),
                    cost_source: number.map(|_| CostSource::Body),
                    ..EventResult::new(outcome)
                },
                measures,
                ..Event::new(outcome)
            }
        })
    }

    #[test]
    fn a_summary_says_what_its_events_say() {
        let producer = Producer { instance: InstanceId([1; 16]), epoch: 1 };
        let (mut detail, mut summary) = (BatchBuilder::new("edge"), SummaryBuilder::new("edge"));
        for (at, event) in (1..).zip(events()) {
            detail.push(&event);
            summary.add(&event, Window { start_s: at % 2, width_s: 1 }, false);
            summary.cover(at, 1);
        }
        let [detail, summary] =
            [detail.finish(producer, 1, 0, Health::default()), summary.batch(producer, 0, Health::default())]
                .map(|batch| {
                    let mut ledger = Ledger::covering(Figure::all());
                    add_batch(&mut ledger, &batch);
                    ledger
                });
        assert_eq!(detail, summary);
        assert_eq!(summary.requests(), events().count() as u128);
        assert!(Figure::all().all(|figure| {
            let absent = [TokenKind::Output, TokenKind::CacheRead, TokenKind::CacheWrite].map(Figure::Tokens);
            (summary.sum(figure) > Some(0)) != absent.contains(&figure)
        }));
    }
}
