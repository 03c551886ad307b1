//! One group commit: some deliveries and refusals, all in one transaction.
//!
//! Nothing that is shared changes before the commit; [`Staged`] holds what it will be, and is thrown away
//! when the transaction fails.

use std::collections::HashMap;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use weir_core::ledger::{Acceptance, Whole};
use weir_core::totals::{Key, MAX_KEYS, Totals};
use weir_wire::Producer;

use super::accounts::Shared;
use super::block::{Block, open_block};
use super::delivery::{Content, Delivery, Receipt};
use super::error::Unavailable;
use super::producers::{self, Known};
use super::quarantine::{self, Refused};
use super::summaries::{self, Summary};
use super::totals_table::{Rows, Statements};
use super::{index, totals_table};

/// The most producers that are remembered; any other is read again when it speaks again.
const MAX_REMEMBERED: usize = 10_000;

/// What a probe writes, bytes: a large block with its part of the index.
const PROBE_BYTES: u32 = 512 << 10;

/// What the writer knows of the database, as of the last commit.
#[derive(Debug)]
pub(super) struct Memory {
    producers: HashMap<Producer, Known>,
    rows: Rows,
    statements: Statements,
    quarantine_batches: u64,
}

/// What the next commit will change.
#[derive(Debug, Default)]
struct Staged {
    /// Each producer before and after; none before its first word.
    producers: HashMap<Producer, (Option<Known>, Known)>,
    totals: Totals,
    rows: Vec<(Key, i64)>,
}

/// One thing that a group consists of.
#[derive(Debug)]
pub(super) enum Item {
    Delivery(Box<Delivery>),
    Refused(Box<Refused>),
    /// Writes about as much as a batch, so that it is known whether that works.
    Probe,
}

impl Item {
    /// About how much memory it takes, bytes.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Delivery(delivery) => delivery.weight(),
            Self::Refused(refused) => refused.body.len(),
            Self::Probe => 0,
        }
    }
}

impl Memory {
    /// Reads what the database holds, and fills `accounts` with it.
    pub(super) fn load(
        connection: &Connection,
        accounts: &Shared,
        quarantine_batches: u64,
    ) -> rusqlite::Result<Self> {
        let (totals, rows) = totals_table::load(connection)?;
        let mut accounts = accounts.lock();
        accounts.totals = totals;
        accounts.quarantined = quarantine::count(connection)?;
        producers::for_each(connection, |known| accounts.gateways.replace(None, &known))?;
        Ok(Self { producers: HashMap::new(), rows, statements: Statements::new(), quarantine_batches })
    }

    /// Commits `items`, and says of each what came of it.
    pub(super) fn commit(
        &mut self,
        connection: &mut Connection,
        accounts: &Shared,
        items: &[Item],
    ) -> Result<Vec<Receipt>, Unavailable> {
        let mut staged = Staged::default();
        let mut receipts = Vec::with_capacity(items.len());
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for item in items {
            receipts.push(match item {
                Item::Delivery(delivery) => self.take(&transaction, &mut staged, delivery)?,
                Item::Refused(refused) => {
                    quarantine::keep(&transaction, refused, self.quarantine_batches)?;
                    Receipt::default()
                }
                Item::Probe => {
                    transaction.execute(
                        "INSERT OR REPLACE INTO scratch (id, body) VALUES (1, zeroblob(?1))",
                        [PROBE_BYTES],
                    )?;
                    Receipt::default()
                }
            });
        }
        for (producer, (_, known)) in &mut staged.producers {
            producers::save(&transaction, *producer, known)?;
        }
        self.write_totals(&transaction, accounts, &mut staged)?;
        let quarantined = quarantine::count(&transaction)?;
        transaction.commit()?;
        self.settle(accounts, staged, quarantined);
        if items.iter().any(|item| matches!(item, Item::Probe)) {
            // The room is for the next block. Should this fail, it is one row; the rest is committed.
            let emptied = connection.execute("DELETE FROM scratch", []);
            emptied.inspect_err(|error| tracing::warn!(%error, "cannot empty the scratch table")).ok();
        }
        Ok(receipts)
    }

