//! Which provider answers: from the configuration, else from the API that the path names.
//!
//! Names are OpenTelemetry's values of `gen_ai.provider.name`.

/// The provider whose API `endpoint` (a template, see [`crate::endpoint`]) belongs to; `None` for what is
/// no known API of a model.
pub fn by_endpoint(endpoint: &str) -> Option<&'static str> {
    let ends = |ends: &[&str]| ends.iter().any(|end| endpoint.ends_with(end));
    if endpoint.contains("/deployments/") && endpoint.starts_with("/openai/") {
        Some("azure.ai.openai")
    } else if ends(&["/messages"]) {
        Some("anthropic")
    } else if endpoint.contains(":generateContent") || endpoint.contains(":streamGenerateContent") {
        Some(if endpoint.contains("/publishers/") { "gcp.vertex_ai" } else { "gcp.gemini" })
    } else if endpoint.starts_with("/model/")
        && ends(&["/converse", "/converse-stream", "/invoke", "/invoke-with-response-stream"])
    {
        Some("aws.bedrock")
    } else if ends(&["/v2/chat", "/v2/embed", "/v2/rerank"]) {
        Some("cohere")
    } else if ends(&["/chat/completions", "/completions", "/responses", "/embeddings"]) {
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
                ("/v2/chat", Some("cohere")),
                ("/shop/cart", None),
                ("/v1/models", None),
            ] {
                assert_eq!(by_endpoint(&endpoint::template(path.as_bytes())), expected, "{path}");
            }
        }
    }
}
