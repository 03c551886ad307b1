//! Requests as a provider's clients send them; pure.

use bytes::Bytes;
use http::{HeaderValue, Request, header};
use http_body_util::Full;
use serde_json::{Value, json};

use super::connection::Outgoing;
use crate::plan::{Api, Plan};

/// The request of a plan, with the headers by which the gateway routes it and the provider finds
/// the same plan. None only when a part of it is no valid HTTP.
pub(super) fn outgoing(request_id: &str, backend: &'static str, plan: &Plan) -> Option<Outgoing> {
    Request::post(plan.api.path(plan.model.name, plan.streamed))
        .header(header::HOST, "llm.example")
        .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .header("x-request-id", request_id)
        .header("x-sim-backend", backend)
        .header("x-sim-number", plan.number)
        .body(Full::new(Bytes::from(body(plan).to_string())))
        .ok()
}

fn body(plan: &Plan) -> Value {
    let (model, stream) = (plan.model.name, plan.streamed);
    let question = format!("How high is the water at gauge {}?", plan.number);
    let messages = json!([{"role": "user", "content": question}]);
    match plan.api {
        Api::OpenAiChat if stream && plan.include_usage => {
            let options = json!({"include_usage": true});
            json!({"model": model, "messages": messages, "stream": true, "stream_options": options})
        }
        Api::OpenAiChat | Api::OpenRouter => json!({"model": model, "messages": messages, "stream": stream}),
        Api::OpenAiResponses => json!({"model": model, "input": question, "stream": stream}),
        Api::Anthropic => {
            json!({"model": model, "max_tokens": 1_024, "messages": messages, "stream": stream})
        }
        Api::Gemini => json!({"contents": [{"role": "user", "parts": [{"text": question}]}]}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::demo_backends;

    #[test]
    fn a_request_names_its_plan_and_goes_to_its_providers_path() {
        for backend in demo_backends() {
            for plan in (0..50).map(|number| Plan::of(1, &backend, number)) {
                let request = outgoing("an-id", backend.name, &plan).unwrap();
                assert_eq!(request.headers()["x-sim-backend"], backend.name);
                assert_eq!(request.headers()["x-sim-number"], plan.number.to_string());
                assert_eq!(request.headers()["x-request-id"], "an-id");
                let path = request.uri().path();
                assert_eq!(path.starts_with("/v1beta/models/gemini-"), plan.api == Api::Gemini, "{path}");
                assert_eq!(
                    path.ends_with(":streamGenerateContent"),
                    plan.api == Api::Gemini && plan.streamed
                );
            }
        }
    }
}
