//! Strings that most batches have: each stands in a batch as its number here. Append only; a change of any
//! other kind needs a new version of the format.

/// The strings, in the order of their numbers.
pub(super) const STATIC: &[&str] = &[
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "via_upstream",
    "direct_response",
    "route_not_found",
    "internal_redirect",
    "response_timeout",
    "downstream_remote_disconnect",
    "upstream_reset_after_response_started:protocol_error",
    "upstream_reset_after_response_started:connection_termination",
    "upstream_reset_after_response_started:remote_reset",
    "upstream_reset_before_response_started:overflow",
    "upstream_reset_before_response_started:connection_termination",
    "upstream_reset_before_response_started:remote_connection_failure",
    "upstream_reset_before_response_started:remote_reset",
    "upstream_reset_before_response_started:connection_timeout",
    "no_healthy_upstream",
    "client_disconnected",
    "stream_idle_timeout",
    "max_duration",
    "overflow",
    "rate_limited",
    "unauthorized",
    "proxy_overloaded",
    "no_response",
    "rate_limited_by_backend",
    "client_error",
    "backend_error",
    "connection_failed",
    "retries_exhausted",
    "no_route",
    "dns_failed",
    "upstream_reset",
    "upstream_failed",
    "default",
    "standard",
    "priority",
    "flex",
    "llm",
    "openai",
    "anthropic",
    "aws.bedrock",
    "azure.ai.openai",
    "gcp.gemini",
    "gcp.vertex_ai",
    "cohere",
    "deepseek",
    "groq",
    "mistral_ai",
    "perplexity",
    "x_ai",
    "round_robin",
    "weighted_round_robin",
    "least_request",
    "random",
    "ring_hash",
    "maglev",
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/responses",
    "/v1/embeddings",
    "/v1/messages",
    "/api/v1/chat/completions",
    "/v1beta/models/{}:generateContent",
    "/v1beta/models/{}:streamGenerateContent",
    "/openai/deployments/{}/chat/completions",
    "/model/{}/converse",
    "/model/{}/converse-stream",
    "/model/{}/invoke",
    "/model/{}/invoke-with-response-stream",
    "/v2/chat",
    "/{}",
];

/// The number of `text`, if it has one.
pub(super) fn number_of(text: &str) -> Option<usize> {
    STATIC.iter().position(|known| *known == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
    #[cfg_attr(not(target_arch = "wasm32"), test)]
    fn every_string_has_one_number_and_may_stand_in_a_batch() {
        for (at, text) in STATIC.iter().enumerate() {
            assert_eq!(number_of(text), Some(at), "{text} stands twice");
            assert_eq!(crate::check_string(text), Ok(()));
        }
    }
}
