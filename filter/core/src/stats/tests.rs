use weir_wire::Measures;

use super::*;
use crate::fake_host::FakeHost;
use crate::testing::test;

fn event(backend: &'static str, model: Option<&'static str>) -> Event<'static> {
    let mut event = Event::new(Outcome::Success);
    event.target.backend = Some(backend);
    event.target.model = model;
    event.measures = Measures::new().with(Measure::DurationUs, 1_500).with(Measure::RemainingTokens, 7);
    event
}

test! {
    fn counts_go_to_the_proxy_with_the_flush_and_once() {
        let host = FakeHost::default();
        let mut stats = Stats::new(7);
        for _ in 0..3 {
            assert!(!stats.record(&host, &event("a", Some("gpt")), 10));
        }
        assert!(host.metrics().is_empty());
        assert_eq!(host.histograms()["weir_request_duration_micros.backend=a;.model=gpt;"], [1_500; 3]);
        for _ in 0..2 {
            stats.flush(&host);
            assert_eq!(host.metrics()["weir_requests_total.backend=a;.model=gpt;.outcome=success;"], 3);
            assert_eq!(host.metrics()["weir_ratelimit_remaining.backend=a;.model=gpt;.type=tokens;"], 7);
        }
    }

    fn series_beyond_the_bound_count_as_other() {
        let host = FakeHost::default();
        let mut stats = Stats::new(7);
        let other: Vec<bool> = ["a", "b", "c", "a", "b"].map(|backend| stats.record(&host, &event(backend, None), 2)).into();
        assert_eq!(other, [false, false, true, false, false]);
        stats.flush(&host);
        assert_eq!(host.metrics()["weir_requests_total.backend=a;.outcome=success;"], 2);
        assert_eq!(host.metrics()["weir_requests_total.backend=other;.route=other;.model=other;.algorithm=other;.outcome=success;"], 1);
        assert_eq!(stats.len(), 3);
    }

    fn a_name_cannot_forge_a_label() {
        let host = FakeHost::default();
        let mut stats = Stats::new(7);
        stats.record(&host, &event("a", Some("x;.outcome=error;")), 10);
        stats.flush(&host);
        assert!(host.metrics().contains_key("weir_requests_total.backend=a;.model=x_.outcome_error_;.outcome=success;"));
    }
}
