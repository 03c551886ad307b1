//! Makes sure that a database is used by one collector only, under one name.
//!
//! The claim is a lock of the system (`flock`) on the database file itself, so that whoever opens the same
//! file meets it, by whatever path. It is another kind of lock than SQLite's and does not disturb those; but
//! closing any descriptor of the file drops SQLite's, so that the claim's is never closed: it ends with the
//! process, however that ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::error::OpenError;

const HEADER: &[u8; 16] = b"SQLite format 3\0";

/// Claims the database at `path` for the rest of the process's life, creates an empty file if there is none,
/// and says where it really is. SQLite must not have opened it before.
pub(super) fn claim(path: &Path) -> Result<PathBuf, OpenError> {
    check_place(path)?;
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    let mut file = opened.map_err(|error| io_error(path, &error))?;
    // SQLite's log lies beside the file's own name, not beside a link.
    let path = path.canonicalize().map_err(|error| io_error(path, &error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let holder = holder(&file).map_or_else(String::new, |process| format!(" (process {process})"));
            return Err(OpenError::InUse { path, holder });
        }
        Err(TryLockError::Error(error)) => return Err(io_error(&path, &error)),
    }
    check_file(&path, &mut file)?;
    std::mem::forget(file);
    Ok(path)
}

/// Looks before anything is opened: opening a pipe would wait for its other end.
fn check_place(path: &Path) -> Result<(), OpenError> {
    match path.metadata() {
        Ok(found) if found.is_dir() => Err(OpenError::IsDirectory(path.to_owned())),
        Ok(found) if !found.is_file() => Err(OpenError::NotAFile(path.to_owned())),
        Ok(_) => Ok(()),
        Err(_) => match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(parent) if !parent.is_dir() => Err(OpenError::NoDirectory(parent.to_owned())),
            _ => Ok(()),
        },
    }
}

fn check_file(path: &Path, file: &mut File) -> Result<(), OpenError> {
    let names = file.metadata().map_err(|error| io_error(path, &error))?.nlink();
    if names > 1 {
        return Err(OpenError::ManyNames { path: path.to_owned(), names });
    }
    // SQLite takes a short file for an empty database and would overwrite it.
    let mut header = Vec::new();
    file.take(16).read_to_end(&mut header).map_err(|error| io_error(path, &error))?;
    if header.is_empty() || header == HEADER { Ok(()) } else { Err(OpenError::NotADatabase(path.to_owned())) }
}

/// The process that holds the lock, where the system tells: a courtesy to whoever has to end it.
fn holder(file: &File) -> Option<u32> {
    let inode = format!(":{}", file.metadata().ok()?.ino());
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    // 1: FLOCK  ADVISORY  WRITE 4711 08:01:1835009 0 EOF
    let process = |line: &str| {
        let mut fields = line.split_whitespace().skip(1);
        let (kind, process, place) = (fields.next()?, fields.nth(2)?, fields.next()?);
        let process: u32 = process.parse().ok()?;
        (kind == "FLOCK" && place.ends_with(&inode) && process > 0).then_some(process)
    };
    locks.lines().find_map(process)
}

fn io_error(path: &Path, error: &io::Error) -> OpenError {
    let (path, problem) = (path.to_owned(), error.to_string());
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => OpenError::ReadOnly { path, problem },
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => OpenError::Full(path),
        _ => OpenError::Other { path, problem },
    }
}
