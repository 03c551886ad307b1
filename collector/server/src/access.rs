//! Who may do what: tokens, and where there are none, only this machine.
//!
//! Tokens are held as hashes, compared in constant time, and never logged.

use std::net::{IpAddr, SocketAddr};

use anyhow::Context;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use weir_core::config::{Auth, Role, Secret, TokenSource};

use crate::problem::Problem;

/// The tokens that are good for something.
pub(crate) struct Access {
    tokens: Vec<Known>,
}

struct Known {
    role: Role,
    sha256: [u8; 32],
}

impl Access {
    /// Readies the configured tokens; reads the files that they are in.
    ///
    /// # Errors
    /// For a file that cannot be read or holds no token.
    pub(crate) fn of(auth: &Auth) -> anyhow::Result<Self> {
        let known = |(at, token): (usize, &weir_core::config::Token)| {
            let sha256 = hash_of(&token.source)
                .with_context(|| format!("auth.tokens[{at}] ({}) has no usable token", token.name))?;
            Ok(Known { role: token.role, sha256 })
        };
        let tokens = auth.tokens.iter().enumerate().map(known).collect::<anyhow::Result<_>>()?;
        Ok(Self { tokens })
    }

    /// Whether only this machine may connect.
    pub(crate) fn is_local(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Whether `peer` may connect at all.
    pub(crate) fn check_peer(&self, peer: SocketAddr) -> Result<(), Problem> {
        if !self.is_local() || is_loopback(peer.ip()) {
            return Ok(());
        }
        Err(Problem::forbidden(
            "no token is configured (auth.tokens), so that only clients on the collector's own machine may connect",
        ))
    }

    /// Whether a question to `host` is meant for a collector that only this machine may ask: by a name that
    /// nobody else can give it. With tokens any name will do.
    pub(crate) fn check_host(&self, host: Option<&Authority>, listen: IpAddr) -> Result<(), Problem> {
        let host = host.map(Authority::host).unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        let own = address.is_ok_and(|address| is_loopback(address) || address == listen);
        if !self.is_local() || own || host.eq_ignore_ascii_case("localhost") {
            return Ok(());
        }
        Err(Problem::forbidden(format!(
            "no token is configured (auth.tokens), so that only localhost may be asked, not {host:?}"
        ))
        .field("host", "is not localhost or a loopback address"))
    }

    /// Whether whoever sent `headers` may do what `needed` is for.
    pub(crate) fn check(&self, headers: &HeaderMap, needed: Role) -> Result<(), Problem> {
        if self.is_local() {
            return Ok(());
        }
        let challenge = |detail: &str| {
            let challenge = HeaderValue::from_static("Bearer realm=\"weir\"");
            Problem::unauthorized(detail).with_header(header::WWW_AUTHENTICATE, challenge)
        };
        let token = bearer(headers)
            .ok_or_else(|| challenge("send a token that is configured: `Authorization: Bearer TOKEN`"))?;
        let role = self.role_of(token).ok_or_else(|| challenge("the token is not one that is configured"))?;
        if role.covers(needed) {
            return Ok(());
        }
        let (needed, role) = (needed.name(), role.name());
        Err(Problem::forbidden(format!("this needs a token with the role {needed}; the one sent has {role}")))
    }

    /// Looks at every token, so that time does not tell which one was near.
    fn role_of(&self, token: &[u8]) -> Option<Role> {
        let sha256 = Sha256::digest(token);
        let mut role = None;
        for known in &self.tokens {
            if bool::from(known.sha256.as_slice().ct_eq(sha256.as_slice())) {
                role = Some(known.role);
            }
        }
        role
    }
}

fn hash_of(source: &TokenSource) -> anyhow::Result<[u8; 32]> {
    let secret = match source {
        TokenSource::Sha256(sha256) => return Ok(*sha256),
        TokenSource::Plain(secret) => secret.clone(),
        TokenSource::File(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read the file {}", path.display()))?;
            Secret::new(text.trim().to_owned())
                .map_err(|problem| anyhow::anyhow!("what the file {} holds {problem}", path.display()))?
        }
    };
    Ok(Sha256::digest(secret.expose().as_bytes()).into())
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// A v4 address may come as v6.
pub(crate) fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use axum::response::IntoResponse;
    use weir_core::config::Token;

    use super::*;

    fn access(tokens: &[(&str, Role)]) -> Access {
        let token = |(text, role): &(&str, Role)| Token {
            name: "t".to_owned(),
            role: *role,
            source: TokenSource::Plain(Secret::new((*text).to_owned()).unwrap()),
        };
        Access::of(&Auth { tokens: tokens.iter().map(token).collect() }).unwrap()
    }

    #[test]
    fn a_token_opens_what_its_role_covers() {
        let both = access(&[("ingest-0123456789", Role::Ingest), ("reading-0123456789", Role::Read)]);
        let check = |access: &Access, header: Option<&str>, needed: Role, expected: u16| {
            let mut headers = HeaderMap::new();
            if let Some(header) = header {
                headers.insert(header::AUTHORIZATION, header.parse().unwrap());
            }
            let status = access
                .check(&headers, needed)
                .map_or_else(|problem| problem.into_response().status(), |()| StatusCode::OK);
            assert_eq!(status.as_u16(), expected, "{header:?} {needed:?}");
        };
        check(&access(&[]), None, Role::Admin, 200);
        check(&both, None, Role::Ingest, 401);
        check(&both, Some("Bearer ingest-0123456789"), Role::Ingest, 200);
        check(&both, Some("bearer  reading-0123456789 "), Role::Read, 200);
        check(&both, Some("Bearer ingest-0123456789"), Role::Read, 403);
        check(&both, Some("Bearer ingest-012345678"), Role::Ingest, 401);
        check(&both, Some("Basic ingest-0123456789"), Role::Ingest, 401);
        check(&both, Some("Bearer"), Role::Ingest, 401);
    }

    #[test]
    fn without_tokens_only_this_machine_connects() {
        let check = |access: &Access, peer: &str, expected: bool| {
            assert_eq!(access.check_peer(peer.parse().unwrap()).is_ok(), expected, "{peer}");
        };
        check(&access(&[]), "127.0.0.1:1", true);
        check(&access(&[]), "[::1]:1", true);
        check(&access(&[]), "[::ffff:127.0.0.1]:1", true);
        check(&access(&[]), "192.0.2.1:1", false);
        check(&access(&[]), "[::ffff:192.0.2.1]:1", false);
        check(&access(&[("ingest-0123456789", Role::Ingest)]), "192.0.2.1:1", true);
    }

    #[test]
    fn without_tokens_only_localhost_is_asked() {
        let check = |access: &Access, host: &str, expected: bool| {
            let host: Option<Authority> = host.parse().ok();
            let found = access.check_host(host.as_ref(), [192, 0, 2, 7].into());
            assert_eq!(found.is_ok(), expected, "{host:?}");
        };
        let local = access(&[]);
        for host in ["localhost", "LOCALHOST:8686", "127.0.0.1", "127.9.9.9:1", "[::1]:8686", "192.0.2.7:80"]
        {
            check(&local, host, true);
        }
        for host in ["", "weir", "localhost.evil.example", "127.0.0.1.evil.example:80", "192.0.2.8", "[::2]"]
        {
            check(&local, host, false);
        }
        check(&access(&[("reading-0123456789", Role::Read)]), "weir.example", true);
    }
}
