//! The producers' rows: what each has delivered and what it says of itself.

use rusqlite::{Connection, OptionalExtension, Row, Transaction};
use weir_core::ledger::Ledger;
use weir_wire::{Health, HealthCounter, InstanceId, Producer};

/// What is known of one producer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    /// Its row; none until it has one.
    pub(super) row: Option<i64>,
    pub(super) gateway: String,
    pub(super) ledger: Ledger,
    pub(super) health: Health,
    /// How many of the accepted events came without their detail.
    pub(super) summarised: u64,
    pub(super) first_seen_us: u64,
    pub(super) last_seen_us: u64,
}

const COLUMNS: &str = "id, gateway, ledger, health, summarised, first_seen_us, last_seen_us";

impl Known {
    /// A producer that is heard of for the first time.
    pub(super) fn new(received_us: u64) -> Self {
        Self {
            row: None,
            gateway: String::new(),
            ledger: Ledger::default(),
            health: Health::default(),
            summarised: 0,
            first_seen_us: received_us,
            last_seen_us: received_us,
        }
    }

    /// Takes over what the producer says of itself. Its counters only grow, so that an old batch that comes
    /// late cannot turn them back.
    pub(super) fn hear(&mut self, gateway: &str, health: &Health, received_us: u64) {
        if self.gateway != gateway {
            gateway.clone_into(&mut self.gateway);
        }
        for (counter, value) in health.known() {
            let value = self.health.get(counter).map_or(value, |known| known.max(value));
            self.health.set(counter, value);
        }
        self.last_seen_us = self.last_seen_us.max(received_us);
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let damaged = |column: usize, problem: String| {
            rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Blob, problem.into())
        };
        let ledger = row.get_ref(2)?.as_blob()?;
        let number = |column| row.get::<_, i64>(column).map(|number| u64::try_from(number).unwrap_or(0));
        Ok(Self {
            row: Some(row.get(0)?),
            gateway: row.get(1)?,
            ledger: Ledger::decode(ledger).map_err(|error| damaged(2, error.to_string()))?,
            health: decode_health(row.get_ref(3)?.as_str()?)
                .map_err(|error| damaged(3, error.to_string()))?,
            summarised: number(4)?,
            first_seen_us: number(5)?,
            last_seen_us: number(6)?,
        })
    }
}

/// Reads one producer, if it is known.
pub(super) fn load(connection: &Connection, producer: Producer) -> rusqlite::Result<Option<Known>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM producers WHERE instance = ?1 AND epoch = ?2"))?
        .query_row((producer.instance.0, producer.epoch.cast_signed()), Known::from_row)
        .optional()
}

/// Calls `each` with every producer.
pub(super) fn for_each(connection: &Connection, mut each: impl FnMut(Known)) -> rusqlite::Result<()> {
    let mut all = connection.prepare(&format!("SELECT {COLUMNS} FROM producers"))?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        each(Known::from_row(row)?);
    }
    Ok(())
}

/// Writes one producer and gives it a row if it has none.
pub(super) fn save(
    transaction: &Transaction<'_>,
    producer: Producer,
    known: &mut Known,
) -> rusqlite::Result<()> {
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let (ledger, health) = (known.ledger.encode(), encode_health(&known.health));
    if let Some(row) = known.row {
        transaction
            .prepare_cached(
                "UPDATE producers SET gateway = ?2, ledger = ?3, health = ?4, summarised = ?5, last_seen_us = ?6
                 WHERE id = ?1",
            )?
            .execute((
                row,
                &known.gateway,
                ledger,
                health,
                signed(known.summarised),
                signed(known.last_seen_us),
            ))?;
        return Ok(());
    }
    let InstanceId(instance) = producer.instance;
    transaction
        .prepare_cached(
            "INSERT INTO producers
                 (instance, epoch, gateway, ledger, health, summarised, first_seen_us, last_seen_us)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute((
            instance,
            producer.epoch.cast_signed(),
            &known.gateway,
            ledger,
            health,
            signed(known.summarised),
            signed(known.first_seen_us),
            signed(known.last_seen_us),
        ))?;
    known.row = Some(transaction.last_insert_rowid());
    Ok(())
}

fn encode_health(health: &Health) -> String {
    let counters = health.known().map(|(counter, value)| (counter.name().to_owned(), value.into()));
    serde_json::Value::Object(counters.collect()).to_string()
}

/// Counters that this binary does not know are left out.
fn decode_health(text: &str) -> serde_json::Result<Health> {
    let counters: std::collections::HashMap<String, u64> = serde_json::from_str(text)?;
    let mut health = Health::default();
    for counter in HealthCounter::ALL {
        if let Some(value) = counters.get(counter.name()) {
            health.set(*counter, *value);
        }
    }
    Ok(health)
}
