//! `auth`: the tokens and what each may do.

use std::fmt;
use std::path::PathBuf;

use super::fields::Fields;

const SHORTEST_TOKEN: usize = 16;

/// What a token's bearer may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Send events.
    Ingest,
    /// Ask for what was measured.
    Read,
    /// Read, and handle alerts.
    Operate,
    /// Everything.
    Admin,
}

/// Who may ask for what. Without any token only this very machine may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth {
    /// The tokens; names are unique.
    pub tokens: Vec<Token>,
}

/// One bearer token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What messages call it.
    pub name: String,
    /// What it is good for.
    pub role: Role,
    /// Where its value is.
    pub source: TokenSource,
}

/// Where a token's value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenSource {
    /// In the configuration itself.
    Plain(Secret),
    /// The content of a file, without the white space around it.
    File(PathBuf),
    /// Only its SHA-256 is known here.
    Sha256([u8; 32]),
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Role {
    const ALL: [Self; 4] = [Self::Ingest, Self::Read, Self::Operate, Self::Admin];

    /// The name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Operate => "operate",
            Self::Admin => "admin",
        }
    }

    /// Whether its bearer may do what `needed` is for.
    pub fn covers(self, needed: Self) -> bool {
        match self {
            Self::Admin => true,
            Self::Operate => matches!(needed, Self::Operate | Self::Read),
            Self::Ingest | Self::Read => self == needed,
        }
    }
}

impl Secret {
    /// Keeps `text` from being shown.
    ///
    /// # Errors
    /// Says why `text` is no good as a token.
    pub fn new(text: String) -> Result<Self, String> {
        if text.chars().count() < SHORTEST_TOKEN {
            return Err(format!(
                "is shorter than {SHORTEST_TOKEN} characters; `openssl rand -hex 32` makes a good one"
            ));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(
                "holds a character that no HTTP header can carry; use ASCII without spaces".to_owned()
            );
        }
        Ok(Self(text))
    }

    /// The text, for whoever compares it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("(secret)")
    }
}

impl Auth {
    pub(super) fn take(fields: &mut Fields<'_>) -> Self {
        let mut names: Vec<String> = Vec::new();
        let tokens = fields.list("tokens", |fields| {
            let name = required(fields, "name");
            if let Some(name) = &name {
                if names.contains(name) {
                    fields.refuse("name", format!("{name:?} is taken by another token"));
                }
                names.push(name.clone());
            }
            let role = Token::take_role(fields);
            let source = Token::take_source(fields);
            fields.refuse_the_rest();
            Some(Token { name: name?, role: role?, source: source? })
        });
        fields.refuse_the_rest();
        Self { tokens }
    }
}

impl Token {
    fn take_role(fields: &mut Fields<'_>) -> Option<Role> {
        let text = required(fields, "role")?;
        let role = Role::ALL.into_iter().find(|role| role.name() == text);
        if role.is_none() {
            let names = Role::ALL.map(Role::name).join(", ");
            fields.refuse("role", format!("{text:?} is not one of {names}"));
        }
        role
    }

    fn take_source(fields: &mut Fields<'_>) -> Option<TokenSource> {
        let (plain, file, hash) =
            (fields.text("token"), fields.text("token_file"), fields.text("token_sha256"));
        match (plain, file, hash) {
            (Some(text), None, None) => match Secret::new(text) {
                Ok(secret) => Some(TokenSource::Plain(secret)),
                Err(problem) => {
                    fields.refuse("token", problem);
                    None
                }
            },
            (None, Some(path), None) => Some(TokenSource::File(path.into())),
            (None, None, Some(hex)) => {
                let hash = parse_hash(&hex);
                if hash.is_none() {
                    fields.refuse("token_sha256", "is not 64 hexadecimal digits");
                }
                hash.map(TokenSource::Sha256)
            }
            (None, None, None) => {
                fields.refuse_whole("has none of token, token_file, token_sha256");
                None
            }
            _ => {
                fields.refuse_whole("has more than one of token, token_file, token_sha256; keep one");
                None
            }
        }
    }
}

fn required(fields: &mut Fields<'_>, key: &'static str) -> Option<String> {
    let text = fields.text(key).filter(|text| !text.is_empty());
    if text.is_none() {
        fields.refuse(key, "is missing");
    }
    text
}

fn parse_hash(hex: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    if hex.len() != 64 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_covers_what_it_should() {
        let check = |role: Role, covered: &[Role]| {
            let found: Vec<_> = Role::ALL.into_iter().filter(|needed| role.covers(*needed)).collect();
            assert_eq!(found, covered, "{role:?}");
        };
        check(Role::Ingest, &[Role::Ingest]);
        check(Role::Read, &[Role::Read]);
        check(Role::Operate, &[Role::Read, Role::Operate]);
        check(Role::Admin, &Role::ALL);
    }
}
