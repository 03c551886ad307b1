use weir_wire::{Batch, HealthCounter, Outcome};

use super::*;
use crate::fake_host::{FakeHost, headers};
use crate::testing::test;

fn plugin(host: &FakeHost, config: &str) -> Plugin {
    let mut plugin = Plugin::new();
    configure(&mut plugin, host, 1, config);
    plugin
}

fn configure(plugin: &mut Plugin, host: &FakeHost, root: u32, config: &str) {
    *host.configuration.borrow_mut() = config.as_bytes().to_vec();
    plugin.on_context_create(host, root, 0);
    assert!(plugin.on_configure(host, root), "{:?}", host.logs());
}

/// One stream of `cluster` from its beginning to its end.
fn stream(plugin: &mut Plugin, host: &FakeHost, context: u32, cluster: &str) {
    host.properties.borrow_mut().insert("xds\0cluster_name".into(), cluster.as_bytes().to_vec());
    plugin.on_context_create(host, context, 1);
    plugin.on_log(host, context);
    plugin.on_delete(host, context);
}

fn answer(plugin: &mut Plugin, host: &FakeHost, callout: u32, status: Option<u16>) {
    let text = status.map(|status| status.to_string());
    *host.callout_headers.borrow_mut() = text.iter().flat_map(|text| headers(&[(":status", text)])).collect();
    plugin.on_http_call_response(host, callout, usize::from(status.is_some()));
}

fn events(batches: &[Batch]) -> Vec<usize> {
    batches.iter().map(Batch::len).collect()
}

