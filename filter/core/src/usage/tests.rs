use super::*;
use crate::testing::test;

fn scan(framing: Framing, body: &[u8], cut: usize) -> Counts {
    let mut scanner = BodyScanner::new(framing);
    for chunk in body.chunks(cut.max(1)) {
        scanner.feed(chunk);
    }
    scanner.finish();
    scanner.counts().clone()
}

/// The usage of `body`, the same however it is cut.
fn check(framing: Framing, body: &str, expected: Option<Usage>) -> Counts {
    let whole = scan(framing, body.as_bytes(), body.len());
    for cut in 1..body.len().min(80) {
        let cut_up = scan(framing, body.as_bytes(), cut);
        assert_eq!(cut_up.usage(), expected, "cut every {cut} bytes: {body}");
        assert_eq!(
            (cut_up.model(), cut_up.has_content()),
            (whole.model(), whole.has_content()),
            "{cut}: {body}"
        );
    }
    whole
}

fn usage(input: u64, output: u64) -> Usage {
    Usage { input: Some(input), output: Some(output), ..Usage::default() }
}

test! {
    fn openai_chat() {
        let body = r#"{"id":"x","model":"gpt-4o","choices":[{"message":{"role":"assistant","content":"\"usage\":{\"prompt_tokens\":9}"}}],
            "usage":{"prompt_tokens":120,"completion_tokens":80,"total_tokens":200,
            "prompt_tokens_details":{"cached_tokens":64,"audio_tokens":3},"completion_tokens_details":{"reasoning_tokens":32,"audio_tokens":4}}}"#;
        let counts = check(Framing::Json, body, Some(Usage {
            cache_read: Some(64), reasoning: Some(32), audio: Some(7), ..usage(120, 80)
        }));
        assert_eq!(counts.model(), Some("gpt-4o"));
        let stream = "data: {\"model\":\"gpt-4o\",\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":null}\n\n\
            : keep-alive\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";
        for end in ["\n", "\r\n", "\r"] {
            assert!(check(Framing::Sse, &stream.replace('\n', end), Some(usage(1, 2))).is_final());
        }
    }

    fn openai_responses() {
        let body = "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"model\":\"gpt-5\",\"usage\":null}}\n\n\
            event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"Hi\"}\n\n\
            event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"model\":\"gpt-5\",\"service_tier\":\"default\",\
            \"usage\":{\"input_tokens\":75,\"input_tokens_details\":{\"cached_tokens\":32},\"output_tokens\":1186,\
            \"output_tokens_details\":{\"reasoning_tokens\":1024},\"total_tokens\":1261}}}\n\n";
        let expected = Usage { cache_read: Some(32), reasoning: Some(1024), ..usage(75, 1186) };
        let counts = check(Framing::Sse, body, Some(expected));
        assert_eq!((counts.model(), counts.tier(), counts.has_content()), (Some("gpt-5"), Some("default"), true));
    }

    fn anthropic_counts_its_caches_apart_and_its_output_cumulatively() {
        let body = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"claude-sonnet-4-5\",\"usage\":{\"input_tokens\":25,\
            \"cache_creation_input_tokens\":100,\"cache_read_input_tokens\":1000,\"cache_creation\":{\"ephemeral_5m_input_tokens\":60,\"ephemeral_1h_input_tokens\":40},\"output_tokens\":1}}}\n\n\
            event: ping\ndata: {\"type\": \"ping\"}\n\n\
            event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\n\
            event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":15}}\n\n";
        let expected = Usage { cache_read: Some(1000), cache_write: Some(100), cache_write_1h: Some(40), ..usage(1125, 15) };
        assert!(check(Framing::Sse, body, Some(expected)).is_final());
        let begun = body.split("event: ping").next().unwrap();
        let counts = check(Framing::Sse, begun, Some(Usage { output: Some(1), ..expected }));
        assert!(!counts.is_final() && !counts.has_content());
    }

    fn gemini_thoughts_are_inside_the_candidates_only_if_the_sum_says_so() {
        let body = |total: u64| format!(
            "{{\"candidates\":[{{\"content\":{{\"parts\":[{{\"text\":\"x\"}}]}},\"finishReason\":\"STOP\"}}],\"usageMetadata\":{{\"promptTokenCount\":10,\
            \"candidatesTokenCount\":20,\"thoughtsTokenCount\":7,\"cachedContentTokenCount\":4,\"totalTokenCount\":{total}}},\"modelVersion\":\"gemini-2.5-pro\"}}");
        let expected = |output| Usage { cache_read: Some(4), reasoning: Some(7), ..usage(10, output) };
        let counts = check(Framing::Json, &body(37), Some(expected(27)));
        assert_eq!((counts.model(), counts.has_content()), (Some("gemini-2.5-pro"), true));
        check(Framing::Json, &body(30), Some(expected(20)));
        check(Framing::Json, &format!("[{},\n{}]", body(37), body(30)), Some(expected(20)));
        check(Framing::Sse, &format!("data: {}\r\n\r\n", body(37)), Some(expected(27)));
    }

    fn the_cost_in_a_body_is_exact() {
        let body = r#"{"usage":{"prompt_tokens":1,"completion_tokens":2,"cost":1.2345e-05,"cost_details":{"cost":9}}}"#;
        assert_eq!(check(Framing::Json, body, Some(usage(1, 2))).cost_nano_usd(), Some(12_345));
    }

    fn a_usage_anywhere_else_is_none() {
        for body in [
            r#"{"choices":[{"message":{"usage":{"prompt_tokens":9}}}]}"#,
            r#"{"x_other":{"usage":{"prompt_tokens":9,"completion_tokens":9}}}"#,
            r#"{"data":[{"usage":{"prompt_tokens":9}}]}"#,
            r#"{"usage_breakdown":{"models":[{"usage":{"prompt_tokens":9}}]}}"#,
            r#"{"usage":[{"prompt_tokens":9}]}"#,
            r#"{"usage":"{\"prompt_tokens\":9}"}"#,
            r#""usage\":{\"prompt_tokens\":9}""#,
            r#"{"a":"\\","usage ":{"prompt_tokens":9}}"#,
            "[[{\"usage\":{\"prompt_tokens\":9}}]]",
            "{\"usage\":null}",
            "not json at all {\"usage\":{\"prompt_tokens\":9}}",
            "{]{\"usage\":{\"prompt_tokens\":9}}",
        ] {
            check(Framing::Json, body, None);
        }
        check(Framing::Sse, "data: {\"x\":1\ndata: ,\"usage\":{\"prompt_tokens\":3}}\n\n", Some(Usage { input: Some(3), ..Usage::default() }));
    }

    fn absurd_counts_are_refused_and_nesting_without_end_does_no_harm() {
        for count in ["-5", "1e30", "99999999999999999999", "1.5e400"] {
            let counts = scan(Framing::Json, format!("{{\"usage\":{{\"prompt_tokens\":{count}}}}}").as_bytes(), 7);
            assert_eq!((counts.usage(), counts.refused()), (None, 1), "{count}");
        }
        let deep = "[".repeat(100_000) + "{\"usage\":{\"prompt_tokens\":9}}";
        assert_eq!(scan(Framing::Json, deep.as_bytes(), 1_000).usage(), None);
        let deep = "{\"a\":".repeat(100) + "1" + &"}".repeat(99) + ",\"usage\":{\"prompt_tokens\":9}}";
        assert_eq!(scan(Framing::Json, deep.as_bytes(), 13).usage(), Some(Usage { input: Some(9), ..Usage::default() }));
    }

    fn framings_follow_the_content_type() {
        for (content_type, expected) in [
            ("application/json", Some(Framing::Json)),
            ("Application/JSON; charset=utf-8", Some(Framing::Json)),
            ("text/event-stream;charset=utf-8", Some(Framing::Sse)),
            ("application/problem+json", Some(Framing::Json)),
            ("text/html", None),
            ("application/octet-stream", None),
            ("", None),
        ] {
            assert_eq!(Framing::of(content_type.as_bytes()), expected, "{content_type}");
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
proptest::proptest! {
    #[test]
    fn any_bytes_are_scanned_without_harm(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300), cut in 1usize..40) {
        for framing in [Framing::Json, Framing::Sse] {
            let whole = scan(framing, &bytes, bytes.len());
            proptest::prop_assert_eq!(scan(framing, &bytes, cut).usage(), whole.usage());
        }
    }

    #[test]
    fn json_like_bytes_mean_the_same_however_they_are_cut(
        pieces in proptest::collection::vec(proptest::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"usage\"", "\"prompt_tokens\"", "12", "null", "\"a\\\"b\"", " ", "\n", "data: ", "\r\n\r\n", "-1e3", "\"\\u12", "\"",
        ]), 0..60),
        cut in 1usize..20,
    ) {
        let bytes = pieces.concat().into_bytes();
        for framing in [Framing::Json, Framing::Sse] {
            let whole = scan(framing, &bytes, bytes.len());
            proptest::prop_assert_eq!(scan(framing, &bytes, cut).usage(), whole.usage());
        }
    }
}
