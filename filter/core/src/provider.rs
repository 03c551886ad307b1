//! Which provider answers: from the configuration, else from the API that the path names.
//!
//! Names are OpenTelemetry's values of `gen_ai.provider.name`.

/// The provider whose API `endpoint` (a template, see [`crate::endpoint`]) belongs to; `None` for what is
/// no known API of a model.
pub fn by_endpoint(endpoint: &str) -> Option<&'static str> {
    let ends = |ends: &[&str]| ends.iter().any(|end| endpoint.ends_with(end));
    let publishers = endpoint.as_bytes().windows(12).any(|part| part == b"/publishers/");
    if endpoint.starts_with("/openai/deployments/") {
        Some("azure.ai.openai")
    } else if endpoint.starts_with("/models/chat/completions") {
        Some("azure.ai.inference")
    } else if ends(&["/messages"]) {
        Some("anthropic")
    } else if publishers && ends(&[":predict", ":rawPredict", ":streamRawPredict"]) {
        Some("gcp.vertex_ai")
    } else if ends(&[":generateContent", ":streamGenerateContent", ":embedContent", ":batchEmbedContents"]) {
        Some(if publishers { "gcp.vertex_ai" } else { "gcp.gemini" })
    } else if ends(&["/v1beta/interactions"]) || endpoint.starts_with("/v1beta/openai/") {
        Some("gcp.gemini")
    } else if endpoint.starts_with("/model/")
        && ends(&["/converse", "/converse-stream", "/invoke", "/invoke-with-response-stream"])
    {
        Some("aws.bedrock")
    } else if ends(&["/v1/chat", "/v1/embed", "/v2/chat", "/v2/embed", "/v2/rerank"]) {
        Some("cohere")
    } else if ends(&["/fim/completions"]) {
        Some("mistral_ai")
    } else if ends(&["/chat/completions", "/completions", "/responses", "/embeddings"])
        || ends(&["/images/generations", "/images/edits", "/audio/transcriptions", "/audio/translations"])
    {
        Some("openai")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint;
    use crate::testing::test;

    test! {
        fn the_path_tells_the_provider() {
            for (path, expected) in [
                ("/v1/chat/completions", Some("openai")),
                ("/api/v1/chat/completions?x", Some("openai")),
                ("/v1/responses", Some("openai")),
                ("/v1/messages", Some("anthropic")),
                ("/v1beta/models/gemini-2.5-pro:generateContent", Some("gcp.gemini")),
                ("/v1/projects/p/locations/l/publishers/google/models/m:streamGenerateContent", Some("gcp.vertex_ai")),
                ("/openai/deployments/d/chat/completions", Some("azure.ai.openai")),
                ("/model/m/converse-stream", Some("aws.bedrock")),
                ("/v1/projects/p/locations/l/publishers/anthropic/models/m:streamRawPredict", Some("gcp.vertex_ai")),
                ("/v1/projects/p/locations/l/publishers/google/models/m:predict", Some("gcp.vertex_ai")),
                ("/v1beta/models/m:countTokens", None),
                ("/v1beta/interactions", Some("gcp.gemini")),
                ("/v1beta/openai/chat/completions", Some("gcp.gemini")),
                ("/v1/messages/count_tokens", None),
                ("/models/chat/completions?api-version=1", Some("azure.ai.inference")),
                ("/v1/fim/completions", Some("mistral_ai")),
                ("/v1/images/generations", Some("openai")),
                ("/model/arn%3Aaws/count-tokens", None),
                ("/v1/responses/resp_1", None),
                ("/v1/chat", Some("cohere")),
                ("/v2/chat", Some("cohere")),
                ("/shop/cart", None),
                ("/v1/models", None),
            ] {
                assert_eq!(by_endpoint(&endpoint::template(path.as_bytes())), expected, "{path}");
            }
        }
    }
}
