//! The totals' rows.

use std::collections::HashMap;
use std::fmt::Write;

use rusqlite::types::{ToSqlOutput, Type, Value, ValueRef};
use rusqlite::{Connection, Row, ToSql, Transaction, params_from_iter};
use weir_core::totals::{Counters, Key, Sum, Summed, Totals};
use weir_wire::{Outcome, UsageStatus};

const KEY_COLUMNS: [&str; 6] = ["backend", "route", "model", "algorithm", "outcome", "status_class"];

/// Which row each key has.
pub(super) type Rows = HashMap<Key, i64>;

/// An integer without bounds: one that SQLite's 64 bits cannot hold is written as decimal text.
struct Big(u128);

impl ToSql for Big {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Owned(match i64::try_from(self.0) {
            Ok(small) => Value::Integer(small),
            Err(_) => Value::Text(self.0.to_string()),
        }))
    }
}

impl Big {
    fn get(row: &Row<'_>, column: usize) -> rusqlite::Result<u128> {
        let number = match row.get_ref(column)? {
            ValueRef::Integer(small) => u128::try_from(small).ok(),
            ValueRef::Text(text) => std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()),
            _ => None,
        };
        let damaged = || "not a sum".to_owned().into();
        number.ok_or_else(|| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, damaged()))
    }

    fn get_u64(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
        Self::get(row, column).map(|number| u64::try_from(number).unwrap_or(u64::MAX))
    }
}

/// The columns behind those of the key, in the order of [`values`].
fn counter_columns() -> Vec<String> {
    let usages = UsageStatus::ALL.iter().map(|status| format!("usage_{}", status.name()));
    let sums = Summed::ALL.iter().flat_map(|sum| [sum.name().to_owned(), format!("{}_known", sum.name())]);
    std::iter::once("requests".to_owned()).chain(usages).chain(sums).collect()
}

fn values(counters: &Counters) -> impl Iterator<Item = Big> + '_ {
    let usages = counters.usages.iter().map(|usage| Big((*usage).into()));
    let sums = counters.sums.iter().flat_map(|sum| [Big(sum.total), Big(sum.known.into())]);
    std::iter::once(Big(counters.requests.into())).chain(usages).chain(sums)
}

/// Reads all totals and which row each has.
pub(super) fn load(connection: &Connection) -> rusqlite::Result<(Totals, Rows)> {
    let columns = [KEY_COLUMNS.join(", "), counter_columns().join(", ")].join(", ");
    let mut all = connection.prepare(&format!("SELECT id, {columns} FROM totals"))?;
    let mut rows = all.query([])?;
    let (mut totals, mut ids) = (Totals::default(), Rows::new());
    while let Some(row) = rows.next()? {
        let key = read_key(row)?;
        totals.add(key.clone(), &read_counters(row)?);
        ids.insert(key, row.get(0)?);
    }
    Ok((totals, ids))
}

fn read_key(row: &Row<'_>) -> rusqlite::Result<Key> {
    let outcome: String = row.get(5)?;
    let unknown = || format!("{outcome:?} is no outcome").into();
    let name = |column| row.get::<_, Option<String>>(column).map(|name| name.map(Into::into));
    Ok(Key {
        backend: name(1)?,
        route: name(2)?,
        model: name(3)?,
        algorithm: name(4)?,
        outcome: Outcome::from_name(&outcome)
            .ok_or_else(|| rusqlite::Error::FromSqlConversionFailure(5, Type::Text, unknown()))?,
        status_class: row.get(6)?,
    })
}

fn read_counters(row: &Row<'_>) -> rusqlite::Result<Counters> {
    let mut column = KEY_COLUMNS.len();
    let mut next = || {
        column += 1;
        column
    };
    let mut counters = Counters { requests: Big::get_u64(row, next())?, ..Counters::default() };
    for usage in &mut counters.usages {
        *usage = Big::get_u64(row, next())?;
    }
    for sum in &mut counters.sums {
        *sum = Sum { total: Big::get(row, next())?, known: Big::get_u64(row, next())? };
    }
    Ok(counters)
}

/// Writes the rows of totals.
#[derive(Debug)]
pub(super) struct Statements {
    insert: String,
    update: String,
}

impl Statements {
    pub(super) fn new() -> Self {
        let counters = counter_columns();
        let mut assignments = String::new();
        for (at, column) in counters.iter().enumerate() {
            let separator = if at == 0 { "" } else { ", " };
            // Writing to a string cannot fail.
            let _ = write!(assignments, "{separator}{column} = ?{}", at + 2);
        }
        let marks = vec!["?"; KEY_COLUMNS.len() + counters.len()].join(", ");
        let columns = [KEY_COLUMNS.join(", "), counters.join(", ")].join(", ");
        Self {
            insert: format!("INSERT INTO totals ({columns}) VALUES ({marks})"),
            update: format!("UPDATE totals SET {assignments} WHERE id = ?1"),
        }
    }

    pub(super) fn update(
        &self,
        transaction: &Transaction<'_>,
        row: i64,
        counters: &Counters,
    ) -> rusqlite::Result<()> {
        let values = values(counters).map(|value| Box::new(value) as Box<dyn ToSql>);
        let values = std::iter::once(Box::new(row) as Box<dyn ToSql>).chain(values);
        transaction.prepare_cached(&self.update)?.execute(params_from_iter(values))?;
        Ok(())
    }

    pub(super) fn insert(
        &self,
        transaction: &Transaction<'_>,
        key: &Key,
        counters: &Counters,
    ) -> rusqlite::Result<i64> {
        let names = [&key.backend, &key.route, &key.model, &key.algorithm];
        let names = names.map(|name| Box::new(name.clone().map(String::from)) as Box<dyn ToSql>);
        let ending: [Box<dyn ToSql>; 2] = [Box::new(key.outcome.name()), Box::new(key.status_class)];
        let values = values(counters).map(|value| Box::new(value) as Box<dyn ToSql>);
        let values = names.into_iter().chain(ending).chain(values);
        transaction.prepare_cached(&self.insert)?.execute(params_from_iter(values))?;
        Ok(transaction.last_insert_rowid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::migrate::migrate;

    #[test]
    fn totals_come_back_as_they_were() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, 0).unwrap();
        let key = |backend: Option<&str>| Key {
            backend: backend.map(Into::into),
            route: None,
            model: Some("m".into()),
            algorithm: None,
            outcome: Outcome::Rejected,
            status_class: None,
        };
        let mut counters = Counters { requests: 7, usages: [1, 2, 3], ..Counters::default() };
        for (at, sum) in counters.sums.iter_mut().enumerate() {
            *sum = Sum { total: (1 << 62) * u128::try_from(at).unwrap(), known: 5 };
        }
        let statements = Statements::new();
        let transaction = connection.transaction().unwrap();
        let row = statements.insert(&transaction, &key(None), &Counters::default()).unwrap();
        statements.update(&transaction, row, &counters).unwrap();
        statements.insert(&transaction, &key(Some("b")), &counters).unwrap();
        transaction.commit().unwrap();
        let (totals, rows) = load(&connection).unwrap();
        assert_eq!(totals, [(key(None), counters.clone()), (key(Some("b")), counters)].into_iter().collect());
        assert_eq!(rows.get(&key(None)), Some(&row));
    }
}
