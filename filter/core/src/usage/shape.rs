//! Where usage, model, cost and content stand in the answers of the providers: paths, as a tree of nodes.
//!
//! A path matches from the document's root only, so a `usage` elsewhere (in a user's text, in a per-model
//! breakdown) is not one.

use super::node::{Node, Origin};
use super::numbers::Slot;

impl Node {
    /// Whether all that can be found below is a piece of the answer.
    pub(super) fn is_content(self) -> bool {
        matches!(
            self,
            Self::Content
                | Self::Action
                | Self::Pieces
                | Self::Piece
                | Self::Call
                | Self::CandidateContent
                | Self::GeminiParts
                | Self::GeminiPart
        )
    }

    /// Whether a string here is wanted, whole.
    pub(super) fn wants_text(self) -> bool {
        matches!(
            self,
            Self::Model
                | Self::Tier
                | Self::Type
                | Self::Kind
                | Self::StopReason
                | Self::FinishReason
                | Self::PartLabel
                | Self::Count(Slot::Cost)
        )
    }

    /// The node of a container that stands where `self` was expected.
    pub(super) fn opened(self, object: bool) -> Self {
        match self {
            Self::Count(Slot::Cost) if object => Self::CostItems,
            Self::Tier if object => Self::TierObject,
            Self::Content => Self::Pieces,
            Self::Count(_)
            | Self::Tier
            | Self::Model
            | Self::Type
            | Self::Kind
            | Self::StopReason
            | Self::FinishReason
            | Self::PartLabel
            | Self::PartCount
            | Self::Byok
            | Self::Done
            | Self::FlatInput
            | Self::FlatOutput
            | Self::ResultInput
            | Self::ResultOutput
            | Self::Bytes
            | Self::Error
            | Self::Action => Self::Skip,
            Self::Choices
            | Self::Candidates
            | Self::GeminiParts
            | Self::Results
            | Self::Parts(_)
            | Self::Top => {
                if object {
                    Self::Skip
                } else {
                    self
                }
            }
            Self::Pieces | Self::Piece | Self::Call => self,
            other => {
                if object {
                    other
                } else {
                    Self::Skip
                }
            }
        }
    }

