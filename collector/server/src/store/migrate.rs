//! Brings a database to the schema of this binary.

use rusqlite::{Connection, TransactionBehavior};

/// Marks a SQLite file as Weir's: "WEIR" in ASCII.
pub(super) const APPLICATION_ID: i32 = 0x5745_4952;

/// Each step from one version to the next, in order. A step that has been released never changes.
const STEPS: &[&str] =
    &[include_str!("migrations/0001_first.sql"), include_str!("migrations/0002_summaries.sql")];

/// The version that this binary reads and writes: how many steps there are.
pub(super) fn current_version() -> i32 {
    i32::try_from(STEPS.len()).unwrap_or(i32::MAX)
}

/// Takes the steps from `version` on, all in one transaction.
pub(super) fn migrate(connection: &mut Connection, version: i32) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    for step in STEPS.iter().skip(usize::try_from(version).unwrap_or(0)) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", current_version())?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(connection: &Connection) -> Vec<(String, String)> {
        let mut rows = connection
            .prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
            .unwrap();
        rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn upgraded_equals_fresh() {
        let mut fresh = Connection::open_in_memory().unwrap();
        migrate(&mut fresh, 0).unwrap();
        for from in 1..current_version() {
            let mut upgraded = Connection::open_in_memory().unwrap();
            for step in STEPS.iter().take(usize::try_from(from).unwrap()) {
                upgraded.execute_batch(step).unwrap();
            }
            migrate(&mut upgraded, from).unwrap();
            assert_eq!(schema(&upgraded), schema(&fresh), "from version {from}");
        }
        let version: i32 = fresh.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(version, current_version());
        assert!(schema(&fresh).iter().any(|(name, _)| name == "blocks"));
    }

    #[test]
    fn a_step_that_fails_leaves_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE totals (in_the_way)").unwrap();
        migrate(&mut connection, 0).unwrap_err();
        assert_eq!(schema(&connection).len(), 1);
    }
}
