//! What is configured is in force, and what is wrong is said.

use crate::harness::{Collector, Place, fail, weir};

#[test]
fn check_says_what_is_wrong() {
    let place = Place::new();
    let check = |name: &str, content: &str, expected: &[&str]| {
        let file = place.file(name, content);
        let said = fail(weir(["check".as_ref(), file.as_os_str()]));
        for part in expected {
            assert!(said.contains(part), "{said:?} should say {part:?}");
        }
        let mut serve = place.serve();
        serve.arg("--config").arg(&file);
        let served = fail(serve);
        for part in expected {
            assert!(served.contains(part), "{served:?} should say {part:?}");
        }
    };
    check(
        "keys.yaml",
        "server:\n  limits:\n    max_body: 1\nsotrage: {}\n",
        &[
            "server.limits.max_body: is not a known key; did you mean max_body_bytes?",
            "did you mean storage?",
        ],
    );
    check("broken.yaml", "server: [\n", &["broken.yaml is not YAML or JSON", "line"]);
    check("twice.json", r#"{"server": {}, "server": {}}"#, &["twice.json", "duplicate"]);
    check(
        "token.yaml",
        "auth: { tokens: [{ name: a, role: read, token_file: /nowhere/token }] }",
        &["auth.tokens[0] (a) has no usable token", "cannot read the file /nowhere/token"],
    );
    check(
        "short.yaml",
        "auth: { tokens: [{ name: a, role: read, token: secret }] }",
        &["is shorter than 16"],
    );
    let said = fail(weir(["check", "/nowhere/weir.yaml"]));
    assert!(said.contains("cannot read the configuration file /nowhere/weir.yaml"), "{said}");
}

#[test]
fn check_says_that_all_is_well() {
    let place = Place::new();
    for (name, content) in
        [("a.yaml", "server: { listen: \"127.0.0.1:1\" }"), ("b.json", "{\"storage\": {}}"), ("c.yaml", "")]
    {
        let file = place.file(name, content);
        let output = weir(["check".as_ref(), file.as_os_str()]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{}: ok\n", file.display()));
    }
}

#[test]
fn flags_weigh_more_than_the_environment_and_that_more_than_the_file() {
    let place = Place::new();
    let other = place.path().join("other.db");
    let file = place.file(
        "weir.yaml",
        &format!("storage: {{ url: \"sqlite:{}\" }}\nserver: {{ listen: nonsense }}", other.display()),
    );
    let mut command = weir(["serve", "--config"]);
    command
        .arg(&file)
        .env("WEIR_SERVER__LISTEN", "127.0.0.1:0")
        .env("WEIR_SERVER__LIMITS__MAX_BODY_BYTES", "2KiB");
    let collector = Collector::start(command);
    assert_eq!(collector.post(&[crate::client::BINARY], &[0; 2049]).status, 413);
    collector.stop();
    assert!(other.exists() && !place.database().exists());
    let mut command = weir(["serve", "--listen", "127.0.0.1:0", "--config"]);
    command.arg(&file).arg("--database").arg(place.database()).env("WEIR_SERVER__LISTEN", "still nonsense");
    Collector::start(command).stop();
    assert!(place.database().exists());
}

#[test]
fn a_variable_that_fits_nowhere_is_refused() {
    let place = Place::new();
    let mut command = place.serve();
    command.env("WEIR_SERVER__LISTNE", "127.0.0.1:0");
    let said = fail(command);
    assert!(said.contains("server.listne: is not a known key; did you mean listen?"), "{said}");
}

#[test]
fn a_taken_address_is_named() {
    let place = Place::new();
    let collector = place.start();
    let address = collector.address.to_string();
    let other = Place::new();
    let mut command = weir(["serve", "--listen", &address, "--database"]);
    command.arg(other.database());
    let said = fail(command);
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
}

#[test]
fn the_log_can_be_json() {
    let place = Place::new();
    let mut command = place.serve();
    command.args(["--log-format", "json", "--log-level", "debug"]);
    let collector = Collector::start(command);
    let first = collector.log().lines().next().unwrap().to_owned();
    let line: serde_json::Value = serde_json::from_str(&first).unwrap();
    assert_eq!(line["message"], format!("listening url=http://{}", collector.address));
    assert_eq!(line["level"], "INFO");
    let mut command = place.serve();
    command.args(["--log-level", "loud=very"]);
    assert!(fail(command).contains("--log-level"));
}
