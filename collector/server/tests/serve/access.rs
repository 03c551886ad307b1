//! Who may do what.

use sha2::{Digest, Sha256};
use weir_wire::binary;

use crate::batches::{batch, producer};
use crate::client::{BINARY, send};
use crate::harness::{Collector, Place, outside_address};

const TOKENS: &str = "
auth:
  tokens:
    - { name: edge, role: ingest, token: ingest-0123456789 }
    - { name: grafana, role: read, token_sha256: TOKEN_SHA256 }
    - { name: ops, role: operate, token_file: TOKEN_FILE }
";

#[test]
fn a_token_is_needed_and_its_role_counts() {
    let place = Place::new();
    let token_file = place.file("token", "operate-0123456789\n");
    let sha256: String =
        Sha256::digest("reading-0123456789").iter().map(|byte| format!("{byte:02x}")).collect();
    let tokens = TOKENS.replace("TOKEN_FILE", token_file.to_str().unwrap()).replace("TOKEN_SHA256", &sha256);
    let collector = place.start_with(&tokens);
    let body = binary::encode(&batch(producer(1), 1, 1));
    let check = |method: &str, path: &str, token: Option<&str>, status: u16| {
        let authorization = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![BINARY];
        headers.extend(authorization.as_deref().map(|value| ("authorization", value)));
        let response = send(collector.address, method, path, &headers, &body).unwrap();
        assert_eq!(response.status, status, "{method} {path} {token:?}: {response:?}");
        if status >= 400 {
            response.problem();
        }
        assert_eq!(response.header("www-authenticate").is_some(), status == 401);
    };
    let (ingest, operate, wrong) =
        (Some("ingest-0123456789"), Some("operate-0123456789"), Some("wrong-0123456789"));
    check("POST", "/api/v1/events", None, 401);
    check("POST", "/api/v1/events", wrong, 401);
    check("POST", "/api/v1/events", operate, 403);
    check("POST", "/api/v1/events", ingest, 200);
    check("GET", "/metrics", None, 401);
    check("GET", "/metrics", ingest, 403);
    check("GET", "/metrics", operate, 200);
    check("GET", "/metrics", Some("reading-0123456789"), 200);
    check("POST", "/api/v1/events", Some("reading-0123456789"), 403);
    check("GET", "/api/v1/requests", ingest, 403);
    check("GET", "/api/v1/requests", operate, 200);
    check("GET", "/healthz", None, 200);
    check("GET", "/readyz", None, 200);
    let log = collector.log();
    for secret in ["reading-0123456789", "ingest-0123456789", "operate-0123456789", "wrong-0123456789"] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[test]
fn without_a_token_the_network_is_shut_out() {
    let place = Place::new();
    let collector = Collector::start(place.serve_on("0.0.0.0:0"));
    assert!(collector.log().contains("no token is configured"), "{}", collector.log());
    let port = collector.address.port();
    let local = send(([127, 0, 0, 1], port).into(), "GET", "/healthz", &[], b"").unwrap();
    assert_eq!(local.status, 200);
    let Some(outside) = outside_address() else { return };
    let refused = send((outside, port).into(), "GET", "/healthz", &[], b"").unwrap();
    assert_eq!(refused.status, 403, "{refused:?}");
    assert!(refused.problem()["detail"].as_str().unwrap().contains("auth.tokens"));
}

/// A page in a browser on this machine, whose site has its name point to loopback, must not read anything.
#[test]
fn without_a_token_only_localhost_is_asked() {
    let place = Place::new();
    let collector = place.start();
    let body = binary::encode(&batch(producer(1), 1, 1));
    let check = |method: &str, path: &str, host: &str, status: u16| {
        let response = send(collector.address, method, path, &[BINARY, ("host", host)], &body).unwrap();
        assert_eq!(response.status, status, "{method} {path} {host}: {response:?}");
        if status >= 400 {
            assert_eq!(response.problem()["errors"][0]["field"], "host");
        }
    };
    // What gateways put there is their own affair.
    check("POST", "/api/v1/events", "weir", 200);
    for path in ["/", "/metrics", "/api/v1/requests", "/api/v1/requests?limit=1"] {
        check("GET", path, "rebound.example:8686", 403);
        check("GET", path, "127.0.0.1.rebound.example", 403);
        check("GET", path, "localhost:1", 200);
        check("GET", path, "[::1]", 200);
    }
    check("GET", "/healthz", "rebound.example", 200);
}
