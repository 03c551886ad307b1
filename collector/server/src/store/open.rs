//! Opens the database, or says why it cannot be used.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::claim::claim;
use super::error::OpenError;
use super::migrate::{APPLICATION_ID, current_version, migrate};

/// How long one connection waits for another's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// What is left of the WAL after a checkpoint, bytes.
const WAL_LIMIT: i64 = 64 << 20;
/// The writer's page cache, KiB (negative, as SQLite has it): a group commit touches pages all over the
/// index, and what does not fit is written twice.
const WRITER_CACHE: i64 = -(32 << 10);

/// Opens the database at `path` for writing, creates it if it is not there, and brings it to the schema of
/// this binary. Also says where the file really is: from now on it is known by that path.
pub(super) fn open_for_writing(path: &Path) -> Result<(Connection, PathBuf), OpenError> {
    let path = &claim(path)?;
    let mut connection = connect(path).map_err(|error| OpenError::of(path, &error))?;
    if connection.is_readonly(rusqlite::MAIN_DB).unwrap_or(false) {
        let problem = "the file can only be read".to_owned();
        return Err(OpenError::ReadOnly { path: path.to_owned(), problem });
    }
    let version = check_owner(&connection, path)?;
    prepare(&mut connection, version).map_err(|error| OpenError::of(path, &error))?;
    Ok((connection, path.to_owned()))
}

/// A connection that can only read, for a database that [`open_for_writing`] has opened.
pub(super) fn open_for_reading(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// The schema version of a database that is Weir's; 0 for an empty one.
fn check_owner(connection: &Connection, path: &Path) -> Result<i32, OpenError> {
    let read = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let tables = || -> rusqlite::Result<Vec<String>> {
        let mut rows = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' LIMIT 5")?;
        rows.query_map([], |row| row.get(0))?.collect()
    };
    let found = || Ok((read("application_id")?, read("user_version")?, tables()?));
    let (owner, version, tables) = found().map_err(|error| OpenError::of(path, &error))?;
    let path = path.to_owned();
    if owner == 0 && version == 0 && tables.is_empty() {
        Ok(0)
    } else if owner != APPLICATION_ID {
        Err(OpenError::OtherProgram { path, found: owner, tables: tables.join(", ") })
    } else if version > current_version() {
        Err(OpenError::Newer { path, found: version, known: current_version() })
    } else if version < 1 {
        let problem = format!("its schema version is {version}");
        Err(OpenError::NotWeirs { path, problem })
    } else {
        Ok(version)
    }
}

fn prepare(connection: &mut Connection, version: i32) -> rusqlite::Result<()> {
    if version == 0 {
        // Space of deleted detail is given back step by step; this can only be said before the first table.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // In WAL mode only FULL lets a commit survive a power cut, and an acknowledgement promises that.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_size_limit", WAL_LIMIT)?;
    connection.pragma_update(None, "cache_size", WRITER_CACHE)?;
    connection.set_prepared_statement_cache_capacity(32);
    if version < current_version() {
        migrate(connection, version)?;
    }
    Ok(())
}

/// The file that SQLite keeps beside the database.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
