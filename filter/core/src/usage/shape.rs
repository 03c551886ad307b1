//! Where usage, model, cost and content stand in the answers of the providers: paths, as a tree of nodes.
//!
//! A path matches from the document's root only, so a `usage` elsewhere (in a user's text, in a per-model
//! breakdown) is not one.

/// A count or amount as a provider names it, before its meaning is made the same for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Field {
    /// OpenAI chat: input, cache reads included.
    Prompt,
    /// OpenAI chat: output, reasoning included.
    Completion,
    /// OpenAI responses and Anthropic: input, for the latter without the caches.
    Input,
    /// OpenAI responses and Anthropic: output.
    Output,
    /// Part of the input that came from a cache.
    CachedDetail,
    /// Anthropic: read from the cache.
    CacheRead,
    /// Anthropic: written to the cache.
    CacheCreation,
    /// Anthropic: of the writes, those for an hour.
    CacheCreation1h,
    /// Part of the output that was reasoning.
    Reasoning,
    /// Part of the input that was audio.
    AudioIn,
    /// Part of the output that was audio.
    AudioOut,
    /// Gemini: input, cache included.
    GeminiPrompt,
    /// Gemini: the answer, thoughts included or not.
    GeminiCandidates,
    /// Gemini: thoughts.
    GeminiThoughts,
    /// Gemini: part of the input that came from a cache.
    GeminiCached,
    /// Gemini: tool results, which belong to the input.
    GeminiToolUse,
    /// Gemini: the sum, which tells whether thoughts are inside the answer.
    GeminiTotal,
    /// What the request cost, in US dollars.
    Cost,
}

impl Field {
    /// How many fields there are.
    pub const COUNT: usize = Self::Cost as usize + 1;
}

/// A place in a document that matters, or [`Node::Skip`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// Nothing below here matters.
    Skip,
    /// The document itself, before its kind is known.
    Top,
    /// The outermost object, or one element of an outermost array.
    Root,
    /// The wrapper of OpenAI's response events.
    Response,
    /// The wrapper of Anthropic's first event.
    Message,
    /// A usage object that is final for its stream.
    Usage,
    /// The usage object of Anthropic's first event.
    FirstUsage,
    /// Details of the input.
    InputDetails,
    /// Details of the output.
    OutputDetails,
    /// Anthropic's cache writes by their life.
    CacheCreationDetails,
    /// Gemini's usage object.
    GeminiUsage,
    /// OpenAI's choices.
    Choices,
    /// One choice.
    Choice,
    /// A choice's delta or message.
    ChoiceDelta,
    /// A delta at the root: Anthropic's object, OpenAI's string.
    Delta,
    /// Gemini's candidates.
    Candidates,
    /// One candidate.
    Candidate,
    /// A candidate's content.
    CandidateContent,
    /// Its parts.
    Parts,
    /// One part.
    Part,
    /// Why the answer ended: Gemini's sign that its usage is final.
    FinishReason,
    /// A piece of the answer's own text.
    Content,
    /// The model's name.
    Model,
    /// The service tier.
    Tier,
    /// A count or amount.
    Field(Field),
}

/// What was found at a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// An object begins.
    Object,
    /// The object or array of that node is complete.
    End,
    /// A number's own digits.
    Number(&'a [u8]),
    /// A string, unescaped; `whole` unless it was cut.
    Text {
        /// The text or its beginning.
        text: &'a [u8],
        /// Whether it is all there.
        whole: bool,
    },
    /// `null`.
    Null,
    /// A boolean.
    Other,
}

impl Node {
    /// The node of the member `key` of an object at this node.
    pub(super) fn child(self, key: &[u8]) -> Self {
        match self {
            Self::Root => root(key),
            Self::Response => match key {
                b"usage" => Self::Usage,
                b"model" => Self::Model,
                b"service_tier" => Self::Tier,
                _ => Self::Skip,
            },
            Self::Message => match key {
                b"usage" => Self::FirstUsage,
                b"model" => Self::Model,
                _ => Self::Skip,
            },
            Self::Usage | Self::FirstUsage => usage(key),
            Self::InputDetails => match key {
                b"cached_tokens" => Self::Field(Field::CachedDetail),
                b"audio_tokens" => Self::Field(Field::AudioIn),
                _ => Self::Skip,
            },
            Self::OutputDetails => match key {
                b"reasoning_tokens" => Self::Field(Field::Reasoning),
                b"audio_tokens" => Self::Field(Field::AudioOut),
                _ => Self::Skip,
            },
            Self::CacheCreationDetails if key == b"ephemeral_1h_input_tokens" => {
                Self::Field(Field::CacheCreation1h)
            }
            Self::GeminiUsage => gemini_usage(key),
            Self::Choice => match key {
                b"delta" | b"message" => Self::ChoiceDelta,
                b"text" => Self::Content,
                _ => Self::Skip,
            },
            Self::ChoiceDelta => match key {
                b"content" | b"reasoning_content" | b"reasoning" | b"refusal" => Self::Content,
                _ => Self::Skip,
            },
            Self::Delta => match key {
                b"text" | b"thinking" | b"partial_json" => Self::Content,
                _ => Self::Skip,
            },
            Self::Candidate => match key {
                b"content" => Self::CandidateContent,
                b"finishReason" => Self::FinishReason,
                _ => Self::Skip,
            },
            Self::CandidateContent if key == b"parts" => Self::Parts,
            Self::Part if key == b"text" => Self::Content,
            _ => Self::Skip,
        }
    }

    /// The node of an element of an array at this node.
    pub(super) fn element(self) -> Self {
        match self {
            Self::Top => Self::Root,
            Self::Choices => Self::Choice,
            Self::Candidates => Self::Candidate,
            Self::Parts => Self::Part,
            _ => Self::Skip,
        }
    }
}

fn root(key: &[u8]) -> Node {
    match key {
        b"usage" => Node::Usage,
        b"usageMetadata" => Node::GeminiUsage,
        b"model" | b"modelVersion" => Node::Model,
        b"service_tier" => Node::Tier,
        b"response" => Node::Response,
        b"message" => Node::Message,
        b"choices" => Node::Choices,
        b"delta" => Node::Delta,
        b"candidates" => Node::Candidates,
        _ => Node::Skip,
    }
}

fn usage(key: &[u8]) -> Node {
    let field = match key {
        b"prompt_tokens" => Field::Prompt,
        b"completion_tokens" => Field::Completion,
        b"input_tokens" => Field::Input,
        b"output_tokens" => Field::Output,
        b"cache_read_input_tokens" => Field::CacheRead,
        b"cache_creation_input_tokens" => Field::CacheCreation,
        b"cost" => Field::Cost,
        b"prompt_tokens_details" | b"input_tokens_details" => return Node::InputDetails,
        b"completion_tokens_details" | b"output_tokens_details" => return Node::OutputDetails,
        b"cache_creation" => return Node::CacheCreationDetails,
        b"service_tier" => return Node::Tier,
        _ => return Node::Skip,
    };
    Node::Field(field)
}

fn gemini_usage(key: &[u8]) -> Node {
    Node::Field(match key {
        b"promptTokenCount" => Field::GeminiPrompt,
        b"candidatesTokenCount" => Field::GeminiCandidates,
        b"thoughtsTokenCount" => Field::GeminiThoughts,
        b"cachedContentTokenCount" => Field::GeminiCached,
        b"toolUsePromptTokenCount" => Field::GeminiToolUse,
        b"totalTokenCount" => Field::GeminiTotal,
        _ => return Node::Skip,
    })
}
