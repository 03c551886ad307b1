//! What was found in a body: collected object by object, and taken over once an object is complete, so that an
//! answer that is cut short never leaves half an object behind.

use weir_wire::Measure;

use super::document::{Document, Documents, FRESH, Kind};
use super::meaning::{self, Told};
use super::node::{Node, Origin, Value};
use super::numbers::{Count, Numbers, Slot};
use crate::decimal;
use crate::label;

pub use super::meaning::Usage;

/// The values found. A later object takes the place of an earlier one: streams report cumulative counts.
#[derive(Debug, Clone)]
pub struct Counts {
    documents: Documents,
    document: Document,
    /// The object at hand.
    stage: Numbers,
    told: Told,
    origin: Option<Origin>,
    /// Who unmistakably answers.
    provider: Option<&'static str>,
    model: Option<Box<str>>,
    tier: Option<Box<str>>,
    content: bool,
    last: bool,
    /// A candidate of Gemini's has ended; what it counts may still follow.
    ended: bool,
    /// A count could not be believed.
    spoiled: bool,
    damaged: bool,
    error: bool,
    byok: Option<bool>,
    refused: u32,
}

const MAIN: [Slot; 4] = [Slot::Prompt, Slot::Completion, Slot::Input, Slot::Output];
const CACHES: [Slot; 2] = [Slot::CacheRead, Slot::CacheWrite];

impl Counts {
    pub(super) fn new(documents: Documents) -> Self {
        Self {
            documents,
            document: FRESH,
            stage: Numbers::NONE,
            told: Told::NOTHING,
            origin: None,
            provider: None,
            model: None,
            tier: None,
            content: false,
            last: false,
            ended: false,
            spoiled: false,
            damaged: false,
            error: false,
            byok: None,
            refused: 0,
        }
    }

    /// Documents come one after another after all.
    pub(super) fn expect_many(&mut self) {
        self.documents = Documents::Many;
    }

    pub(super) fn take(&mut self, node: Node, value: Value<'_>) {
        match (node, value) {
            (Node::Count(slot), Value::Number(digits)) => self.count(slot, digits),
            (Node::Count(Slot::Cost), Value::Text(digits)) => self.count(Slot::Cost, digits),
            (Node::Content | Node::Delta | Node::Response | Node::Piece, Value::Piece(_)) => {
                self.content = true
            }
            (Node::Action, Value::Begin | Value::Piece(_)) => self.content = true,
            (Node::Usage(_) | Node::Meta(_) | Node::Gemini | Node::Metrics, Value::Begin) => {
                self.stage = Numbers::NONE;
            }
            (Node::Usage(origin) | Node::Meta(origin), Value::End) => self.take_usage(origin),
            (Node::Gemini, Value::End) => self.take_gemini(),
            (Node::Metrics, Value::End) => {
                if self.stage.any(&MAIN) {
                    self.told.metrics = Some(Box::new(self.stage));
                    self.document.told = true;
                    self.document.kind = Kind::Last;
                    self.provider = Some("aws.bedrock");
                }
            }
            (Node::Root | Node::Chunk | Node::Frame, Value::Begin) => self.document = FRESH,
            (Node::Root | Node::Chunk, Value::End) => self.end_document(false),
            (Node::Frame, Value::End) => self.end_document(true),
            (Node::Top, Value::End) => self.last |= self.documents == Documents::One && self.has_counts(),
            (Node::Top, Value::Done) => self.last |= self.has_counts(),
            (Node::Model, Value::Text(text)) if self.model.is_none() => {
                self.model = label::sanitise(text).map(|name| name.into());
            }
            // The same on each event of a stream, mostly.
            (Node::Tier, Value::Text(text)) if self.tier.as_deref().map(str::as_bytes) != Some(text) => {
                self.tier = label::sanitise(text).map(|name| name.into()).or(self.tier.take());
            }
            (Node::Type, Value::Text(text)) => self.take_type(text),
            (Node::Kind, Value::Text(text)) => {
                self.document.foreign = matches!(text, b"batch" | b"thread.run.step");
            }
            (Node::Error, Value::Begin | Value::Piece(_)) => self.error = true,
            (Node::Groq, Value::Begin) => self.provider = Some("groq"),
            (Node::Byok, Value::True) => self.byok = Some(true),
            (Node::Byok, Value::False) => self.byok = Some(false),
            (Node::Choices, Value::Begin) => self.document.choices = true,
            (Node::Choice, Value::Begin) => self.document.choice = true,
            (Node::FinishReason, Value::Text(_)) => self.ended = true,
            (Node::StopReason, Value::Null) => self.document.goes_on = true,
            (Node::Done, Value::True) => self.document.done = true,
            _ => self.take_small(node, value),
        }
    }

