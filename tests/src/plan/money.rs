//! Nano-USD as the strings that gateways really send.
//!
//! Every form stands for exactly the same number of nano-USD; nothing goes through floating point.

/// Nano-USD as a plain decimal number of USD, without trailing zeros: 1_500_000 is `0.0015`.
pub fn plain_usd(nano_usd: u64) -> String {
    let (whole, rest) = (nano_usd / 1_000_000_000, nano_usd % 1_000_000_000);
    let text = format!("{whole}.{rest:09}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Nano-USD as Python prints a float, which is what LiteLLM sends: like [`plain_usd`], but with an
/// exponent below 0.0001 (`3.65e-05`), and always with a point otherwise.
pub fn python_usd(nano_usd: u64) -> String {
    let digits = nano_usd.to_string();
    // The value is `digits` times 10^-9: with four digits or fewer before 10^-5, Python switches.
    let exponent = 10_usize.saturating_sub(digits.len());
    if nano_usd == 0 || exponent <= 4 {
        let plain = plain_usd(nano_usd);
        return if plain.contains('.') { plain } else { format!("{plain}.0") };
    }
    let (first, others) = digits.split_at_checked(1).unwrap_or((&digits, ""));
    let others = others.trim_end_matches('0');
    let point = if others.is_empty() { "" } else { "." };
    format!("{first}{point}{others}e-{exponent:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_print_exactly() {
        for (nano_usd, plain, python) in [
            (0, "0", "0.0"),
            (1, "0.000000001", "1e-09"),
            (36_500, "0.0000365", "3.65e-05"),
            (99_999, "0.000099999", "9.9999e-05"),
            (100_000, "0.0001", "0.0001"),
            (1_234_567, "0.001234567", "0.001234567"),
            (1_500_000_000, "1.5", "1.5"),
            (2_000_000_000, "2", "2.0"),
        ] {
            assert_eq!(plain_usd(nano_usd), plain);
            assert_eq!(python_usd(nano_usd), python);
        }
    }
}
