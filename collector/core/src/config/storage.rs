//! `storage`: where the collector keeps what it is told.

use std::path::PathBuf;

use super::fields::Fields;

/// The store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    /// The SQLite file.
    pub path: PathBuf,
}

impl Storage {
    pub(super) fn take(fields: &mut Fields<'_>) -> Self {
        let path = fields.text("url").and_then(|url| match sqlite_path(&url) {
            Ok(path) => Some(path),
            Err(problem) => {
                fields.refuse("url", problem);
                None
            }
        });
        fields.refuse_the_rest();
        Self { path: path.unwrap_or_else(|| "weir.db".into()) }
    }
}

fn sqlite_path(url: &str) -> Result<PathBuf, String> {
    let path = url
        .strip_prefix("sqlite:")
        .filter(|path| !path.is_empty())
        .ok_or_else(|| format!("{url:?} is not of the form sqlite:PATH; SQLite is the only store so far"))?;
    if path == ":memory:" {
        return Err("a database in memory would lose what was acknowledged; name a file".to_owned());
    }
    // `sqlite:///var/lib/weir.db` is how some people write an absolute path.
    let path = path.strip_prefix("//").filter(|rest| rest.starts_with('/')).unwrap_or(path);
    if path.contains(['?', '\0']) {
        return Err(format!("{url:?} must be a plain path, without parameters"));
    }
    Ok(path.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_files() {
        let check = |url: &str, expected: Option<&str>| {
            let path = sqlite_path(url).ok();
            assert_eq!(path.as_deref().and_then(|path| path.to_str()), expected, "{url:?}");
        };
        check("sqlite:weir.db", Some("weir.db"));
        check("sqlite:/data/weir.db", Some("/data/weir.db"));
        check("sqlite:///data/weir.db", Some("/data/weir.db"));
        for bad in ["", "weir.db", "sqlite:", "sqlite::memory:", "sqlite:a?mode=ro", "postgres://x"] {
            check(bad, None);
        }
    }
}