    /// The node of the member `key` of an object at this node.
    pub(super) fn child(self, key: &[u8]) -> Self {
        match self {
            Self::Root => root(key),
            Self::Chunk => match key {
                b"metadata" => Self::Metadata,
                b"contentBlockDelta" => Self::Message,
                _ => root(key),
            },
            Self::Frame => match key {
                b"bytes" => Self::Bytes,
                _ => root(key),
            },
            Self::Response => match key {
                b"usage" => Self::Usage(Origin::Response),
                b"usageMetadata" => Self::Gemini,
                b"meta" => Self::Meta(Origin::Response),
                b"model" | b"modelVersion" => Self::Model,
                b"service_tier" => Self::Tier,
                b"error" => Self::Error,
                b"candidates" => Self::Candidates,
                _ => Self::Skip,
            },
            Self::Message => match key {
                b"usage" => Self::Usage(Origin::Start),
                b"model" => Self::Model,
                b"delta" => Self::Delta,
                b"content" | b"thinking" => Self::Content,
                b"tool_calls" => Self::Call,
                _ => Self::Skip,
            },
            Self::Metadata if key == b"usage" => Self::Usage(Origin::Root),
            Self::Groq if key == b"usage" => Self::Usage(Origin::Groq),
            Self::Usage(_) => usage(key),
            Self::Meta(_) => meta(key),
            Self::Tokens => match key {
                b"input_tokens" => Self::Count(Slot::Input),
                b"output_tokens" => Self::Count(Slot::Output),
                _ => Self::Skip,
            },
            Self::Billed => match key {
                b"input_tokens" => Self::Count(Slot::BilledInput),
                b"output_tokens" => Self::Count(Slot::BilledOutput),
                _ => Self::Skip,
            },
            Self::Gemini => gemini(key),
            Self::Metrics => match key {
                b"inputTokenCount" => Self::Count(Slot::Input),
                b"outputTokenCount" => Self::Count(Slot::Output),
                b"cacheReadInputTokenCount" => Self::Count(Slot::BedrockRead),
                b"cacheWriteInputTokenCount" => Self::Count(Slot::BedrockWrite),
                _ => Self::Skip,
            },
            Self::InputDetails => match key {
                b"cached_tokens" => Self::Count(Slot::Cached),
                b"audio_tokens" => Self::Count(Slot::AudioIn),
                b"cache_write_tokens" | b"cache_creation_tokens" => Self::Count(Slot::WriteInside),
                _ => Self::Skip,
            },
            Self::OutputDetails => match key {
                b"reasoning_tokens" | b"thinking_tokens" => Self::Count(Slot::Reasoning),
                b"audio_tokens" => Self::Count(Slot::AudioOut),
                _ => Self::Skip,
            },
            Self::WriteDetails => match key {
                b"ephemeral_5m_input_tokens" => Self::Count(Slot::Write5m),
                b"ephemeral_1h_input_tokens" => Self::Count(Slot::Write1h),
                _ => Self::Skip,
            },
            Self::CostItems if key == b"total_cost" => Self::Count(Slot::Cost),
            Self::TierObject if key == b"type" => Self::Tier,
            Self::PartOf(_) => match key {
                b"modality" | b"ttl" => Self::PartLabel,
                b"tokenCount" | b"inputTokens" => Self::PartCount,
                _ => Self::Skip,
            },
            Self::OneResult => match key {
                b"tokenCount" => Self::ResultOutput,
                b"embeddings" => Self::Embeddings,
                _ => Self::Skip,
            },
            Self::Embeddings if key == b"statistics" => Self::Statistics,
            Self::Statistics if key == b"token_count" => Self::ResultInput,
            Self::Choice => match key {
                b"delta" | b"message" => Self::Pieces,
                b"text" => Self::Content,
                b"usage" => Self::Usage(Origin::Choice),
                _ => Self::Skip,
            },
            Self::Delta => match key {
                b"text" | b"thinking" | b"partial_json" => Self::Content,
                b"reasoningContent" | b"toolUse" | b"message" => Self::Pieces,
                b"stop_reason" => Self::StopReason,
                b"usage" => Self::Usage(Origin::Delta),
                _ => Self::Skip,
            },
            Self::Pieces | Self::Piece => piece(key),
            Self::Call => match key {
                b"function" | b"custom" => Self::Call,
                b"arguments" | b"input" => Self::Content,
                _ => Self::Skip,
            },
            Self::Candidate if key == b"content" => Self::CandidateContent,
            Self::Candidate if key == b"finishReason" => Self::FinishReason,
            Self::CandidateContent if key == b"parts" => Self::GeminiParts,
            Self::GeminiPart => match key {
                b"text" => Self::Content,
                b"functionCall" | b"inlineData" | b"executableCode" | b"codeExecutionResult" => Self::Action,
                _ => Self::Skip,
            },
            _ => Self::Skip,
        }
    }

    /// The node of an element of an array at this node.
    pub(super) fn element(self) -> Self {
        match self {
            Self::Top => Self::Root,
            Self::Choices => Self::Choice,
            Self::Candidates => Self::Candidate,
            Self::GeminiParts => Self::GeminiPart,
            Self::Results => Self::OneResult,
            Self::Parts(slot) => Self::PartOf(slot),
            Self::Pieces | Self::Piece => Self::Piece,
            Self::Call => Self::Call,
            _ => Self::Skip,
        }
    }
}

