//! A response's headers, read once into plain values.
//!
//! Everything here comes from outside and may be absent, absurd or hostile; what cannot be understood is
//! left out and counted.

use weir_wire::{Breaker, Cache, Measure};

use crate::config::Headers;
use crate::pairs::Pairs;
use crate::{decimal, label, outcome};

/// More than any rate limit; a larger number stands for none.
const MOST_WHOLE: u64 = 1_000_000_000_000_000;

/// What a header may tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Status,
    ContentType,
    ContentEncoding,
    BedrockCount(usize),
    UpstreamServiceTime,
    Overloaded,
    Cost,
    /// A cost whose zero says that it is not known.
    VagueCost,
    Score(usize),
    Limit(usize),
    Algorithm,
    Model,
    Cache,
    Breaker,
}

/// The scores, in the order of [`Head::scores`].
pub(crate) const SCORES: [Measure; 5] = [
    Measure::QualityScore,
    Measure::QualityAccuracy,
    Measure::QualityRelevance,
    Measure::QualityCompleteness,
    Measure::Satisfaction,
];

/// The rate limits, in the order of [`Head::limits`].
pub(crate) const LIMITS: [Measure; 3] =
    [Measure::RemainingRequests, Measure::RemainingTokens, Measure::RetryAfterS];

/// LiteLLM writes a cost of zero where it knows no price.
const ZERO_IS_UNKNOWN: &str = "x-litellm-response-cost";

/// Headers that have their meaning whatever the configuration says.
const FIXED: [(&str, Field); 14] = [
    (":status", Field::Status),
    ("content-type", Field::ContentType),
    ("content-encoding", Field::ContentEncoding),
    ("x-envoy-upstream-service-time", Field::UpstreamServiceTime),
    ("x-envoy-overloaded", Field::Overloaded),
    ("x-ratelimit-remaining-requests", Field::Limit(0)),
    ("anthropic-ratelimit-requests-remaining", Field::Limit(0)),
    ("x-ratelimit-remaining-tokens", Field::Limit(1)),
    ("anthropic-ratelimit-tokens-remaining", Field::Limit(1)),
    ("retry-after", Field::Limit(2)),
    ("x-amzn-bedrock-input-token-count", Field::BedrockCount(0)),
    ("x-amzn-bedrock-output-token-count", Field::BedrockCount(1)),
    ("x-amzn-bedrock-cache-read-input-token-count", Field::BedrockCount(2)),
    ("x-amzn-bedrock-cache-write-input-token-count", Field::BedrockCount(3)),
];

/// Which header tells what, ready to be looked up.
#[derive(Debug)]
pub(crate) struct Lookup {
    /// Name, what it tells, and its place among those that tell the same: the first counts.
    names: Vec<(Box<str>, Field, u8)>,
    /// Bit n: some name has n bytes; the last bit stands for all that are longer.
    lengths: u64,
}

impl Lookup {
    pub(crate) fn new(headers: &Headers) -> Self {
        let lists = [
            (&headers.cost_usd, Field::Cost),
            (&headers.quality_score, Field::Score(0)),
            (&headers.quality_accuracy, Field::Score(1)),
            (&headers.quality_relevance, Field::Score(2)),
            (&headers.quality_completeness, Field::Score(3)),
            (&headers.satisfaction, Field::Score(4)),
            (&headers.algorithm, Field::Algorithm),
            (&headers.model, Field::Model),
            (&headers.cache_status, Field::Cache),
            (&headers.breaker_state, Field::Breaker),
        ];
        let mut lookup = Self { names: Vec::new(), lengths: 0 };
        for (place, (name, field)) in (0..).zip(FIXED) {
            lookup.add(name, field, place);
        }
        for (names, field) in lists {
            for (place, name) in (0..u8::MAX).zip(names) {
                let vague = field == Field::Cost && name == ZERO_IS_UNKNOWN;
                lookup.add(name, if vague { Field::VagueCost } else { field }, place);
            }
        }
        lookup
    }

    fn add(&mut self, name: &str, field: Field, place: u8) {
        self.lengths |= length_bit(name.len());
        self.names.push((name.into(), field, place));
    }

    /// Calls `each` with all that `name` tells.
    #[inline]
    fn find(&self, name: &[u8], mut each: impl FnMut(Field, u8)) {
        if self.lengths & length_bit(name.len()) == 0 {
            return;
        }
        for (known, field, place) in &self.names {
            if known.as_bytes() == name {
                each(*field, *place);
            }
        }
    }
}

const fn length_bit(length: usize) -> u64 {
    if length < 63 { 1 << length } else { 1 << 63 }
}

