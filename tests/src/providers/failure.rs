//! The bodies of errors, in each provider's shape; none has a usage.

use serde_json::{Value, json};

use super::piece::Piece;
use crate::plan::{Api, Plan};

/// The one piece of an error's body.
pub(super) fn whole(plan: &Plan, status: u16) -> Vec<Piece> {
    vec![Piece::silent(body(plan, status).to_string())]
}

fn body(plan: &Plan, status: u16) -> Value {
    let overload = status == 429;
    let message =
        if overload { "Rate limit reached, please try again later." } else { "Something went wrong." };
    match plan.api {
        Api::OpenAiChat | Api::OpenAiResponses => {
            let kind = if overload { "rate_limit_exceeded" } else { "server_error" };
            json!({"error": {"message": message, "type": kind, "param": null, "code": kind}})
        }
        Api::Anthropic => {
            let kind = if overload { "rate_limit_error" } else { "api_error" };
            json!({"type": "error", "error": {"type": kind, "message": message}})
        }
        Api::Gemini => {
            let name = if overload { "RESOURCE_EXHAUSTED" } else { "UNAVAILABLE" };
            json!({"error": {"code": status, "message": message, "status": name}})
        }
        Api::OpenRouter => json!({"error": {"code": status, "message": message}}),
    }
}
