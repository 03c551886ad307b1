//! Reading a finished stream: its headers and properties, once, into plain values.
//!
//! Everything here comes from outside and may be absent, absurd or hostile; what cannot be understood is
//! left out and counted.

use weir_wire::{Cache, Measure};

use crate::config::Headers;
use crate::decimal;
use crate::host::{HeaderMap, Host, Property};
use crate::label;

/// More than any rate limit; a larger number stands for none.
const MOST_WHOLE: u64 = 1_000_000_000_000_000;

/// The value of the first header of that name.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_slice())
}

/// The value of the first of `names` that is present.
pub(crate) fn first<'a>(headers: &'a HeaderMap, names: &[String]) -> Option<&'a [u8]> {
    names.iter().find_map(|name| header(headers, name))
}

/// A property that is a name.
pub(crate) fn text(host: &impl Host, property: Property) -> Option<String> {
    label::sanitise(&host.property(property)?)
}

/// A property that is a number: eight little-endian bytes, negative meaning absent.
pub(crate) fn number(host: &impl Host, property: Property) -> Option<u64> {
    let bytes: [u8; 8] = host.property(property)?.as_slice().try_into().ok()?;
    u64::try_from(i64::from_le_bytes(bytes)).ok()
}

/// The response's own words for its end, short: `reason:detail` without what varies from host to host.
pub(crate) fn details(raw: &[u8]) -> Option<String> {
    let end = raw.iter().position(|byte| matches!(byte, b'|' | b'}')).unwrap_or(raw.len());
    let raw = raw.get(..end).unwrap_or_default();
    let parts: Vec<String> = raw.splitn(2, |byte| *byte == b'{').filter_map(label::sanitise).collect();
    (!parts.is_empty()).then(|| parts.join(":"))
}

/// Numbers from headers, with a count of those that were there and could not be believed.
#[derive(Debug)]
pub(crate) struct Numbers<'a> {
    headers: &'a HeaderMap,
    /// How many were refused.
    pub(crate) refused: u64,
}

impl<'a> Numbers<'a> {
    pub(crate) fn new(headers: &'a HeaderMap) -> Self {
        Self { headers, refused: 0 }
    }

    /// A cost in US dollars as 10⁻⁹ dollars, from the first header that has one. `None`, `null` and nothing
    /// mean unknown: gateways write them so.
    pub(crate) fn cost(&mut self, names: &[String]) -> Option<u64> {
        names.iter().find_map(|name| {
            let value = header(self.headers, name)?.trim_ascii();
            let unknown = value.is_empty()
                || [b"none".as_slice(), b"null"].iter().any(|w| value.eq_ignore_ascii_case(w));
            if unknown {
                None
            } else {
                self.believe(decimal::parse_scaled(value, 9, Measure::CostNanoUsd.limit()))
            }
        })
    }

    /// A score in millionths.
    pub(crate) fn score(&mut self, names: &[String]) -> Option<u64> {
        let value = first(self.headers, names)?;
        self.believe(decimal::parse_scaled(value, 6, Measure::QualityScore.limit()))
    }

    /// A whole number from the first of `names` that is present; what is not one is no failure, since a
    /// provider may write a date or a duration there.
    pub(crate) fn whole(&self, names: &[&str]) -> Option<u64> {
        let value = names.iter().find_map(|name| header(self.headers, name))?;
        std::str::from_utf8(value).ok()?.trim().parse().ok().filter(|number| *number <= MOST_WHOLE)
    }

    fn believe(&mut self, value: Result<u64, decimal::Refusal>) -> Option<u64> {
        if value.is_err() {
            self.refused = self.refused.saturating_add(1);
        }
        value.ok()
    }
}

/// What a cache header says: `hit`, `HIT from edge`, `miss`; anything else is unknown.
pub(crate) fn cache(headers: &HeaderMap, names: &Headers) -> Option<Cache> {
    let value = first(headers, &names.cache_status)?.trim_ascii().to_ascii_lowercase();
    if value.starts_with(b"hit") {
        Some(Cache::Hit)
    } else if value.starts_with(b"miss") {
        Some(Cache::Miss)
    } else {
        None
    }
}
