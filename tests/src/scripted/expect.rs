//! What a record must say, written as the part of it that matters.
//!
//! Every member that is named must be there with that value. `{"from": a, "to": b}` stands for any number in
//! between, both ends included; `{"contains": "x"}` for any text with `x` in it.

use serde_json::{Value, json};

/// A number between the two, both ends included.
pub fn within(from: f64, to: f64) -> Value {
    json!({ "from": from, "to": to })
}

/// Both expectations at once; where they differ, the second counts.
#[must_use]
pub fn with(mut expected: Value, more: Value) -> Value {
    match (&mut expected, more) {
        (Value::Object(members), Value::Object(more)) => {
            for (name, value) in more {
                let merged = members.remove(&name).map_or(value.clone(), |known| with(known, value));
                members.insert(name, merged);
            }
            expected
        }
        (_, more) => more,
    }
}

/// Where `found` is not as `expected`, in words.
pub fn differences(expected: &Value, found: &Value) -> Vec<String> {
    let mut list = Vec::new();
    compare("", expected, found, &mut list);
    list
}

fn compare(place: &str, expected: &Value, found: &Value, list: &mut Vec<String>) {
    if let Some(fits) = bounds(expected, found).or_else(|| part(expected, found)) {
        if !fits {
            list.push(format!("{place} is {found}, expected {expected}"));
        }
        return;
    }
    match expected {
        Value::Object(members) => {
            for (name, expected) in members {
                let place = format!("{place}/{name}");
                match found.get(name) {
                    Some(found) => compare(&place, expected, found, list),
                    None => list.push(format!("{place} is not there, expected {expected}")),
                }
            }
        }
        _ if same(expected, found) => {}
        _ => list.push(format!("{place} is {found}, expected {expected}")),
    }
}

fn bounds(expected: &Value, found: &Value) -> Option<bool> {
    let (from, to) = (expected.get("from")?.as_f64()?, expected.get("to")?.as_f64()?);
    Some(found.as_f64().is_some_and(|found| (from..=to).contains(&found)))
}

fn part(expected: &Value, found: &Value) -> Option<bool> {
    let part = expected.get("contains")?.as_str()?;
    Some(found.as_str().is_some_and(|found| found.contains(part)))
}

/// Numbers are the same if their values are: 1 and 1.0.
fn same(expected: &Value, found: &Value) -> bool {
    expected == found || expected.as_f64().zip(found.as_f64()).is_some_and(|(one, other)| one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_must_be_so_and_the_rest_may_be_anything() {
        let found = json!({"status": 200, "took": 1.5, "usage": {"in": 1, "out": null}, "flags": ["UT"], "d": "a{b}"});
        let check = |expected: Value, count: usize| {
            let list = differences(&expected, &found);
            assert_eq!(list.len(), count, "{expected}: {list:?}");
        };
        check(json!({}), 0);
        check(json!({"status": 200, "took": within(1.0, 2.0), "usage": {"out": null}, "flags": ["UT"]}), 0);
        check(json!({"d": {"contains": "{b"}, "status": 200.0}), 0);
        check(json!({"status": 201, "took": within(2.0, 3.0), "usage": {"in": null}, "flags": []}), 4);
        check(json!({"d": {"contains": "x"}, "absent": 1}), 2);
        check(json!({"usage": within(0.0, 9.0)}), 1);
    }
}
