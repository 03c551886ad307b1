//! A request's path as a template: the words of the providers' APIs stay, all else becomes a placeholder.
//!
//! A path can hold a person's name, a file's, a key; so nothing is kept but words from a fixed vocabulary
//! and version numbers. The query is never looked at.

use crate::provider;

/// Words that name an API's parts, sorted for the search.
const VOCABULARY: &[&str] = &[
    "answers",
    "api",
    "assistants",
    "audio",
    "batch",
    "batches",
    "beta",
    "chat",
    "chat-completions",
    "classify",
    "cohere",
    "completions",
    "compute",
    "converse",
    "converse-stream",
    "count_tokens",
    "deployments",
    "detokenize",
    "edits",
    "embed",
    "embeddings",
    "engines",
    "experimental",
    "files",
    "fim",
    "fine-tuning",
    "fine_tuning",
    "generate",
    "generations",
    "health",
    "healthz",
    "images",
    "inference",
    "interactions",
    "invoke",
    "invoke-with-response-stream",
    "jobs",
    "locations",
    "messages",
    "metrics",
    "model",
    "models",
    "moderations",
    "ocr",
    "openai",
    "projects",
    "publishers",
    "realtime",
    "rerank",
    "responses",
    "runs",
    "score",
    "search",
    "speech",
    "threads",
    "tokenize",
    "transcriptions",
    "translations",
    "tunedModels",
    "uploads",
    "variations",
    "vector_stores",
];

/// The verbs that Google's APIs put behind a colon.
const VERBS: &[&str] = &[
    "batchEmbedContents",
    "countTokens",
    "embedContent",
    "generateContent",
    "predict",
    "rawPredict",
    "serverStreamingPredict",
    "streamGenerateContent",
    "streamRawPredict",
];

/// More segments than any provider's path has; what follows is one placeholder.
const MAX_SEGMENTS: usize = 12;

/// A path that has been looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its template.
    pub template: String,
    /// The provider whose API it is, see [`provider::by_endpoint`].
    pub provider: Option<&'static str>,
}

/// The longest path that is remembered, bytes.
const MOST_REMEMBERED: usize = 128;
/// How many are remembered.
const REMEMBERED: usize = 8;

/// The paths looked at last: a gateway sees few, and the same again and again.
#[derive(Debug, Default)]
pub struct Endpoints {
    remembered: [Option<(Box<[u8]>, Known)>; REMEMBERED],
    /// Where the next one goes.
    next: usize,
    /// The last one that was too long to be remembered.
    passing: Option<Known>,
}

impl Endpoints {
    /// What there is to know of `path`; its query is not looked at.
    pub fn of(&mut self, path: &[u8]) -> Option<&Known> {
        let path = without_query(path);
        let is_it =
            |entry: &Option<(Box<[u8]>, Known)>| entry.as_ref().is_some_and(|(known, _)| **known == *path);
        let at = match self.remembered.iter().position(is_it) {
            Some(at) => at,
            None => {
                let template = template(path);
                let provider = provider::by_endpoint(&template);
                let known = Known { template, provider };
                if path.len() > MOST_REMEMBERED {
                    return Some(self.passing.insert(known));
                }
                let at = self.next % REMEMBERED;
                self.next = at.saturating_add(1);
                *self.remembered.get_mut(at)? = Some((path.into(), known));
                at
            }
        };
        self.remembered.get(at)?.as_ref().map(|(_, known)| known)
    }
}

fn without_query(path: &[u8]) -> &[u8] {
    let end = path.iter().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(path.len());
    path.get(..end).unwrap_or_default()
}

/// The template of `path`.
pub fn template(path: &[u8]) -> String {
    let path = without_query(path);
    let mut template = String::with_capacity(path.len().min(96));
    for (at, segment) in path.strip_prefix(b"/").unwrap_or(path).split(|byte| *byte == b'/').enumerate() {
        template.push('/');
        if at == MAX_SEGMENTS {
            template.push_str("{}");
            break;
        }
        push_segment(&mut template, segment);
    }
    template
}

fn push_segment(template: &mut String, segment: &[u8]) {
    if let Some(word) = known(segment) {
        template.push_str(word);
        return;
    }
    template.push_str("{}");
    let colon = segment.iter().rposition(|byte| *byte == b':');
    let verb = colon.and_then(|at| segment.get(at.saturating_add(1)..));
    if let Some(verb) = verb.and_then(|verb| VERBS.iter().find(|known| known.as_bytes() == verb)) {
        template.push(':');
        template.push_str(verb);
    }
}

fn known(segment: &[u8]) -> Option<&str> {
    if segment.is_empty() {
        return Some("");
    }
    let text = std::str::from_utf8(segment).ok()?;
    (VOCABULARY.binary_search(&text).is_ok() || is_version(text)).then_some(text)
}

/// `v1`, `v1beta`, `v1alpha2`.
fn is_version(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('v').filter(|_| text.len() <= 12) else { return false };
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let major = digits(rest);
    let stage = rest.get(major..).unwrap_or_default();
    let stage = stage.strip_prefix("alpha").or_else(|| stage.strip_prefix("beta")).unwrap_or(stage);
    (1..=2).contains(&major) && stage.len() <= 2 && digits(stage) == stage.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    test! {
        fn the_vocabulary_is_sorted_for_the_search() {
            assert!(VOCABULARY.is_sorted());
        }

        fn words_stay_and_all_else_becomes_a_placeholder() {
            for (path, expected) in [
                ("/v1/chat/completions", "/v1/chat/completions"),
                ("/v1/chat/completions?api-key=secret", "/v1/chat/completions"),
                ("/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse", "/v1beta/models/{}:streamGenerateContent"),
                ("/openai/deployments/my-team/chat/completions", "/openai/deployments/{}/chat/completions"),
                ("/model/us.anthropic.claude-3-5:0/converse-stream", "/model/{}/converse-stream"),
                ("/users/jane.doe@example.org/v12", "/{}/{}/v12"),
                ("/v1/files/sk-secret:delete", "/v1/files/{}"),
                ("/", "/"),
                ("", "/"),
                ("/v1//x", "/v1//{}"),
                ("/v4915112345/v12345678901/v1beta2/v1alpha123", "/{}/{}/v1beta2/{}"),
                ("/\u{0}\n/v", "/{}/{}"),
                ("*", "/{}"),
                ("/a/b/c/d/e/f/g/h/i/j/k/l/m/n", "/{}/{}/{}/{}/{}/{}/{}/{}/{}/{}/{}/{}/{}"),
            ] {
                assert_eq!(template(path.as_bytes()), expected, "{path}");
            }
        }
    }
}
