//! Envoy's response flags by their short names.

/// Short names by bit, in the order of `envoy.data.accesslog`.
const NAMES: [&str; 30] = [
    "LH", "UH", "UT", "LR", "UR", "UF", "UC", "UO", "NR", "DI", "FI", "RL", "UAEX", "RLSE", "DC", "URX",
    "SI", "IH", "DPE", "UMSDR", "RFCF", "NFCF", "DT", "UPE", "NC", "OM", "DF", "DO", "DR", "UDO",
];

/// The names of the bits that are set, lowest first; `bit30` and so on for those without a name.
pub fn flag_names(flags: u64) -> Vec<String> {
    let set = (0..64usize).filter(|bit| (flags >> bit) & 1 == 1);
    set.map(|bit| NAMES.get(bit).map_or_else(|| format!("bit{bit}"), |name| (*name).to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bit_has_its_name() {
        let check = |flags: u64, expected: &[&str]| assert_eq!(flag_names(flags), expected, "{flags:#x}");
        check(0, &[]);
        check(1, &["LH"]);
        check(1 << 7, &["UO"]);
        check(1 << 2 | 1 << 14 | 1 << 29, &["UT", "DC", "UDO"]);
        check(1 << 30 | 1 << 63, &["bit30", "bit63"]);
    }
}
