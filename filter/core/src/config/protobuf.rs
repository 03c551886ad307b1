//! `google.protobuf.Struct` as a tree: what a gateway hands over where the configuration is not given as text.
//!
//! Field numbers and wire types are those of `google/protobuf/struct.proto`.

use super::value::{MAX_DEPTH, Value};

/// Numbers in a `Struct` are 64-bit floats: whole ones are exact up to here.
const MOST_EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads a `Struct`.
///
/// # Errors
/// Says what is wrong.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, String> {
    message_struct(bytes, 0).ok_or_else(|| "is neither JSON nor a google.protobuf.Struct".to_owned())
}

/// One field of a message.
enum Field<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Bytes(&'a [u8]),
}

/// Takes the next field; `None` where the bytes are no message.
fn field<'a>(bytes: &mut &'a [u8]) -> Option<(u64, Field<'a>)> {
    let tag = varint(bytes)?;
    let value = match tag & 7 {
        0 => Field::Varint(varint(bytes)?),
        1 => {
            let (value, rest) = bytes.split_first_chunk::<8>()?;
            *bytes = rest;
            Field::Fixed64(*value)
        }
        2 => {
            let length = usize::try_from(varint(bytes)?).ok()?;
            let (value, rest) = bytes.split_at_checked(length)?;
            *bytes = rest;
            Field::Bytes(value)
        }
        _ => return None,
    };
    Some((tag >> 3, value))
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for at in 0..10u32 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f).checked_shl(at.saturating_mul(7))?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// `Struct { map<string, Value> fields = 1; }`
fn message_struct(mut bytes: &[u8], depth: u8) -> Option<Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    let mut entries: Vec<(String, Value)> = Vec::new();
    while !bytes.is_empty() {
        let (1, Field::Bytes(entry)) = field(&mut bytes)? else { return None };
        let (key, value) = map_entry(entry, depth)?;
        // Of a key that stands twice the last one counts, as protobuf has it.
        entries.retain(|(known, _)| *known != key);
        entries.push((key, value));
    }
    Some(Value::Object(entries))
}

/// `{ string key = 1; Value value = 2; }`
fn map_entry(mut bytes: &[u8], depth: u8) -> Option<(String, Value)> {
    let mut key = String::new();
    let mut value = Value::Null;
    while !bytes.is_empty() {
        match field(&mut bytes)? {
            (1, Field::Bytes(text)) => key = std::str::from_utf8(text).ok()?.to_owned(),
            (2, Field::Bytes(bytes)) => value = message_value(bytes, depth)?,
            _ => return None,
        }
    }
    Some((key, value))
}

/// `Value { oneof { null = 1, number = 2, string = 3, bool = 4, struct = 5, list = 6 } }`
fn message_value(mut bytes: &[u8], depth: u8) -> Option<Value> {
    let deeper = depth.saturating_add(1);
    let mut value = Value::Null;
    while !bytes.is_empty() {
        value = match field(&mut bytes)? {
            (1, Field::Varint(_)) => Value::Null,
            (2, Field::Fixed64(bits)) => whole(f64::from_le_bytes(bits)),
            (3, Field::Bytes(text)) => Value::Text(std::str::from_utf8(text).ok()?.to_owned()),
            (4, Field::Varint(flag)) => Value::Bool(flag != 0),
            (5, Field::Bytes(bytes)) => message_struct(bytes, deeper)?,
            (6, Field::Bytes(bytes)) => list(bytes, deeper)?,
            _ => return None,
        };
    }
    Some(value)
}

/// `ListValue { repeated Value values = 1; }`
fn list(mut bytes: &[u8], depth: u8) -> Option<Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    let mut items = Vec::new();
    while !bytes.is_empty() {
        let (1, Field::Bytes(item)) = field(&mut bytes)? else { return None };
        items.push(message_value(item, depth)?);
    }
    Some(Value::List(items))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "only whole numbers within the exact range are cast"
)]
fn whole(number: f64) -> Value {
    if (0.0..=MOST_EXACT).contains(&number) && number.trunc() == number {
        Value::Whole(number as u64)
    } else {
        Value::OtherNumber
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    /// A length-delimited field.
    fn bytes(number: u8, content: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, u8::try_from(content.len()).unwrap()], content].concat()
    }

    fn entry(key: &str, value: &[u8]) -> Vec<u8> {
        bytes(1, &[bytes(1, key.as_bytes()), bytes(2, value)].concat())
    }

    fn number(number: f64) -> Vec<u8> {
        [&[2 << 3 | 1][..], &number.to_le_bytes()].concat()
    }

    test! {
        fn every_kind_of_value_is_read() {
            let list = bytes(6, &[bytes(1, &bytes(3, b"x")), bytes(1, &number(3.0))].concat());
            let message = [
                entry("null", &[1 << 3, 0]),
                entry("whole", &number(3_145_728.0)),
                entry("negative", &number(-1.0)),
                entry("half", &number(0.5)),
                entry("nan", &number(f64::NAN)),
                entry("text", &bytes(3, "größe".as_bytes())),
                entry("yes", &[4 << 3, 1]),
                entry("object", &bytes(5, &entry("a", &[4 << 3, 0]))),
                entry("list", &list),
                entry("nothing", &[]),
            ].concat();
            let object = |entries: &[(&str, Value)]| Value::Object(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect());
            assert_eq!(parse(&message), Ok(object(&[
                ("null", Value::Null),
                ("whole", Value::Whole(3_145_728)),
                ("negative", Value::OtherNumber),
                ("half", Value::OtherNumber),
                ("nan", Value::OtherNumber),
                ("text", Value::Text("größe".into())),
                ("yes", Value::Bool(true)),
                ("object", object(&[("a", Value::Bool(false))])),
                ("list", Value::List(vec![Value::Text("x".into()), Value::Whole(3)])),
                ("nothing", Value::Null),
            ])));
            for end in 1..message.len() {
                let _ = parse(&message[..end]);
            }
        }

        fn what_is_no_struct_is_refused() {
            for bad in [&b"x"[..], b"not json", &[0x0a, 0xff], &[0xff; 12], &[0x0a, 0x02, 0x12, 0x05], &[0x08, 0x01]] {
                assert!(parse(bad).is_err(), "{bad:?}");
            }
            let mut deep = vec![];
            for _ in 0..30 {
                deep = entry("", &bytes(5, &deep));
                if deep.len() > 110 { break }
            }
            let _ = parse(&deep);
        }
    }
}
