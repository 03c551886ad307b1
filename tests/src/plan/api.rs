//! The provider APIs that are played: their paths, models and what each can report.
//!
//! It knows no HTTP and no bodies; those are the providers' matter.

/// The shape of a provider's requests and answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Api {
    /// OpenAI chat completions.
    OpenAiChat,
    /// OpenAI responses.
    OpenAiResponses,
    /// Anthropic messages.
    Anthropic,
    /// Gemini generateContent.
    Gemini,
    /// OpenRouter: OpenAI chat with a cost in the body and comments in the stream.
    OpenRouter,
}

/// A model and its list price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// The name as it stands in requests and answers.
    pub name: &'static str,
    /// Nano-USD per input token.
    pub input_nano_usd: u64,
    /// Nano-USD per output token.
    pub output_nano_usd: u64,
    /// Whether its output may contain reasoning tokens that are reported as such.
    pub reasons: bool,
}

const fn model(name: &'static str, input_nano_usd: u64, output_nano_usd: u64, reasons: bool) -> Model {
    Model { name, input_nano_usd, output_nano_usd, reasons }
}

const OPENAI_CHAT: &[Model] = &[
    model("gpt-4.1-mini", 400, 1_600, false),
    model("gpt-4o", 2_500, 10_000, false),
    model("o4-mini", 1_100, 4_400, true),
];
const OPENAI_RESPONSES: &[Model] =
    &[model("gpt-5-mini", 250, 2_000, true), model("gpt-4.1", 2_000, 8_000, false)];
const ANTHROPIC: &[Model] =
    &[model("claude-sonnet-4-5", 3_000, 15_000, false), model("claude-haiku-4-5", 1_000, 5_000, false)];
const GEMINI: &[Model] = &[
    model("gemini-2.5-flash", 300, 2_500, true),
    model("gemini-2.5-pro", 1_250, 10_000, true),
    model("gemini-2.0-flash", 100, 400, false),
];
const OPENROUTER: &[Model] = &[
    model("deepseek/deepseek-r1", 700, 2_500, true),
    model("mistralai/mistral-small-3.2-24b-instruct", 60, 180, false),
    model("meta-llama/llama-3.3-70b-instruct", 130, 400, false),
];

impl Api {
    /// The models that are asked for; never empty.
    pub fn models(self) -> &'static [Model] {
        match self {
            Api::OpenAiChat => OPENAI_CHAT,
            Api::OpenAiResponses => OPENAI_RESPONSES,
            Api::Anthropic => ANTHROPIC,
            Api::Gemini => GEMINI,
            Api::OpenRouter => OPENROUTER,
        }
    }

    /// Whether answers tell the tokens that were written to a prompt cache.
    pub fn reports_cache_writes(self) -> bool {
        self == Api::Anthropic
    }

    /// The path and query of a request.
    pub fn path(self, model: &str, streamed: bool) -> String {
        match self {
            Api::OpenAiChat => "/v1/chat/completions".to_owned(),
            Api::OpenAiResponses => "/v1/responses".to_owned(),
            Api::Anthropic => "/v1/messages".to_owned(),
            Api::OpenRouter => "/api/v1/chat/completions".to_owned(),
            Api::Gemini if streamed => format!("/v1beta/models/{model}:streamGenerateContent?alt=sse"),
            Api::Gemini => format!("/v1beta/models/{model}:generateContent"),
        }
    }
}
