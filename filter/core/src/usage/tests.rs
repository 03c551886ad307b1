use super::*;
use crate::testing::test;
use fixtures::{Fixture, usage};

mod fixtures;

fn scan(content_type: &str, encoding: Option<&str>, chunks: &[&[u8]]) -> BodyScanner {
    let mut scanner = BodyScanner::new(Some(content_type.as_bytes()), encoding.map(str::as_bytes)).unwrap();
    for chunk in chunks {
        scanner.feed(chunk);
    }
    scanner.finish();
    scanner
}

/// Everything that must be the same however a body came.
#[derive(Debug, PartialEq)]
struct Found {
    usage: Option<Usage>,
    model: Option<String>,
    tier: Option<String>,
    cost: Option<u64>,
    provider: Option<&'static str>,
    content: bool,
    is_final: bool,
    damaged: bool,
    error: bool,
    refused: u32,
}

fn found(scanner: &BodyScanner) -> Found {
    let counts = scanner.counts();
    Found {
        usage: counts.usage(None),
        model: counts.model().map(str::to_owned),
        tier: counts.tier().map(str::to_owned),
        cost: counts.cost_nano_usd(),
        provider: counts.provider(),
        content: scanner.has_content(),
        is_final: counts.is_final(),
        damaged: counts.is_damaged(),
        error: counts.is_error(),
        refused: counts.refused(),
    }
}

fn expected(fixture: &Fixture) -> Found {
    Found {
        usage: fixture.usage,
        model: fixture.model.map(str::to_owned),
        tier: fixture.tier.map(str::to_owned),
        cost: fixture.cost,
        provider: fixture.provider,
        content: fixture.content,
        is_final: fixture.is_final,
        damaged: false,
        error: fixture.error,
        refused: 0,
    }
}

fn json(body: &str) -> Counts {
    scan("application/json", None, &[body.as_bytes()]).counts().clone()
}

fn sse(body: &str) -> Counts {
    scan("text/event-stream", None, &[body.as_bytes()]).counts().clone()
}

