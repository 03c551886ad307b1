//! Messages made of words and numbers, without the failure that `format!` allows for.

/// A [`String`] as from `format!`, but that what cannot be written is left out instead of being a panic.
macro_rules! message {
    ($($part:tt)*) => {{
        let mut text = String::new();
        let _ = std::fmt::Write::write_fmt(&mut text, format_args!($($part)*));
        text
    }};
}

pub(crate) use message;