    /// The counts that stand alone or in lists.
    fn take_small(&mut self, node: Node, value: Value<'_>) {
        match (node, value) {
            (Node::FlatInput, Value::Number(digits)) => self.document.flat[0] = self.tokens(digits),
            (Node::FlatOutput, Value::Number(digits)) => self.document.flat[1] = self.tokens(digits),
            (Node::ResultInput, Value::Number(digits)) => {
                let tokens = self.tokens(digits);
                self.document.results[0] = self.document.results[0].plus(tokens);
            }
            (Node::ResultOutput, Value::Number(digits)) => {
                let tokens = self.tokens(digits);
                self.document.results[1] = self.document.results[1].plus(tokens);
            }
            (Node::Results, Value::End) => {
                let [input, output] = self.document.results;
                self.document.flat[0] = self.document.flat[0].or(input);
                self.document.flat[1] = self.document.flat[1].or(output);
            }
            (Node::PartOf(_), Value::Begin) => {
                self.document.part_count = Count::NONE;
                self.document.part_wanted = false;
            }
            (Node::PartLabel, Value::Text(text)) => {
                self.document.part_wanted = matches!(text, b"AUDIO" | b"1h")
            }
            (Node::PartCount, Value::Number(digits)) => self.document.part_count = self.tokens(digits),
            (Node::PartOf(slot), Value::End) => {
                let part = self.document.part_count.get().filter(|_| self.document.part_wanted);
                if let Some(part) = part {
                    self.stage.add(slot, part);
                }
            }
            _ => {}
        }
    }

    fn take_type(&mut self, text: &[u8]) {
        self.document.kind = Kind::of(text);
        self.error |= text == b"error";
    }

    fn count(&mut self, slot: Slot, digits: &[u8]) {
        let value = match slot {
            Slot::Cost => decimal::parse_scaled(digits, 9, Measure::CostNanoUsd.limit()),
            Slot::Ticks => decimal::parse_scaled(digits, 0, Measure::CostNanoUsd.limit().saturating_mul(10)),
            _ => decimal::parse_scaled(digits, 0, Measure::InputTokens.limit()),
        };
        match value {
            Ok(value) => self.stage.set(slot, value),
            Err(_) => {
                self.refused = self.refused.saturating_add(1);
                self.spoiled |= !matches!(slot, Slot::Cost | Slot::Ticks);
            }
        }
    }

    fn tokens(&mut self, digits: &[u8]) -> Count {
        let value = decimal::parse_scaled(digits, 0, Measure::InputTokens.limit()).ok();
        if value.is_none() {
            self.refused = self.refused.saturating_add(1);
        }
        value.into()
    }

    fn take_usage(&mut self, origin: Origin) {
        let stage = self.stage;
        if !self.is_ours(origin, &stage) {
            return;
        }
        self.recognise(origin, &stage);
        let chat = stage.any(&[Slot::Prompt, Slot::Completion]);
        if self.is_nothing_yet(origin, &stage) || (chat && self.falls_to_nothing(&stage)) {
            return;
        }
        if chat || self.told.gemini {
            for slot in [Slot::Cost, Slot::Ticks] {
                if let (None, Some(before)) = (stage.get(slot), self.told.usage.get(slot)) {
                    self.stage.set(slot, before);
                }
            }
            self.told.usage = self.stage;
        } else {
            // Anthropic's later events correct an earlier one field by field.
            self.told.usage.update(&stage);
        }
        self.told.gemini = false;
        self.told.begun = origin == Origin::Start;
        self.origin = Some(origin);
        self.document.told = true;
        if origin == Origin::Delta {
            self.document.kind = Kind::Last;
        }
        self.last = false;
    }

    /// Whether the object tells of this request, and nobody who is to be believed more has told of it.
    fn is_ours(&self, origin: Origin, stage: &Numbers) -> bool {
        // Events wrap what they tell; a whole answer does not, and what it wraps is something else's.
        let wrapped = matches!(origin, Origin::Start | Origin::Response | Origin::Delta);
        (stage.any(&MAIN) || stage.any(&[Slot::BilledInput, Slot::BilledOutput, Slot::Cost, Slot::Ticks]))
            && !self.document.foreign
            && !(wrapped && self.documents == Documents::One)
            && self.origin.is_none_or(|before| rank(before) <= rank(origin))
    }

    /// Zeros in an answer's first events mean that nothing has been counted yet.
    fn is_nothing_yet(&self, origin: Origin, stage: &Numbers) -> bool {
        let begins =
            origin == Origin::Start || (origin == Origin::Response && self.document.kind != Kind::Last);
        begins && !stage.any_above_zero(&MAIN) && !stage.any_above_zero(&CACHES)
    }

    /// Cumulative counts do not fall back to nothing: some gateways send zeros behind the real ones.
    fn falls_to_nothing(&self, stage: &Numbers) -> bool {
        !stage.any_above_zero(&MAIN) && self.told.usage.any_above_zero(&MAIN)
    }