test! {
    fn every_providers_answer_is_understood() {
        for fixture in fixtures::all() {
            let scanner = scan(fixture.content_type, None, &[&fixture.body]);
            assert_eq!(found(&scanner), expected(&fixture), "{}", fixture.name);
        }
    }

    fn cuts_change_nothing() {
        for fixture in fixtures::all() {
            for cut in (1..70).chain([251, 1024]) {
                let chunks: Vec<&[u8]> = fixture.body.chunks(cut).collect();
                let scanner = scan(fixture.content_type, None, &chunks);
                assert_eq!(found(&scanner), expected(&fixture), "{} cut every {cut}", fixture.name);
            }
        }
    }

    fn line_ends_change_nothing() {
        for fixture in fixtures::all().iter().filter(|fixture| fixture.content_type.contains("event-stream;")) {
            let text = String::from_utf8(fixture.body.clone()).unwrap().replace("\r\n", "\n");
            for end in ["\n", "\r\n", "\r"] {
                let scanner = scan(fixture.content_type, None, &[text.replace('\n', end).as_bytes()]);
                assert_eq!(found(&scanner), expected(fixture), "{} with {end:?}", fixture.name);
            }
        }
    }

    fn an_answer_that_is_cut_off_tells_nothing_that_its_provider_did_not() {
        for fixture in fixtures::all() {
            for end in 0..fixture.body.len() {
                let scanner = scan(fixture.content_type, None, &[&fixture.body[..end]]);
                let counts = scanner.counts();
                let told = counts.usage(None);
                if let Some(told) = told.filter(|told| Some(*told) != fixture.usage) {
                    assert!(fixture.before.contains(&told), "{} cut at {end}: {told:?}", fixture.name);
                    assert!(!counts.is_final(), "{} cut at {end}", fixture.name);
                }
                assert!(!counts.is_final() || told.is_some(), "{} cut at {end}", fixture.name);
                let cost = counts.cost_nano_usd();
                assert!(cost.is_none() || cost == fixture.cost, "{} cut at {end}: {cost:?}", fixture.name);
                let model = counts.model();
                assert!(model.is_none() || model == fixture.model, "{} cut at {end}: {model:?}", fixture.name);
                assert!(!scanner.has_content() || fixture.content, "{} cut at {end}", fixture.name);
            }
        }
    }

    fn a_usage_anywhere_else_is_none() {
        for body in [
            r#"{"choices":[{"message":{"usage":{"prompt_tokens":9}}}]}"#,
            r#"{"x_other":{"usage":{"prompt_tokens":9,"completion_tokens":9}}}"#,
            r#"{"data":[{"usage":{"prompt_tokens":9}}]}"#,
            r#"{"usage_breakdown":{"models":[{"usage":{"prompt_tokens":9}}]}}"#,
            r#"{"usage":[{"prompt_tokens":9}]}"#,
            r#"{"usage":"{\"prompt_tokens\":9}"}"#,
            r#"{"usage":{"x":{"prompt_tokens":9}}}"#,
            r#"{"usage":{"prompt_tokens":[9]}}"#,
            r#"{"usage":{"prompt_tokens":"9"}}"#,
            r#"{"usage":{"prompt_tokens":null}}"#,
            r#"{"usage":{"prompt_tokens_total":9,"prompt_token":9,"rompt_tokens":9,"Prompt_tokens":9}}"#,
            r#"{"usages":{"prompt_tokens":9},"usag":{"prompt_tokens":9},"usage2":{"prompt_tokens":9}}"#,
            r#"{"a":{"b":"}","usage":{"prompt_tokens":9}}}"#,
            r#"{"a":"\\","usage ":{"prompt_tokens":9}}"#,
            r#"{"a":"\"","b\"usage":{"prompt_tokens":9}}"#,
            r#"{"message":"x","delta":"{\"usage\":{\"tokens\":{\"input_tokens\":1}}}"}"#,
            r#"{"input":[{"message":{"usage":{"input_tokens":9}}}]}"#,
            r#""usage\":{\"prompt_tokens\":9}""#,
            r#"{"metadata":{"usage":{"inputTokens":9}}}"#,
            r#"{"custom_id":"x","result":{"message":{"usage":{"input_tokens":1,"output_tokens":2}}}}"#,
            r#"{"response":{"status_code":200,"body":{"usage":{"prompt_tokens":1}}}}"#,
            r#"[[{"usage":{"prompt_tokens":9}}]]"#,
            r#"{"usage":null}"#,
            "not json at all {\"usage\":{\"prompt_tokens\":9}}",
            "{]{\"usage\":{\"prompt_tokens\":9}}",
            "",
        ] {
            assert_eq!(json(body).usage(None), None, "{body}");
            assert_eq!(sse(&format!("data: {body}\n\n")).usage(None), None, "{body}");
        }
    }

    fn a_whole_answer_wraps_no_usage() {
        for body in [
            r#"{"message":{"usage":{"input_tokens":9,"output_tokens":9}}}"#,
            r#"{"response":{"usage":{"input_tokens":9,"output_tokens":9},"meta":{"tokens":{"input_tokens":9}}}}"#,
            r#"{"delta":{"usage":{"tokens":{"input_tokens":9,"output_tokens":9}}}}"#,
        ] {
            assert_eq!(json(body).usage(None), None, "{body}");
            assert!(sse(&format!("data: {body}\n\n")).usage(None).is_some(), "{body}");
        }
    }

    fn keys_may_be_escaped_padded_and_told_twice() {
        for body in [
            r#"{"us\u0061ge":{"prompt_tokens":1,"completion_tokens":2},"usage":{"prompt_tokens":3,"completion_tokens":4}}"#,
            "\u{feff} {\n\t\"usage\" : { \"prompt_tokens\" : 3 , \"completion_tokens\" : 4 } }  \r\n",
            r#"{"usage":{"prompt_tokens":9,"completion_tokens":9},"usage":{"prompt_tokens":3,"completion_tokens":4}}"#,
            r#"{"usage":{"prompt_tokens":9,"prompt_tokens":3,"completion_tokens":4.0}}"#,
        ] {
            assert_eq!(json(body).usage(None), Some(usage(3, 4)), "{body}");
        }
        let lines = "data: {\"x\":1\ndata: ,\"usage\":\ndata: {\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n";
        assert_eq!(sse(lines).usage(None), Some(usage(3, 4)));
    }

    fn events_that_are_called_json_are_events_however_they_are_cut() {
        let body = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n\
            data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\ndata: [DONE]\n\n";
        for cut in 1..body.len() {
            let chunks: Vec<&[u8]> = body.as_bytes().chunks(cut).collect();
            let scanner = scan("application/json", None, &chunks);
            assert_eq!(scanner.counts().usage(None), Some(usage(3, 4)), "cut every {cut}");
            assert!(scanner.is_stream() && scanner.counts().is_final() && !scanner.counts().is_damaged());
        }
    }

    fn absurd_counts_are_refused() {
        for count in ["-5", "1e30", "99999999999999999999", "1.5e400"] {
            let counts = json(&format!("{{\"usage\":{{\"prompt_tokens\":{count},\"completion_tokens\":1}}}}"));
            let told = Some(Usage { output: Some(1), ..Usage::default() });
            assert_eq!((counts.usage(None), counts.refused()), (told, 1), "{count}");
        }
    }

    fn nesting_without_end_does_no_harm() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = format!("{{\"a\":{}1{},\"usage\":{{\"prompt_tokens\":9}}}}", open.repeat(5000), close.repeat(5000));
            assert_eq!(json(&deep).usage(None).and_then(|usage| usage.input), Some(9));
        }
        assert!(json(&"{\"choices\":[".repeat(1000)).is_damaged());
    }

    fn what_cannot_be_followed_is_damaged() {
        for body in ["<html>", "{", "{\"a\":1", "{\"a\" 1}", "{} x"] {
            assert!(json(body).is_damaged(), "{body}");
        }
        for body in ["", "{}", " [] ", "1", "{}{}"] {
            assert!(!json(body).is_damaged(), "{body}");
        }
        assert!(sse("data: {\"a\":\n\n").is_damaged());
        assert!(!sse("data: [DONE]\n\ndata: text\n\n: {\n\n").is_damaged());
        let mut frames = fixtures::frame("metadata", br#"{"usage":{"inputTokens":1,"outputTokens":2}}"#);
        let end = frames.len() - 1;
        frames[end] ^= 1;
        assert!(scan("application/vnd.amazon.eventstream", None, &[&frames]).counts().is_damaged());
    }

    fn headers_stand_in_where_an_invoked_model_counts_nothing() {
        let mut scanner = scan("application/json", None, &[br#"{"outputs":[{"text":"x"}]}"#]);
        scanner.note_bedrock_headers([Some(b"12"), Some(b"34"), Some(b"0"), None]);
        assert_eq!(scanner.counts().usage(None), Some(Usage { cache_read: Some(0), ..usage(12, 34) }));
        let mut scanner = scan("application/json", None, &[br#"{"usage":{"input_tokens":1,"output_tokens":2}}"#]);
        scanner.note_bedrock_headers([Some(b"12"), Some(b"34"), None, Some(b"x")]);
        assert_eq!((scanner.counts().usage(None), scanner.counts().refused()), (Some(usage(1, 2)), 1));
    }

    fn kinds_of_bodies_follow_the_headers() {
        for (content_type, encoding, read, streamed, unread) in [
            ("application/json", None, true, false, false),
            ("Application/JSON; charset=utf-8", Some("identity"), true, false, false),
            ("text/event-stream;charset=utf-8", Some("GZIP"), true, true, false),
            ("application/x-ndjson", Some("x-gzip"), true, true, false),
            ("application/vnd.amazon.eventstream", Some("identity, deflate"), true, true, false),
            ("application/problem+json", Some(""), true, false, false),
            ("application/json", Some("br"), false, false, true),
            ("text/event-stream", Some("zstd"), false, false, true),
            ("application/json", Some("gzip, gzip"), false, false, true),
            ("text/html", None, false, false, false),
            ("text/html", Some("br"), false, false, false),
            ("", None, false, false, false),
        ] {
            let (content_type, encoding) = (Some(content_type.as_bytes()), encoding.map(str::as_bytes));
            let scanner = BodyScanner::new(content_type, encoding);
            assert_eq!(scanner.as_ref().map(BodyScanner::is_stream), read.then_some(streamed), "{content_type:?}");
            assert_eq!(unscannable(content_type, encoding), unread, "{content_type:?} {encoding:?}");
            assert!(scanner.is_none_or(|scanner| scanner.memory() <= 64 * 1024));
        }
        assert!(BodyScanner::new(None, None).is_none());
    }

    fn a_scanner_is_small() {
        assert!(size_of::<BodyScanner>() <= 720, "{}", size_of::<BodyScanner>());
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod properties;
