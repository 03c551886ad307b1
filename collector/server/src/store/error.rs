//! What can be wrong with a database: at the start, where somebody has to act, and later, where producers
//! are told to come again.

use std::path::PathBuf;

use rusqlite::ErrorCode;

/// Why a database cannot be used. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("the directory {} of the database does not exist: create it, or set storage.url to another path", .0.display())]
    NoDirectory(PathBuf),
    #[error("{} is a directory: storage.url must name a file, which is created if it is not there", .0.display())]
    IsDirectory(PathBuf),
    #[error("{} is not a file: storage.url must name one, which is created if it is not there", .0.display())]
    NotAFile(PathBuf),
    #[error(
        "{} has {names} names (hard links): SQLite keeps its log beside one of them, and what is written under \
         another would be lost. Remove the others, or set storage.url to a file of its own", .path.display()
    )]
    ManyNames { path: PathBuf, names: u64 },
    #[error("{} is not a database: move it away, or set storage.url to another path", .0.display())]
    NotADatabase(PathBuf),
    #[error(
        "{} is a SQLite database of another program (application_id {found:#x}, tables: {tables}): \
         set storage.url to another path", .path.display()
    )]
    OtherProgram { path: PathBuf, found: i32, tables: String },
    #[error(
        "{} has schema version {found} and this binary ({}) knows up to {known}: \
         run the newer weir, or restore a backup from before the upgrade", .path.display(), env!("CARGO_PKG_VERSION")
    )]
    Newer { path: PathBuf, found: i32, known: i32 },
    #[error(
        "cannot write to {}: {problem}. The collector must be able to write the file and, for its -wal and \
         -shm files, the directory it is in: mend their permissions or the mount", .path.display()
    )]
    ReadOnly { path: PathBuf, problem: String },
    #[error("{} is in use by another weir{holder}: stop that one, or set storage.url to another path", .path.display())]
    InUse { path: PathBuf, holder: String },
    #[error("{} is locked by another program: end it (a sqlite3 shell? a backup?) and start again", .0.display())]
    Locked(PathBuf),
    #[error("the disk that holds {} is full: make room and start again; nothing that was acknowledged is lost", .0.display())]
    Full(PathBuf),
    #[error(
        "{} is damaged ({problem}): keep a copy, then restore a backup or try `sqlite3 FILE .recover`", .path.display()
    )]
    Damaged { path: PathBuf, problem: String },
    #[error(
        "{} is not a Weir database or damaged ({problem}): set storage.url to another path, or restore a backup",
        .path.display()
    )]
    NotWeirs { path: PathBuf, problem: String },
    #[error("cannot open the database {}: {problem}", .path.display())]
    Other { path: PathBuf, problem: String },
}

impl OpenError {
    pub(super) fn of(path: &std::path::Path, error: &rusqlite::Error) -> Self {
        let (path, problem) = (path.to_owned(), describe(error));
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotADatabase(path),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                Self::ReadOnly { path, problem }
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked(path),
            Some(ErrorCode::DiskFull) => Self::Full(path),
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, problem },
            // Our own statements are good: it is the tables that are not ours.
            Some(ErrorCode::Unknown) => Self::NotWeirs { path, problem },
            _ => Self::Other { path, problem },
        }
    }
}

/// What SQLite says, without the statement that it says it of.
fn describe(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}

/// The store cannot do now what it was asked: nothing was kept, and it may go better later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unavailable(pub(crate) String);

impl Unavailable {
    pub(super) fn stopping() -> Self {
        Self("the collector is stopping".to_owned())
    }
}

impl From<rusqlite::Error> for Unavailable {
    fn from(error: rusqlite::Error) -> Self {
        let advice = match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => "the disk is full: make room",
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                "the database is locked by another program: end it"
            }
            Some(ErrorCode::ReadOnly) => "the database cannot be written: mend its permissions",
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                "the database is damaged: restore a backup"
            }
            Some(ErrorCode::SystemIoFailure) => "the disk does not take or give data: look at it",
            _ => "the database does not work",
        };
        Self(format!("{advice} ({})", describe(&error)))
    }
}