    fn take(
        &self,
        transaction: &Transaction<'_>,
        staged: &mut Staged,
        delivery: &Delivery,
    ) -> Result<Receipt, Unavailable> {
        let known = match staged.producers.entry(delivery.producer) {
            std::collections::hash_map::Entry::Occupied(entry) => &mut entry.into_mut().1,
            std::collections::hash_map::Entry::Vacant(entry) => {
                let before = match self.producers.get(&delivery.producer) {
                    Some(known) => Some(known.clone()),
                    None => producers::load(transaction, delivery.producer)?,
                };
                let after = before.clone().unwrap_or_else(|| Known::new(delivery.received_us));
                &mut entry.insert((before, after)).1
            }
        };
        known.hear(&delivery.gateway, &delivery.health, delivery.received_us);
        let acceptance = known.ledger.accept(delivery.first_sequence, delivery.events());
        let (events, duplicates) = (delivery.events(), acceptance.duplicates);
        match &delivery.content {
            Content::Nothing => {}
            Content::Events(block) => {
                append(transaction, &mut staged.totals, block, delivery.received_us, &acceptance)?;
            }
            Content::Summary(summary) => {
                return take_summary(transaction, &mut staged.totals, known, summary, delivery.received_us);
            }
        }
        Ok(Receipt { accepted: events - duplicates, duplicates, conflict: false })
    }

    fn write_totals(
        &self,
        transaction: &Transaction<'_>,
        accounts: &Shared,
        staged: &mut Staged,
    ) -> rusqlite::Result<()> {
        let totals: Vec<_> = {
            let accounts = accounts.lock();
            staged.totals = std::mem::take(&mut staged.totals).bounded(&accounts.totals, MAX_KEYS);
            let sum = |(key, counters): (&Key, &weir_core::totals::Counters)| {
                let mut sum = accounts.totals.get(key).cloned().unwrap_or_default();
                sum.merge(counters);
                (key.clone(), sum)
            };
            staged.totals.iter().map(sum).collect()
        };
        for (key, counters) in totals {
            match self.rows.get(&key) {
                Some(row) => self.statements.update(transaction, *row, &counters)?,
                None => {
                    let row = self.statements.insert(transaction, &key, &counters)?;
                    staged.rows.push((key, row));
                }
            }
        }
        Ok(())
    }

    /// After the commit: what was staged is so.
    fn settle(&mut self, accounts: &Shared, staged: Staged, quarantined: u64) {
        let mut accounts = accounts.lock();
        accounts.totals.merge(&staged.totals);
        accounts.quarantined = quarantined;
        self.rows.extend(staged.rows);
        if self.producers.len() > MAX_REMEMBERED {
            self.producers.clear();
        }
        for (producer, (before, after)) in staged.producers {
            accounts.gateways.replace(before.as_ref(), &after);
            self.producers.insert(producer, after);
        }
    }
}

/// Keeps a summary if none of its events has been accepted before: a sum can't be taken apart.
fn take_summary(
    transaction: &Transaction<'_>,
    totals: &mut Totals,
    known: &mut Known,
    summary: &Summary,
    received_us: u64,
) -> Result<Receipt, Unavailable> {
    match known.ledger.accept_whole(&summary.ranges) {
        Whole::Taken(accepted) => {
            summaries::insert(transaction, summary, received_us)?;
            totals.merge(&summary.totals);
            known.summarised = known.summarised.saturating_add(accepted);
            Ok(Receipt { accepted, ..Receipt::default() })
        }
        Whole::Duplicate(duplicates) => Ok(Receipt { duplicates, ..Receipt::default() }),
        Whole::Mixed { duplicates, .. } => Ok(Receipt { duplicates, conflict: true, ..Receipt::default() }),
    }
}

/// Appends what is new of a delivery's events: all as they came, or the new parts.
fn append(
    transaction: &Transaction<'_>,
    totals: &mut Totals,
    block: &Block,
    received_us: u64,
    acceptance: &Acceptance,
) -> Result<(), Unavailable> {
    if acceptance.fresh.is_empty() {
        return Ok(());
    }
    if acceptance.duplicates == 0 {
        append_block(transaction, block, received_us)?;
        totals.merge(&block.totals);
        return Ok(());
    }
    let broken = |error: &dyn std::error::Error| Unavailable(format!("cannot split a batch ({error})"));
    let batch = open_block(&block.body, block.batch_bytes).map_err(|error| broken(&error))?;
    for range in &acceptance.fresh {
        if let Some(part) = Block::of_range(&batch, *range).map_err(|error| broken(&error))? {
            append_block(transaction, &part, received_us)?;
            totals.merge(&part.totals);
        }
    }
    Ok(())
}

fn append_block(transaction: &Transaction<'_>, block: &Block, received_us: u64) -> rusqlite::Result<()> {
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    transaction
        .prepare_cached(
            "INSERT INTO blocks (events, min_ended_us, max_ended_us, received_us, batch_bytes, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((
            signed(block.events),
            signed(block.min_ended_us),
            signed(block.max_ended_us),
            signed(received_us),
            i64::try_from(block.batch_bytes).unwrap_or(i64::MAX),
            &block.body,
        ))?;
    index::insert(transaction, transaction.last_insert_rowid(), &block.hashes)
}