/// What a response's headers say.
#[derive(Debug, Default)]
pub(crate) struct Head {
    /// The status.
    pub(crate) status: Option<u16>,
    /// Whether they came from a backend, by the header that Envoy adds then.
    pub(crate) from_upstream: bool,
    /// Whether the proxy says that it is overloaded.
    pub(crate) overloaded: bool,
    /// The cost in 10⁻⁹ US dollars.
    pub(crate) cost_nano_usd: Option<u64>,
    /// Scores in millionths, see [`SCORES`].
    pub(crate) scores: [Option<u64>; SCORES.len()],
    /// Rate limits, see [`LIMITS`].
    pub(crate) limits: [Option<u64>; LIMITS.len()],
    /// The load-balancing algorithm.
    pub(crate) algorithm: Option<Box<str>>,
    /// The model.
    pub(crate) model: Option<Box<str>>,
    /// What a cache did.
    pub(crate) cache: Option<Cache>,
    /// What a header says of a breaker.
    pub(crate) breaker: Option<Breaker>,
    /// How many values were there and could not be believed.
    pub(crate) refused: u64,
    /// The places of the headers that the above come from.
    places: Places,
}

/// For each field that several headers may tell, the place of the one that counts so far.
#[derive(Debug)]
struct Places {
    cost: u8,
    scores: [u8; SCORES.len()],
    limits: [u8; LIMITS.len()],
    algorithm: u8,
    model: u8,
    cache: u8,
    breaker: u8,
}

impl Default for Places {
    fn default() -> Self {
        const LAST: u8 = u8::MAX;
        Self {
            cost: LAST,
            scores: [LAST; SCORES.len()],
            limits: [LAST; LIMITS.len()],
            algorithm: LAST,
            model: LAST,
            cache: LAST,
            breaker: LAST,
        }
    }
}

/// What the headers say of the body.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Framed<'a> {
    pub(crate) content_type: Option<&'a [u8]>,
    pub(crate) content_encoding: Option<&'a [u8]>,
    /// Tokens that Bedrock counts here: input, output, cache reads, cache writes.
    pub(crate) bedrock_counts: [Option<&'a [u8]>; 4],
}

impl Head {
    /// Reads all headers; of several of one name the first counts.
    pub(crate) fn read<'a>(headers: Pairs<'a>, lookup: &Lookup) -> (Self, Framed<'a>) {
        let mut head = Self::default();
        let mut framed = Framed::default();
        for (name, value) in headers {
            lookup.find(name, |field, place| match field {
                Field::ContentType => framed.content_type = framed.content_type.or(Some(value)),
                Field::ContentEncoding => framed.content_encoding = framed.content_encoding.or(Some(value)),
                Field::BedrockCount(at) => {
                    if let Some(count) = framed.bedrock_counts.get_mut(at) {
                        *count = count.or(Some(value));
                    }
                }
                _ => head.take(field, place, value),
            });
        }
        (head, framed)
    }

    fn take(&mut self, field: Field, place: u8, value: &[u8]) {
        let places = &mut self.places;
        match field {
            Field::Status => self.status = self.status.or_else(|| status(value)),
            Field::UpstreamServiceTime => self.from_upstream = true,
            Field::Overloaded => self.overloaded = true,
            Field::Cost => self.take_cost(place, value, true),
            Field::VagueCost => self.take_cost(place, value, false),
            Field::Score(at) => {
                let Some((known, slot)) = places.scores.get_mut(at).zip(self.scores.get_mut(at)) else {
                    return;
                };
                if !comes_first(known, place) {
                    return;
                }
                *slot = believe(
                    decimal::parse_scaled(value, 6, Measure::QualityScore.limit()),
                    &mut self.refused,
                );
            }
            Field::Limit(at) => {
                let Some((known, slot)) = places.limits.get_mut(at).zip(self.limits.get_mut(at)) else {
                    return;
                };
                if comes_first(known, place) {
                    *slot = whole(value);
                }
            }
            Field::Algorithm if comes_first(&mut places.algorithm, place) => self.algorithm = name(value),
            Field::Model if comes_first(&mut places.model, place) => self.model = name(value),
            Field::Cache if comes_first(&mut places.cache, place) => self.cache = cache(value),
            Field::Breaker if comes_first(&mut places.breaker, place) => {
                self.breaker = outcome::breaker_state(value);
            }
            _ => {}
        }
    }

    /// A cost in US dollars, from the first header that has one. `None`, `null` and nothing mean unknown:
    /// gateways write them so.
    fn take_cost(&mut self, place: u8, value: &[u8], may_be_zero: bool) {
        let value = value.trim_ascii();
        let words = [b"none".as_slice(), b"null"];
        if value.is_empty()
            || words.iter().any(|word| value.eq_ignore_ascii_case(word))
            || place >= self.places.cost
        {
            return;
        }
        let cost = believe(decimal::parse_scaled(value, 9, Measure::CostNanoUsd.limit()), &mut self.refused);
        if cost.is_some_and(|cost| may_be_zero || cost > 0) {
            self.places.cost = place;
            self.cost_nano_usd = cost;
        }
    }
}

