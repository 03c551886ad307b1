//! The places of a document that matter, and what can be found there. Which key leads where stands in
//! [`shape`](super::shape).

use super::numbers::Slot;

/// What a usage object belongs to; several may tell of the same tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// One of a streamed answer's choices.
    Choice,
    /// Groq's own member of the last chunk.
    Groq,
    /// Anthropic's first event, which a later one corrects.
    Start,
    /// The document's root.
    Root,
    /// The response that an event carries whole.
    Response,
    /// The delta of Cohere's last event.
    Delta,
}

/// A place in a document that matters, or [`Node::Skip`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// Nothing below here matters.
    Skip,
    /// The document itself, before its kind is known; an outermost array.
    Top,
    /// The outermost object, or one element of an outermost array.
    Root,
    /// The outermost object of what Bedrock's `InvokeModelWithResponseStream` carries in a frame.
    Chunk,
    /// The outermost object of a Bedrock frame's own payload.
    Frame,
    /// In a frame, the model's own event as base64.
    Bytes,
    /// The wrapper of OpenAI's response events and of Cohere's last one.
    Response,
    /// The wrapper of Anthropic's first event; a whole answer of Ollama and Cohere.
    Message,
    /// Amazon Nova's wrapper of its last event.
    Metadata,
    /// Groq's own member.
    Groq,
    /// A usage object.
    Usage(Origin),
    /// Cohere's object around its counts.
    Meta(Origin),
    /// Cohere's tokens.
    Tokens,
    /// Cohere's billed units.
    Billed,
    /// Gemini's usage object.
    Gemini,
    /// Bedrock's own counts in an invoked model's last event.
    Metrics,
    /// Details of the input.
    InputDetails,
    /// Details of the output.
    OutputDetails,
    /// Anthropic's cache writes by their life.
    WriteDetails,
    /// Perplexity's cost, item by item.
    CostItems,
    /// A list of counts with what each is of: a cache's life, or a modality of the input or output.
    Parts(Slot),
    /// One element of such a list.
    PartOf(Slot),
    /// What a listed count is of.
    PartLabel,
    /// A listed count.
    PartCount,
    /// Whether the customer pays OpenRouter's provider.
    Byok,
    /// Amazon Titan's results and Vertex's predictions.
    Results,
    /// One of them.
    OneResult,
    /// A prediction's embeddings.
    Embeddings,
    /// A prediction's statistics.
    Statistics,
    /// Input tokens of a prediction, of which there may be several.
    ResultInput,
    /// Output tokens of a result, of which there may be several.
    ResultOutput,
    /// Input tokens at the root.
    FlatInput,
    /// Output tokens at the root.
    FlatOutput,
    /// OpenAI's choices.
    Choices,
    /// One choice.
    Choice,
    /// What an object or a list of the answer's own pieces holds.
    Pieces,
    /// The same, one step further in.
    Piece,
    /// A tool call.
    Call,
    /// A delta at the root: Anthropic's, Bedrock's and Cohere's object, OpenAI's string.
    Delta,
    /// Gemini's candidates.
    Candidates,
    /// One candidate.
    Candidate,
    /// A candidate's content.
    CandidateContent,
    /// Gemini's parts of a candidate's content.
    GeminiParts,
    /// One of them.
    GeminiPart,
    /// A piece of the answer's own text.
    Content,
    /// Anything here is a piece of the answer.
    Action,
    /// The model's name.
    Model,
    /// The service tier.
    Tier,
    /// An object that tells the service tier.
    TierObject,
    /// The event's type.
    Type,
    /// The document's kind.
    Kind,
    /// Anthropic's reason for the end.
    StopReason,
    /// Why a Gemini candidate has ended.
    FinishReason,
    /// Ollama's mark of its last document.
    Done,
    /// An error under a success.
    Error,
    /// A count or amount of a usage object.
    Count(Slot),
}

/// What was found at a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// An object or array begins.
    Begin,
    /// The object or array of that node is complete.
    End,
    /// A number's own digits.
    Number(&'a [u8]),
    /// A string, unescaped and whole.
    Text(&'a [u8]),
    /// The next bytes of a string that is given in pieces, or the beginning of one of [`Node::Content`].
    Piece(&'a [u8]),
    /// `true`.
    True,
    /// `false`.
    False,
    /// `null`.
    Null,
    /// `[DONE]`, which OpenAI sends behind its last event.
    Done,
}
