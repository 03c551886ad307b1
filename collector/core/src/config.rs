//! What the collector is configured to do: from a tree of plain values to types that hold only what is
//! valid.
//!
//! Each section stands in its own file. A section takes the keys that it knows and leaves the rest, which is
//! refused with its path and the nearest key that exists; all problems are found at once. Where the tree
//! comes from (a file, the environment, flags) is somebody else's business, and so is reading the files that
//! a section names.

mod auth;
mod environment;
mod fields;
mod problem;
mod server;
mod size;
mod storage;

use serde_json::Value;

pub use auth::{Auth, Role, Secret, Token, TokenSource};
pub use environment::overlay_environment;
pub use problem::{Problem, Problems};
pub use server::{Limits, Server};
pub use storage::Storage;

use fields::Fields;

/// The whole configuration, valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where and how it listens.
    pub server: Server,
    /// Where it keeps what it is told.
    pub storage: Storage,
    /// Who may ask for what.
    pub auth: Auth,
}

impl Config {
    /// Reads a tree as a configuration file holds it; `null` is an empty one.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn from_value(tree: Value) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let mut fields = Fields::root(tree, &mut problems);
        let server = Server::take(&mut fields.section("server"));
        let storage = Storage::take(&mut fields.section("storage"));
        let auth = Auth::take(&mut fields.section("auth"));
        fields.refuse_the_rest();
        if problems.is_empty() { Ok(Self { server, storage, auth }) } else { Err(Problems(problems)) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_empty_tree_is_the_default() {
        for empty in [Value::Null, json!({}), json!({ "server": null, "auth": {} })] {
            let config = Config::from_value(empty).unwrap();
            assert_eq!(config.server.listen.to_string(), "127.0.0.1:8686");
            assert_eq!(config.server.limits.max_body_bytes, 8 << 20);
            assert_eq!(config.storage.path.to_str(), Some("weir.db"));
            assert_eq!(config.auth.tokens, []);
        }
    }

    #[test]
    fn what_is_given_is_taken() {
        let config = Config::from_value(json!({
            "server": { "listen": "[::1]:0", "limits": { "max_body_bytes": "1 MiB", "body_timeout_seconds": 5 } },
            "storage": { "url": "sqlite:/var/lib/weir/weir.db" },
            "auth": { "tokens": [
                { "name": "edge", "role": "ingest", "token": "a-long-enough-token" },
                { "name": "ops", "role": "admin", "token_file": "/run/secrets/ops" },
                { "name": "grafana", "role": "read", "token_sha256": "ab".repeat(32) },
            ] },
        }))
        .unwrap();
        assert_eq!(config.server.limits.max_body_bytes, 1 << 20);
        assert_eq!(config.server.limits.body_timeout_seconds, 5);
        assert_eq!(config.storage.path.to_str(), Some("/var/lib/weir/weir.db"));
        let sources: Vec<_> = config.auth.tokens.iter().map(|token| &token.source).collect();
        assert!(matches!(
            sources.as_slice(),
            [TokenSource::Plain(_), TokenSource::File(_), TokenSource::Sha256([0xab, ..])]
        ));
        assert!(!format!("{config:?}").contains("a-long-enough-token"), "secrets are not shown");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |tree: Value, expected: &[&str]| {
            let problems = Config::from_value(tree.clone()).unwrap_err();
            let found: Vec<String> = problems.0.iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{tree}");
        };
        check(json!([]), &["the configuration: must be an object, not a list"]);
        check(json!({ "sever": {} }), &["sever: is not a known key; did you mean server?"]);
        check(
            json!({ "server": { "limits": { "max_body": 1 } } }),
            &["server.limits.max_body: is not a known key; did you mean max_body_bytes?"],
        );
        check(
            json!({ "server": { "zzz": 1 } }),
            &["server.zzz: is not a known key; known are: listen, limits"],
        );
        check(json!({ "server": 1 }), &["server: must be an object, not a number"]);
        check(
            json!({ "server": { "listen": "localhost" } }),
            &["server.listen: \"localhost\" is not an address and port such as 127.0.0.1:8686 or [::1]:8686"],
        );
        check(
            json!({ "server": { "limits": { "max_body_bytes": "8 MB" } } }),
            &["server.limits.max_body_bytes: \"8 MB\" is not a number of bytes such as 8388608 or 8 MiB"],
        );
        check(
            json!({ "server": { "limits": { "max_body_bytes": 1, "body_timeout_seconds": -1 } } }),
            &[
                "server.limits.max_body_bytes: 1 is not between 1024 and 67108864",
                "server.limits.body_timeout_seconds: -1 is not a whole number from 1 to 3600",
            ],
        );
        check(
            json!({ "storage": { "url": "postgres://db" } }),
            &[
                "storage.url: \"postgres://db\" is not of the form sqlite:PATH; SQLite is the only store so far",
            ],
        );
        check(
            json!({ "storage": { "url": "sqlite::memory:" } }),
            &["storage.url: a database in memory would lose what was acknowledged; name a file"],
        );
        check(
            json!({ "auth": { "tokens": [{ "role": "writer", "token": "short" }] } }),
            &[
                "auth.tokens[0].name: is missing",
                "auth.tokens[0].role: \"writer\" is not one of ingest, read, operate, admin",
                "auth.tokens[0].token: is shorter than 16 characters; `openssl rand -hex 32` makes a good one",
            ],
        );
        check(
            json!({ "auth": { "tokens": [
                { "name": "a", "role": "read", "token_sha256": "abc" },
                { "name": "a", "role": "read", "token_file": "x", "token": "0123456789abcdef" },
                { "name": "b", "role": "read" },
            ] } }),
            &[
                "auth.tokens[0].token_sha256: is not 64 hexadecimal digits",
                "auth.tokens[1].name: \"a\" is taken by another token",
                "auth.tokens[1]: has more than one of token, token_file, token_sha256; keep one",
                "auth.tokens[2]: has none of token, token_file, token_sha256",
            ],
        );
    }
}