/// Whether a header at `place` goes before the one that counts so far, which it then replaces.
fn comes_first(known: &mut u8, place: u8) -> bool {
    let first = place < *known;
    if first {
        *known = place;
    }
    first
}

fn believe(value: Result<u64, decimal::Refusal>, refused: &mut u64) -> Option<u64> {
    if value.is_err() {
        *refused = refused.saturating_add(1);
    }
    value.ok()
}

fn name(value: &[u8]) -> Option<Box<str>> {
    label::sanitise(value).map(|name| name.into_owned().into_boxed_str())
}

fn status(value: &[u8]) -> Option<u16> {
    let [hundreds @ b'0'..=b'9', tens @ b'0'..=b'9', ones @ b'0'..=b'9'] = value else { return None };
    let digit = |digit: &u8| u16::from(digit.saturating_sub(b'0'));
    Some(
        digit(hundreds)
            .saturating_mul(100)
            .saturating_add(digit(tens).saturating_mul(10))
            .saturating_add(digit(ones)),
    )
}

/// A whole number; what is not one is no failure, since a provider may write a date or a duration there.
fn whole(value: &[u8]) -> Option<u64> {
    decimal::whole(value).filter(|number| *number <= MOST_WHOLE)
}

/// `hit`, `HIT from edge`, `miss`; anything else is unknown.
fn cache(value: &[u8]) -> Option<Cache> {
    let begins = |word: &[u8]| {
        value.trim_ascii_start().get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word))
    };
    if begins(b"hit") {
        Some(Cache::Hit)
    } else if begins(b"miss") {
        Some(Cache::Miss)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::pairs;
    use crate::testing::test;

    fn read(headers: &[(&str, &str)]) -> Head {
        let config = Config::parse(br#"{"headers": {"cost_usd": ["x-cost", "x-price"], "algorithm": ["x-a", "x-b"], "model": ["x-a"]}}"#).unwrap();
        Head::read(Pairs::new(&pairs::encode(headers)), &Lookup::new(&config.headers)).0
    }

    test! {
        fn each_header_tells_its_part() {
            let head = read(&[
                (":status", "206"), ("x-envoy-upstream-service-time", "1"), ("x-quality-score", "0.85"),
                ("x-quality-accuracy", "1"), ("x-user-satisfaction", "0"), ("x-cache", " Hit from edge"),
                ("x-circuit-breaker", "half-open"), ("retry-after", "30"), ("x-ratelimit-remaining-tokens", "9"), ("x-a", "both"),
            ]);
            assert_eq!((head.status, head.from_upstream, head.overloaded), (Some(206), true, false));
            assert_eq!(head.scores, [Some(850_000), Some(1_000_000), None, None, Some(0)]);
            assert_eq!(head.limits, [None, Some(9), Some(30)]);
            assert_eq!((head.cache, head.breaker), (Some(Cache::Hit), Some(Breaker::HalfOpen)));
            assert_eq!((head.algorithm.as_deref(), head.model.as_deref()), (Some("both"), Some("both")));
        }

        fn the_first_configured_header_counts_in_whatever_order_they_come() {
            let head = read(&[("x-b", "second"), ("x-a", "first"), ("x-a", "again"), ("x-price", "2"), ("x-cost", "1")]);
            assert_eq!((head.algorithm.as_deref(), head.cost_nano_usd), (Some("first"), Some(1_000_000_000)));
            let head = read(&[("x-cost", "none"), ("x-price", "2")]);
            assert_eq!((head.cost_nano_usd, head.refused), (Some(2_000_000_000), 0));
            let vague = Config::parse(b"").unwrap();
            for (headers, expected) in [(&[("x-litellm-response-cost", "0.0")][..], None), (&[("x-cost-usd", "0")], Some(0)), (&[("x-litellm-response-cost", "1e-9")], Some(1))] {
                let head = Head::read(Pairs::new(&pairs::encode(headers)), &Lookup::new(&vague.headers)).0;
                assert_eq!((head.cost_nano_usd, head.refused), (expected, 0), "{headers:?}");
            }
            let head = read(&[("x-cost", "-1"), ("x-price", "2")]);
            assert_eq!((head.cost_nano_usd, head.refused), (Some(2_000_000_000), 1));
        }

        fn what_cannot_be_understood_is_left_out() {
            let head = read(&[(":status", "2000"), ("x-quality-score", "good"), ("retry-after", "Wed, 21 Oct"), ("x-cache", "dynamic"), ("x-circuit-breaker", "1")]);
            assert_eq!((head.status, head.scores[0], head.limits[2], head.cache, head.breaker), (None, None, None, None, None));
            assert_eq!(head.refused, 1);
        }
    }
}