fn root(key: &[u8]) -> Node {
    match key {
        b"usage" => Node::Usage(Origin::Root),
        b"usageMetadata" => Node::Gemini,
        b"meta" => Node::Meta(Origin::Root),
        b"amazon-bedrock-invocationMetrics" => Node::Metrics,
        b"x_groq" => Node::Groq,
        b"model" | b"modelVersion" => Node::Model,
        b"service_tier" | b"serviceTier" => Node::Tier,
        b"type" | b"event_type" => Node::Type,
        b"object" => Node::Kind,
        b"error" => Node::Error,
        b"response" | b"interaction" => Node::Response,
        b"message" => Node::Message,
        b"choices" => Node::Choices,
        b"delta" => Node::Delta,
        b"candidates" => Node::Candidates,
        b"text" | b"outputText" | b"generation" | b"completion" => Node::Content,
        b"results" | b"predictions" => Node::Results,
        b"inputTextTokenCount" | b"prompt_token_count" | b"prompt_eval_count" => Node::FlatInput,
        b"totalOutputTextTokenCount" | b"generation_token_count" | b"eval_count" => Node::FlatOutput,
        b"done" => Node::Done,
        _ => Node::Skip,
    }
}

fn usage(key: &[u8]) -> Node {
    let slot = match key {
        b"prompt_tokens" => Slot::Prompt,
        b"completion_tokens" => Slot::Completion,
        b"input_tokens" | b"inputTokens" | b"total_input_tokens" => Slot::Input,
        b"output_tokens" | b"outputTokens" | b"total_output_tokens" => Slot::Output,
        b"total_tokens" | b"totalTokens" => Slot::Total,
        b"cache_read_input_tokens" => Slot::CacheRead,
        b"cacheReadInputTokens" | b"cacheReadInputTokenCount" => Slot::BedrockRead,
        b"cache_creation_input_tokens" => Slot::CacheWrite,
        b"cacheWriteInputTokens" | b"cacheWriteInputTokenCount" => Slot::BedrockWrite,
        b"prompt_cache_hit_tokens" | b"cached_tokens" | b"num_cached_tokens" => Slot::CachedAgain,
        b"reasoning_tokens" => Slot::ReasoningAgain,
        b"total_thought_tokens" => Slot::Reasoning,
        b"total_cached_tokens" => Slot::Cached,
        b"total_tool_use_tokens" => Slot::ToolUse,
        b"cost" => Slot::Cost,
        b"cost_in_usd_ticks" => Slot::Ticks,
        b"prompt_tokens_details"
        | b"prompt_token_details"
        | b"input_tokens_details"
        | b"input_token_details" => return Node::InputDetails,
        b"completion_tokens_details"
        | b"completion_token_details"
        | b"output_tokens_details"
        | b"output_token_details" => return Node::OutputDetails,
        b"cache_creation" => return Node::WriteDetails,
        b"cacheDetails" => return Node::Parts(Slot::Write1h),
        b"tokens" => return Node::Tokens,
        b"billed_units" => return Node::Billed,
        b"service_tier" => return Node::Tier,
        b"is_byok" => return Node::Byok,
        _ => return Node::Skip,
    };
    Node::Count(slot)
}

fn meta(key: &[u8]) -> Node {
    match key {
        b"tokens" => Node::Tokens,
        b"billed_units" => Node::Billed,
        b"cached_tokens" => Node::Count(Slot::CachedAgain),
        _ => Node::Skip,
    }
}

fn gemini(key: &[u8]) -> Node {
    let slot = match key {
        b"promptTokenCount" => Slot::Prompt,
        b"candidatesTokenCount" | b"responseTokenCount" => Slot::Completion,
        b"thoughtsTokenCount" => Slot::Reasoning,
        b"cachedContentTokenCount" => Slot::Cached,
        b"toolUsePromptTokenCount" => Slot::ToolUse,
        b"totalTokenCount" => Slot::Total,
        b"promptTokensDetails" => return Node::Parts(Slot::AudioIn),
        b"candidatesTokensDetails" | b"responseTokensDetails" => return Node::Parts(Slot::AudioOut),
        b"serviceTier" => return Node::Tier,
        _ => return Node::Skip,
    };
    Node::Count(slot)
}

fn piece(key: &[u8]) -> Node {
    match key {
        b"content" | b"reasoning_content" | b"reasoning" | b"refusal" | b"text" | b"thinking"
        | b"tool_plan" | b"data" | b"transcript" => Node::Content,
        b"audio" | b"reasoningText" => Node::Piece,
        b"tool_calls" | b"function_call" => Node::Call,
        b"input" => Node::Content,
        _ => Node::Skip,
    }
}
