//! Opens the database, or says why it cannot be used.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::OpenError;
use super::migrate::{APPLICATION_ID, current_version, migrate};

/// How long one connection waits for another's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// What is left of the WAL after a checkpoint, bytes.
const WAL_LIMIT: i64 = 64 << 20;
/// The writer's page cache, KiB (negative, as SQLite has it): a group commit touches pages all over the
/// index, and what does not fit is written twice.
const WRITER_CACHE: i64 = -(32 << 10);
const HEADER: &[u8; 16] = b"SQLite format 3\0";

/// The lock that keeps a second collector off; released when dropped, and by the system when the process
/// dies.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "held for its lock")] File);

/// Opens the database at `path` for writing, creates it if it is not there, and brings it to the schema of
/// this binary.
pub(super) fn open_for_writing(path: &Path) -> Result<(Connection, Lock), OpenError> {
    check_place(path)?;
    let lock = take_lock(path)?;
    check_header(path)?;
    let mut connection = connect(path).map_err(|error| OpenError::of(path, &error))?;
    if connection.is_readonly(rusqlite::MAIN_DB).unwrap_or(false) {
        let problem = "the file can only be read".to_owned();
        return Err(OpenError::ReadOnly { path: path.to_owned(), problem });
    }
    let version = check_owner(&connection, path)?;
    prepare(&mut connection, version).map_err(|error| OpenError::of(path, &error))?;
    Ok((connection, lock))
}

/// A connection that can only read, for a database that [`open_for_writing`] has opened.
pub(super) fn open_for_reading(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn check_place(path: &Path) -> Result<(), OpenError> {
    if path.is_dir() {
        return Err(OpenError::IsDirectory(path.to_owned()));
    }
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) if !parent.is_dir() => Err(OpenError::NoDirectory(parent.to_owned())),
        _ => Ok(()),
    }
}

/// The lock is on a file of its own: SQLite's locks on the database would be lost if another descriptor of
/// it were closed in this process.
fn take_lock(path: &Path) -> Result<Lock, OpenError> {
    let lock_path = beside(path, "-lock");
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&lock_path);
    let mut file = opened.map_err(|error| io_error(&lock_path, &error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let known = file.read_to_string(&mut holder).is_ok() && !holder.trim().is_empty();
            let holder = if known { format!(" (process {})", holder.trim()) } else { String::new() };
            return Err(OpenError::InUse { path: path.to_owned(), holder });
        }
        Err(TryLockError::Error(error)) => return Err(io_error(&lock_path, &error)),
    }
    // Who holds it is a courtesy to the reader of the message above; on a full disk it does without.
    let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    Ok(Lock(file))
}

fn io_error(path: &Path, error: &io::Error) -> OpenError {
    let (path, problem) = (path.to_owned(), error.to_string());
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => OpenError::ReadOnly { path, problem },
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => OpenError::Full(path),
        _ => OpenError::Other { path, problem },
    }
}

/// SQLite takes a short file for an empty database and would overwrite it.
fn check_header(path: &Path) -> Result<(), OpenError> {
    let mut header = Vec::new();
    match File::open(path) {
        Ok(file) => {
            file.take(16).read_to_end(&mut header).map_err(|error| io_error(path, &error))?;
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io_error(path, &error)),
    }
    if header.is_empty() || header == HEADER { Ok(()) } else { Err(OpenError::NotADatabase(path.to_owned())) }
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

/// The file that SQLite or the lock keeps beside the database.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
