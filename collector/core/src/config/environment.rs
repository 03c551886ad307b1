//! `WEIR_SECTION__KEY`: every key of the configuration as an environment variable, which weighs more than
//! the file.
//!
//! `WEIR_SERVER__LIMITS__MAX_BODY_BYTES=1MiB` sets `server.limits.max_body_bytes`; an item of a list is named
//! by its position, `WEIR_AUTH__TOKENS__0__TOKEN_FILE`. A value that begins with `{` or `[` is JSON, any
//! other is a text. Variables without a double underscore are not of the configuration.

use serde_json::{Map, Value};

use super::problem::{Problem, Problems};

const PREFIX: &str = "WEIR_";

/// Lays the variables that concern the configuration over `tree`, in the order of their names.
///
/// # Errors
/// For a variable that cannot be laid over what the file says.
pub fn overlay_environment(
    tree: &mut Value,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<(), Problems> {
    let mut variables: Vec<_> = variables
        .into_iter()
        .filter_map(|(name, text)| {
            let path = name.strip_prefix(PREFIX).filter(|path| path.contains("__"))?.to_lowercase();
            Some((name, path, text))
        })
        .collect();
    variables.sort();
    let mut problems = Vec::new();
    for (name, path, text) in variables {
        let steps: Vec<&str> = path.split("__").collect();
        if let Err(problem) = parse(text).and_then(|value| lay(tree, &steps, value)) {
            problems.push(Problem { path: name, problem });
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
}

fn parse(text: String) -> Result<Value, String> {
    if text.trim_start().starts_with(['{', '[']) {
        // The parser's own message would show a part of the value, which may be a secret.
        serde_json::from_str(&text).map_err(|error| {
            format!("begins like JSON but is not (line {}, column {})", error.line(), error.column())
        })
    } else {
        Ok(Value::String(text))
    }
}

fn lay(tree: &mut Value, steps: &[&str], value: Value) -> Result<(), String> {
    let Some((step, rest)) = steps.split_first() else {
        *tree = value;
        return Ok(());
    };
    let position = step.parse::<usize>().ok();
    if tree.is_null() {
        *tree = if position.is_some() { Value::Array(Vec::new()) } else { Value::Object(Map::new()) };
    }
    match (tree, position) {
        (Value::Object(map), _) => lay(map.entry(*step).or_insert(Value::Null), rest, value),
        (Value::Array(items), Some(at)) if at <= items.len() => {
            if at == items.len() {
                items.push(Value::Null);
            }
            items.get_mut(at).map_or(Ok(()), |item| lay(item, rest, value))
        }
        (Value::Array(items), Some(_)) => Err(format!("{step} is beyond the list's end, {}", items.len())),
        (Value::Array(_), None) => Err(format!("{step} is within a list; name a position, from 0 on")),
        _ => Err(format!("{step} is within a value that has no keys")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn variables_are_laid_over_the_file() {
        let check = |mut tree: Value, variables: &[(&str, &str)], expected: Result<Value, &str>| {
            let variables = variables.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
            let result = overlay_environment(&mut tree, variables);
            match expected {
                Ok(expected) => assert_eq!((result, tree), (Ok(()), expected)),
                Err(expected) => assert_eq!(result.unwrap_err().to_string(), expected),
            }
        };
        check(json!(null), &[("WEIR_LOG", "debug"), ("PATH", "/bin")], Ok(json!(null)));
        check(
            json!({ "server": { "listen": "a" } }),
            &[("WEIR_SERVER__LISTEN", "b"), ("WEIR_SERVER__LIMITS__MAX_BODY_BYTES", "1")],
            Ok(json!({ "server": { "listen": "b", "limits": { "max_body_bytes": "1" } } })),
        );
        check(
            json!({ "auth": { "tokens": [{ "name": "a" }] } }),
            &[("WEIR_AUTH__TOKENS__0__TOKEN", "x"), ("WEIR_AUTH__TOKENS__1__NAME", "b")],
            Ok(json!({ "auth": { "tokens": [{ "name": "a", "token": "x" }, { "name": "b" }] } })),
        );
        check(json!(null), &[("WEIR_AUTH__TOKENS", "[]")], Ok(json!({ "auth": { "tokens": [] } })));
        check(
            json!(null),
            &[("WEIR_AUTH__TOKENS", "[{secret")],
            Err("WEIR_AUTH__TOKENS: begins like JSON but is not (line 1, column 3)"),
        );
        check(
            json!({ "server": { "listen": "a" } }),
            &[("WEIR_SERVER__LISTEN__PORT", "1")],
            Err("WEIR_SERVER__LISTEN__PORT: port is within a value that has no keys"),
        );
        check(
            json!({ "auth": { "tokens": [] } }),
            &[("WEIR_AUTH__TOKENS__3__NAME", "b")],
            Err("WEIR_AUTH__TOKENS__3__NAME: 3 is beyond the list's end, 0"),
        );
    }
}
