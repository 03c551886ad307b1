//! What counts mean: the same for all providers, input with cache reads and writes, output with reasoning.

use super::numbers::{Count, Numbers, Slot};

/// A response's usage, the same for all providers. Unknown is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Input, cache reads and writes included.
    pub input: Option<u64>,
    /// Output, reasoning included.
    pub output: Option<u64>,
    /// Of the input, read from a cache.
    pub cache_read: Option<u64>,
    /// Of the input, written to a cache.
    pub cache_write: Option<u64>,
    /// Of the writes, those that live for an hour.
    pub cache_write_1h: Option<u64>,
    /// Of the output, reasoning.
    pub reasoning: Option<u64>,
    /// Audio, in and out.
    pub audio: Option<u64>,
}

/// All that a body has told, by who told it.
#[derive(Debug, Clone)]
pub(super) struct Told {
    /// The model's own usage object.
    pub(super) usage: Numbers,
    /// That object is Gemini's.
    pub(super) gemini: bool,
    /// That object is from the first event of an answer that has more to come.
    pub(super) begun: bool,
    /// Bedrock's counts in the last event.
    pub(super) metrics: Option<Box<Numbers>>,
    /// Input and output at the document's root.
    pub(super) flat: [Count; 2],
    /// Bedrock's counts in the response's headers.
    pub(super) headers: Option<Box<Numbers>>,
}

impl Told {
    pub(super) const NOTHING: Self = Self {
        usage: Numbers::NONE,
        gemini: false,
        begun: false,
        metrics: None,
        flat: [Count::NONE; 2],
        headers: None,
    };
}

/// The usage that was told; `None` if nothing was.
pub(super) fn usage(told: &Told, provider: Option<&str>) -> Option<Usage> {
    let own = if told.gemini { gemini(&told.usage) } else { other(&told.usage, provider) };
    let own = own.filter(known);
    if let Some(metrics) = &told.metrics {
        return own.filter(|_| !told.begun).or_else(|| beside_caches(metrics)).filter(known);
    }
    let [input, output] = told.flat.map(Count::get);
    own.or(Some(Usage { input, output, ..Usage::default() }).filter(known))
        .or_else(|| told.headers.as_deref().and_then(beside_caches))
        .filter(known)
}

fn known(usage: &Usage) -> bool {
    usage.input.is_some() || usage.output.is_some()
}

fn other(numbers: &Numbers, provider: Option<&str>) -> Option<Usage> {
    let own = [Slot::Input, Slot::Output];
    // Some gateways add the names of the other API, at zero.
    if numbers.any_above_zero(&[Slot::Prompt, Slot::Completion])
        || (numbers.any(&[Slot::Prompt, Slot::Completion]) && !numbers.any_above_zero(&own))
    {
        Some(chat(numbers))
    } else if numbers.any(&own) {
        if caches_are_inside(numbers, provider) {
            Some(inside_caches(numbers))
        } else {
            beside_caches(numbers)
        }
    } else {
        let [input, output] = [Slot::BilledInput, Slot::BilledOutput].map(|slot| numbers.get(slot));
        Some(Usage { input, output, ..Usage::default() })
    }
}

/// OpenAI's chat and completions and what is compatible with them.
fn chat(numbers: &Numbers) -> Usage {
    let get = |slot| numbers.get(slot);
    let (input, answer) = (get(Slot::Prompt), get(Slot::Completion));
    let beside = || get(Slot::ReasoningAgain).filter(|count| answer.is_some_and(|answer| *count <= answer));
    let reasoning = get(Slot::Reasoning).or_else(beside);
    Usage {
        input,
        output: output(numbers, input, answer, reasoning),
        cache_read: get(Slot::Cached).or(get(Slot::CachedAgain)).or(get(Slot::CacheRead)),
        cache_write: get(Slot::WriteInside).or(get(Slot::CacheWrite)),
        cache_write_1h: None,
        reasoning,
        audio: audio(numbers),
    }
    .consistent()
}

/// The output with its reasoning. xAI and Gemini's interactions count that apart from the answer; only the
/// provider's own sum tells.
fn output(numbers: &Numbers, input: Option<u64>, answer: Option<u64>, reasoning: Option<u64>) -> Option<u64> {
    let with_reasoning = sum([answer, reasoning]);
    let total = numbers.get(Slot::Total);
    let apart = total.is_some() && total != sum([input, answer]) && total == sum([input, with_reasoning]);
    if apart { with_reasoning } else { answer }
}