test! {
    fn what_is_undelivered_goes_where_the_newest_configuration_says() {
        let host = FakeHost::default();
        let mut plugin = plugin(&host, r#"{"collector": {"cluster": "old"}}"#);
        stream(&mut plugin, &host, 10, "a");
        configure(&mut plugin, &host, 2, r#"{"collector": {"cluster": "new"}}"#);
        plugin.on_tick(&host);
        answer(&mut plugin, &host, 1, Some(503));
        host.pass_ms(1_000);
        plugin.on_tick(&host);
        let clusters: Vec<String> = host.callouts().into_iter().map(|callout| callout.cluster).collect();
        assert_eq!(clusters, ["new", "new"]);
    }

    fn a_delivery_carries_the_token_and_its_failure_is_said_once() {
        let host = FakeHost::default();
        let mut plugin = plugin(&host, r#"{"collector": {"token": "t0p", "cluster": "c"}}"#);
        stream(&mut plugin, &host, 10, "a");
        plugin.on_tick(&host);
        let sent = host.callouts().remove(0);
        assert_eq!(sent.cluster, "c");
        assert!(sent.headers.contains(&("authorization".into(), "Bearer t0p".into())));
        for (callout, expected_logs) in [(1, 1), (2, 1)] {
            answer(&mut plugin, &host, callout, Some(401));
            assert_eq!(host.logs().len(), expected_logs, "{:?}", host.logs());
            assert!(host.logs()[0].contains("collector.token") && !host.logs()[0].contains("t0p"));
            host.pass_ms(40_000);
            plugin.on_tick(&host);
        }
        answer(&mut plugin, &host, 3, Some(200));
        assert!(host.logs()[1].contains("again"));
        host.refuses_callouts.set(true);
        stream(&mut plugin, &host, 11, "a");
        plugin.on_tick(&host);
        assert!(host.logs()[2].contains("no answer"));
        plugin.on_delete(&host, 1);
        assert!(host.logs()[3].contains("1 events"));
    }

    fn a_server_that_refuses_everything_is_not_asked_for_ever() {
        let host = FakeHost::default();
        let mut plugin = plugin(&host, "");
        stream(&mut plugin, &host, 10, "a");
        for _ in 0..20 {
            plugin.on_tick(&host);
            let sent = u32::try_from(host.callouts().len()).unwrap();
            answer(&mut plugin, &host, sent, Some(400));
            host.pass_ms(60_000);
        }
        assert_eq!(events(&host.batches()), [1, 0], "the event, then the news of its loss");
        assert_eq!(host.logs().len(), 1, "{:?}", host.logs());
    }

    fn an_answer_to_another_callout_is_nobodys() {
        let host = FakeHost::default();
        let mut plugin = plugin(&host, "");
        stream(&mut plugin, &host, 10, "a");
        plugin.on_tick(&host);
        answer(&mut plugin, &host, 99, Some(200));
        host.pass_ms(20_000);
        plugin.on_tick(&host);
        assert_eq!(events(&host.batches()), [1], "it is still awaited, then overdue");
        answer(&mut plugin, &host, 1, None);
        host.pass_ms(20_000);
        plugin.on_tick(&host);
        assert_eq!(events(&host.batches()), [1, 1]);
        answer(&mut plugin, &host, 2, Some(200));
        host.pass_ms(20_000);
        plugin.on_tick(&host);
        assert_eq!(host.batches().last().unwrap().health().get(HealthCounter::DeliveriesRetried), Some(1));
    }

    fn contexts_that_are_not_known_are_passed_over() {
        let host = FakeHost::default();
        let mut plugin = Plugin::new();
        for context in [0, 1, 7, u32::MAX] {
            plugin.on_log(&host, context);
            plugin.on_response_headers(&host, context, false);
            plugin.on_response_body(&host, context, 10, true);
            plugin.on_http_call_response(&host, context, 3);
            plugin.on_delete(&host, context);
            plugin.on_tick(&host);
            plugin.on_context_create(&host, context, 5);
        }
        assert!(host.callouts().is_empty() && host.metrics().is_empty());
    }

    fn streams_of_an_old_root_end_under_its_configuration() {
        let host = FakeHost::with_headers(&[("x-old", "jane")], &[]);
        let mut plugin = plugin(&host, r#"{"consumer": {"header": "x-old"}}"#);
        plugin.on_context_create(&host, 10, 1);
        configure(&mut plugin, &host, 2, r#"{"consumer": {"header": "x-new"}}"#);
        plugin.on_log(&host, 10);
        plugin.on_delete(&host, 10);
        plugin.on_delete(&host, 1);
        plugin.on_tick(&host);
        let batch = host.batches().remove(0);
        assert_eq!(batch.event(0).unwrap().consumer, Some("jane"));
        assert!(host.logs().is_empty(), "one root is left: nothing ends");
    }

    fn a_dimension_never_stands_under_anothers_name() {
        let host = FakeHost::with_headers(&[("x-tenant", "acme"), ("x-plan", "gold")], &[]);
        let mut plugin = plugin(&host, r#"{"dimensions": [{"name": "tenant", "header": "x-tenant"}, {"name": "plan", "header": "x-plan"}]}"#);
        plugin.on_context_create(&host, 10, 1);
        configure(&mut plugin, &host, 2, r#"{"dimensions": [{"name": "environment", "header": "x-env"}, {"name": "tenant", "header": "x-tenant"}]}"#);
        plugin.on_log(&host, 10);
        plugin.on_tick(&host);
        let batch = host.batches().remove(0);
        assert_eq!(batch.dimension_names(), [Some("environment"), Some("tenant"), None, None]);
        assert_eq!(batch.event(0).unwrap().dimensions, [None, Some("acme"), None, None]);
    }

    fn thousands_of_streams_are_kept_apart() {
        let host = FakeHost::default();
        let mut plugin = plugin(&host, "");
        for context in 2..5_000 {
            plugin.on_context_create(&host, context, 1);
        }
        for context in (2..5_000).rev().step_by(3).chain(2..5_000) {
            plugin.on_log(&host, context);
            plugin.on_delete(&host, context);
        }
        assert_eq!(plugin.streams.len(), 0);
        plugin.on_tick(&host);
        let batches = host.batches();
        assert_eq!(batches[0].health().get(HealthCounter::EventsRecorded), Some(4_998));
        assert!(batches[0].events().all(|event| event.result.outcome == Outcome::Error));
    }
}
