//! JSON objects put together from parts.

use serde_json::Value;

/// `object` with the fields of `extra` added; both are to be objects.
pub(super) fn with(mut object: Value, extra: Value) -> Value {
    if let (Value::Object(fields), Value::Object(extra)) = (&mut object, extra) {
        fields.extend(extra);
    }
    object
}
