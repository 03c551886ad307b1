//! Every end that a stream can come to, each made on purpose: the record says which it was, and that once.

mod aborts;
mod failures;
mod local_replies;
mod rejections;
mod timeouts;

use serde_json::{Value, json};
use weir_tests::scripted::{Case, Script};

const CHAT: &str = "/v1/chat/completions";

/// A chat's stream up to but without its usage.
const BEGINNING: &str = concat!(
    "data: {\"id\":\"c\",\"model\":\"gpt-4.1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
    "data: {\"id\":\"c\",\"model\":\"gpt-4.1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n",
);
/// The rest of it: 40 tokens in, 2 out.
const USAGE: &str = concat!(
    "data: {\"id\":\"c\",\"model\":\"gpt-4.1\",\"choices\":[],\"usage\":{\"prompt_tokens\":40,\"completion_tokens\":2,\"total_tokens\":42}}\n\n",
    "data: [DONE]\n\n",
);

fn stream() -> Script {
    Script::answer(200, &[("content-type", "text/event-stream")])
}

/// A stream that is whole.
fn whole() -> Script {
    stream().data(BEGINNING).data(USAGE).end()
}

fn chat(name: &str) -> Case {
    Case::new(name, "plain", CHAT)
}

fn ended(outcome: &str, error_type: impl Into<Value>) -> Value {
    json!({ "outcome": outcome, "error_type": error_type.into() })
}
