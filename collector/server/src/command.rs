//! What the program can be told to do. One file a command.

pub(crate) mod check;
pub(crate) mod serve;