/// OpenAI's responses and Gemini's interactions, whose input has the caches in it; Cohere.
fn inside_caches(numbers: &Numbers) -> Usage {
    let get = |slot| numbers.get(slot);
    let input = get(Slot::Input).and_then(|input| sum([Some(input), get(Slot::ToolUse)]));
    let reasoning = get(Slot::Reasoning).or(get(Slot::ReasoningAgain));
    Usage {
        input,
        output: output(numbers, input, get(Slot::Output), reasoning),
        cache_read: get(Slot::Cached).or(get(Slot::CachedAgain)).or(cache_read(numbers)),
        cache_write: get(Slot::WriteInside).or(cache_write(numbers)),
        cache_write_1h: None,
        reasoning,
        audio: audio(numbers),
    }
    .consistent()
}

/// Anthropic and Bedrock, which count the caches apart from the input.
fn beside_caches(numbers: &Numbers) -> Option<Usage> {
    let get = |slot| numbers.get(slot);
    let (read, write) = (cache_read(numbers), cache_write(numbers));
    let input = get(Slot::Input).and_then(|input| sum([Some(input), read, write]));
    let one_hour = get(Slot::Write1h).filter(|one_hour| match get(Slot::Write5m) {
        // A later event may have corrected the sum and not its parts.
        Some(five_minutes) => Some(one_hour.saturating_add(five_minutes)) == write,
        None => write.is_some_and(|write| *one_hour <= write),
    });
    Some(Usage {
        input,
        output: get(Slot::Output),
        cache_read: read,
        cache_write: write,
        cache_write_1h: one_hour,
        reasoning: get(Slot::Reasoning),
        audio: audio(numbers),
    })
}

fn cache_read(numbers: &Numbers) -> Option<u64> {
    numbers.get(Slot::CacheRead).or(numbers.get(Slot::BedrockRead))
}

fn cache_write(numbers: &Numbers) -> Option<u64> {
    let parts = || match (numbers.get(Slot::Write5m), numbers.get(Slot::Write1h)) {
        (Some(five_minutes), Some(one_hour)) => sum([Some(five_minutes), Some(one_hour)]),
        _ => None,
    };
    numbers.get(Slot::CacheWrite).or(numbers.get(Slot::BedrockWrite)).or_else(parts)
}

/// The two kinds share their names. Anthropic and Bedrock name their caches beside the input; where a gateway
/// does so with Anthropic's names for another provider, the sum tells.
fn caches_are_inside(numbers: &Numbers, provider: Option<&str>) -> bool {
    let caches = sum([cache_read(numbers), cache_write(numbers)]);
    let Some(caches) = caches else { return true };
    if numbers.any(&[Slot::BedrockRead, Slot::BedrockWrite]) {
        return false;
    }
    let plain = sum([numbers.get(Slot::Input), numbers.get(Slot::Output)]);
    match numbers.get(Slot::Total) {
        Some(total) if Some(total) == sum([plain, Some(caches)]) => false,
        Some(total) if Some(total) == plain => {
            !matches!(provider, Some("anthropic" | "aws.bedrock")) || caches == 0
        }
        _ => {
            matches!(provider, Some("openai" | "azure.ai.openai" | "x_ai"))
                && numbers.get(Slot::Cached).is_some()
        }
    }
}

/// Thoughts stand inside the candidates only if the total says so.
fn gemini(numbers: &Numbers) -> Option<Usage> {
    let get = |slot| numbers.get(slot);
    let (candidates, thoughts) = (get(Slot::Completion), get(Slot::Reasoning));
    let prompt = get(Slot::Prompt);
    let input = prompt.and_then(|prompt| sum([Some(prompt), get(Slot::ToolUse)]));
    let total = get(Slot::Total);
    let inside = total.is_some() && (total == sum([prompt, candidates]) || total == sum([input, candidates]));
    Some(Usage {
        input,
        output: if inside { candidates } else { sum([candidates, thoughts]) },
        cache_read: get(Slot::Cached),
        reasoning: thoughts,
        audio: audio(numbers),
        ..Usage::default()
    })
}

fn audio(numbers: &Numbers) -> Option<u64> {
    sum([numbers.get(Slot::AudioIn), numbers.get(Slot::AudioOut)])
}

impl Usage {
    /// Without the parts of the input that are more than the input.
    fn consistent(self) -> Self {
        let fits = |part: &u64| self.input.is_none_or(|input| *part <= input);
        Self { cache_read: self.cache_read.filter(fits), cache_write: self.cache_write.filter(fits), ..self }
    }
}

/// The sum of what is known; `None` if nothing is.
fn sum<const N: usize>(values: [Option<u64>; N]) -> Option<u64> {
    values.into_iter().flatten().reduce(u64::saturating_add)
}
