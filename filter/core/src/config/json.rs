//! JSON as a tree. Strict: what JSON does not allow is refused with its place.
//!
//! A page of our own, since the libraries for it leave ways to panic in the module.

use super::value::{MAX_DEPTH, Value};
use crate::words;

/// Reads one document.
///
/// # Errors
/// Says what is wrong, and where.
pub(super) fn parse(text: &[u8]) -> Result<Value, String> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.skip_space();
    if reader.peek().is_some() {
        return Err(reader.wrong("something stands behind the end of the object"));
    }
    Ok(value)
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: u8) -> Result<Value, String> {
        if depth > MAX_DEPTH {
            return Err(self.wrong("nested too deep"));
        }
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => Ok(Value::Text(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(_) => Err(self.wrong("expected a value")),
            None => Err(self.wrong("ends where a value should be")),
        }
    }

    fn object(&mut self, depth: u8) -> Result<Value, String> {
        let mut entries: Vec<(String, Value)> = Vec::new();
        self.advance();
        self.skip_space();
        if self.eat(b'}') {
            return Ok(Value::Object(entries));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.wrong("expected a key in double quotes"));
            }
            let key = self.string()?;
            if entries.iter().any(|(known, _)| *known == key) {
                return Err(self.wrong(&words::concat(["the key ", &key, " stands twice"])));
            }
            self.skip_space();
            if !self.eat(b':') {
                return Err(self.wrong("expected a colon behind the key"));
            }
            let value = self.value(depth.saturating_add(1))?;
            entries.push((key, value));
            self.skip_space();
            if self.eat(b'}') {
                return Ok(Value::Object(entries));
            }
            if !self.eat(b',') {
                return Err(self.wrong("expected a comma or a closing brace"));
            }
        }
    }

    fn list(&mut self, depth: u8) -> Result<Value, String> {
        let mut items = Vec::new();
        self.advance();
        self.skip_space();
        if self.eat(b']') {
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value(depth.saturating_add(1))?);
            self.skip_space();
            if self.eat(b']') {
                return Ok(Value::List(items));
            }
            if !self.eat(b',') {
                return Err(self.wrong("expected a comma or a closing bracket"));
            }
        }
    }

    fn string(&mut self) -> Result<String, String> {
        let mut bytes = Vec::new();
        self.advance();
        loop {
            match self.peek() {
                None => return Err(self.wrong("a text has no closing quote")),
                Some(b'"') => break,
                Some(b'\\') => {
                    self.advance();
                    self.escape(&mut bytes)?;
                }
                Some(..b' ') => return Err(self.wrong("a text holds a control character")),
                Some(byte) => {
                    bytes.push(byte);
                    self.advance();
                }
            }
        }
        self.advance();
        String::from_utf8(bytes).map_err(|_| self.wrong("a text is not UTF-8"))
    }

    fn escape(&mut self, bytes: &mut Vec<u8>) -> Result<(), String> {
        let plain = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                self.advance();
                let character = self.unicode()?;
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => return Err(self.wrong("an unknown escape")),
        };
        bytes.push(plain);
        self.advance();
        Ok(())
    }

    fn unicode(&mut self) -> Result<char, String> {
        let mut code = self.hex4()?;
        if (0xd800..0xdc00).contains(&code) && self.eat(b'\\') && self.eat(b'u') {
            let low = self.hex4()?;
            if (0xdc00..0xe000).contains(&low) {
                code = 0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            }
        }
        char::from_u32(code).ok_or_else(|| self.wrong("half of a surrogate pair"))
    }

    fn hex4(&mut self) -> Result<u32, String> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let digit = digit.ok_or_else(|| self.wrong("expected four hexadecimal digits"))?;
            code = (code << 4) | digit;
            self.advance();
        }
        Ok(code)
    }

    fn number(&mut self) -> Result<Value, String> {
        let begin = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) {
            self.advance();
        }
        let digits = self.text.get(begin..self.at).unwrap_or_default();
        if digits.iter().all(u8::is_ascii_digit) {
            if digits.len() > 1 && digits.first() == Some(&b'0') {
                return Err(self.wrong("a number begins with a zero"));
            }
            let add = |value: u64, digit: &u8| {
                value.checked_mul(10)?.checked_add(u64::from(digit.saturating_sub(b'0')))
            };
            return Ok(digits.iter().try_fold(0, add).map_or(Value::OtherNumber, Value::Whole));
        }
        Ok(Value::OtherNumber)
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, String> {
        let end = self.at.saturating_add(word.len());
        if self.text.get(self.at..end) != Some(word.as_bytes()) {
            return Err(self.wrong("expected a value"));
        }
        self.at = end;
        Ok(value)
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn advance(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        if there {
            self.advance();
        }
        there
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.advance();
        }
    }

    fn wrong(&self, problem: &str) -> String {
        let before = self.text.get(..self.at).unwrap_or(self.text);
        let line = before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count().saturating_add(1);
        words::concat([problem, " (line ", &line.to_string(), ", column ", &column.to_string(), ")"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn check(text: &str, expected: Result<Value, &str>) {
        match (parse(text.as_bytes()), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{text}"),
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{text}: {found}"),
            (found, expected) => panic!("{text}: {found:?}, not {expected:?}"),
        }
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    test! {
        fn what_json_allows_is_read() {
            check(" { } ", Ok(Value::Object(vec![])));
            check("[1, 0, 18446744073709551615, 18446744073709551616, -1, 1.5, 1e3]", Ok(Value::List(vec![
                Value::Whole(1), Value::Whole(0), Value::Whole(u64::MAX), Value::OtherNumber, Value::OtherNumber, Value::OtherNumber, Value::OtherNumber,
            ])));
            check(r#"{"a": true, "b": false, "c": null}"#, Ok(Value::Object(vec![
                ("a".into(), Value::Bool(true)), ("b".into(), Value::Bool(false)), ("c".into(), Value::Null),
            ])));
            check(r#""\"\\\/\b\f\n\r\t\u00e4\ud83d\ude00ö""#, Ok(text("\"\\/\u{8}\u{c}\n\r\tä😀ö")));
        }

        fn what_json_does_not_allow_is_refused_with_its_place() {
            check("{\n  \"a\": }", Err("expected a value (line 2, column 8)"));
            check("", Err("ends"));
            check("{\"a\" 1}", Err("colon"));
            check("{\"a\": 1 \"b\"", Err("comma"));
            check("{\"a\": 1,}", Err("key"));
            check("{'a': 1}", Err("double quotes"));
            check("[1 2]", Err("comma"));
            check("{\"a\": 1, \"a\": 2}", Err("twice"));
            check("{} x", Err("behind"));
            check("\"abc", Err("closing quote"));
            check("\"a\nb\"", Err("control"));
            check("\"\\x\"", Err("escape"));
            check("\"\\ud800\"", Err("surrogate"));
            check("\"\\u12g4\"", Err("hexadecimal"));
            check("nul", Err("value"));
            check("01", Err("zero"));
            check(&"[".repeat(100), Err("deep"));
        }
    }
}
