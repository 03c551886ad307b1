//! A configuration before its keys are known: a tree, the same whichever encoding it came in.

/// One value of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// `null`: as if the key were not there.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number that is not negative.
    Whole(u64),
    /// Any other number.
    OtherNumber,
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// An object, its keys in their order.
    Object(Vec<(String, Value)>),
}

/// The deepest nesting that is read.
pub(super) const MAX_DEPTH: u8 = 16;

impl Value {
    /// What it is, for a message about what it should be.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Whole(_) => "a number",
            Self::OtherNumber => "a number that is negative or not whole",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}