    fn take_gemini(&mut self) {
        if !self.stage.any(&[Slot::Prompt, Slot::Completion, Slot::Reasoning]) {
            return;
        }
        self.told.usage = self.stage;
        self.told.gemini = true;
        self.document.told = true;
        self.last = false;
        self.provider = self.provider.or(Some("gcp.gemini"));
    }

    fn recognise(&mut self, origin: Origin, stage: &Numbers) {
        let name = match origin {
            Origin::Start => "anthropic",
            Origin::Delta => "cohere",
            _ if stage.any(&[Slot::BilledInput, Slot::BilledOutput]) => "cohere",
            _ if stage.any(&[Slot::Ticks]) => "x_ai",
            _ => return,
        };
        self.provider = self.provider.or(Some(name));
    }

    /// `last`: counts that it tells are the stream's last whatever it looks like.
    fn end_document(&mut self, last: bool) {
        let document = self.document;
        if document.flat != [Count::NONE; 2] && !document.foreign {
            let [input, output] = document.flat;
            self.told.flat = [input.or(self.told.flat[0]), output.or(self.told.flat[1])];
        }
        self.document = FRESH;
        if self.documents == Documents::One {
            return;
        }
        let counted = document.told
            && match document.kind {
                Kind::Last => true,
                Kind::MessageDelta => !document.goes_on,
                _ if document.choices => !document.choice,
                _ => last,
            };
        let over = matches!(document.kind, Kind::Stop) || document.done;
        self.last |= counted || (over && self.has_counts());
    }

    fn has_counts(&self) -> bool {
        meaning::usage(&self.told, None).is_some()
    }

    /// What `InvokeModel`'s response headers say, for the models whose bodies say nothing: input without the
    /// caches, output, read from and written to the cache.
    pub(super) fn note_headers(&mut self, values: [Option<&[u8]>; 4]) {
        let mut numbers = Numbers::NONE;
        for (slot, value) in
            [Slot::Input, Slot::Output, Slot::BedrockRead, Slot::BedrockWrite].iter().zip(values)
        {
            if let Some(value) = value.and_then(|value| self.tokens(value).get()) {
                numbers.set(*slot, value);
            }
        }
        self.told.headers = numbers.any(&MAIN).then(|| Box::new(numbers));
    }

    pub(super) fn damage(&mut self) {
        self.damaged = true;
    }

    pub(super) fn fail(&mut self) {
        self.error = true;
    }

    /// Whether any piece of the answer's own text has gone by.
    pub fn has_content(&self) -> bool {
        self.content
    }

    /// Whether the counts are the provider's last word, even if the stream was cut behind them.
    pub fn is_final(&self) -> bool {
        self.last
    }

    /// Whether the counts can be the provider's last word, the body having come to its end: a stream that ends
    /// before the event that carries them ends no other way than one that is complete.
    pub fn is_whole(&self) -> bool {
        !self.damaged && (self.documents == Documents::One || self.last || self.ended)
    }

    /// Whether a count could not be believed: the others may be of an earlier event.
    pub fn is_spoiled(&self) -> bool {
        self.spoiled
    }

    /// Whether the body could not be followed to its end: what was found before that is partial at best.
    pub fn is_damaged(&self) -> bool {
        self.damaged
    }

    /// Whether the body tells an error.
    pub fn is_error(&self) -> bool {
        self.error
    }

    /// Values that were found and could not be believed.
    pub fn refused(&self) -> u32 {
        self.refused
    }

    /// The model that answered.
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// The service tier.
    pub fn tier(&self) -> Option<&str> {
        self.tier.as_deref()
    }

    /// Who answers, by OpenTelemetry's name, where the body's shape leaves no doubt.
    pub fn provider(&self) -> Option<&'static str> {
        self.provider
    }

    /// What the body says that the request cost, 10⁻⁹ US dollars. Nothing, where nothing may stand for a bill
    /// that another provider sends.
    pub fn cost_nano_usd(&self) -> Option<u64> {
        let ticks = self.told.usage.get(Slot::Ticks).map(nano_of_ticks);
        let cost = ticks.or(self.told.usage.get(Slot::Cost))?;
        (cost > 0 || self.byok == Some(false)).then_some(cost)
    }

    /// The usage, or `None` if the body says nothing of it. `provider` is who answers, by OpenTelemetry's name,
    /// where that is known from elsewhere.
    pub fn usage(&self, provider: Option<&str>) -> Option<Usage> {
        meaning::usage(&self.told, provider)
    }
}

/// Of two objects that tell of the same tokens, the one with the higher rank counts.
fn rank(origin: Origin) -> u8 {
    match origin {
        Origin::Choice => 0,
        Origin::Groq => 1,
        _ => 2,
    }
}

/// Ten ticks are one nano-dollar; rounded half to even.
fn nano_of_ticks(ticks: u64) -> u64 {
    let (nano, rest) = (ticks / 10, ticks % 10);
    let up = rest > 5 || (rest == 5 && nano % 2 == 1);
    nano.saturating_add(u64::from(up))
}
