//! What every plan must keep to, over many of them.

use std::collections::BTreeSet;

use super::*;

const RUN: u32 = 20_000;

fn share(count: usize, of: usize) -> usize {
    (count * 1_000 + of / 2) / of.max(1)
}

#[test]
fn a_plan_depends_on_seed_backend_and_number_only() {
    for backend in &demo_backends() {
        for number in 0..50 {
            assert_eq!(Plan::of(3, backend, number), Plan::of(3, backend, number));
        }
        let differs = |a: u64, b: u64| (0..50).any(|n| Plan::of(a, backend, n) != Plan::of(b, backend, n));
        assert!(differs(3, 4));
    }
}

#[test]
fn request_ids_are_distinct_uuids_of_version_four() {
    let ids: BTreeSet<String> = (0..u64::from(RUN)).map(|number| request_id(1, number)).collect();
    assert_eq!(ids.len(), RUN as usize);
    for id in ids {
        let groups: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12], "{id}");
        assert_eq!(id.as_bytes()[14], b'4', "{id}");
        assert!(b"89ab".contains(&id.as_bytes()[19]), "{id}");
    }
}

#[test]
fn backends_get_their_weights() {
    let backends = demo_backends();
    assert!(backends.len() >= 8);
    let mut counts = vec![0_usize; backends.len()];
    for number in 0..u64::from(RUN) {
        counts[backend_of(1, &backends, number).unwrap()] += 1;
    }
    let total: usize = backends.iter().map(|b| b.weight as usize).sum();
    for (backend, count) in backends.iter().zip(counts) {
        let (got, want) = (share(count, RUN as usize), backend.weight as usize * 1_000 / total);
        assert!(got.abs_diff(want) <= 10, "{}: {got} of 1000, not {want}", backend.name);
    }
    assert_eq!(backend_of(1, &[], 1), None);
}

#[test]
fn fates_and_costs_come_in_the_proportions_of_their_mix() {
    for backend in &demo_backends() {
        let plans: Vec<Plan> = (0..u64::from(RUN)).map(|number| Plan::of(9, backend, number)).collect();
        let near = |what: &str, want: u32, is: &dyn Fn(&Plan) -> bool| {
            let got = share(plans.iter().filter(|plan| is(plan)).count(), plans.len());
            assert!(got.abs_diff(want as usize) <= 15, "{} {what}: {got}, not {want}", backend.name);
        };
        let mix = backend.fates;
        near("fail", mix.fail, &|p| matches!(p.fate, Fate::Fail { .. }));
        near("retried", mix.fail_then_succeed, &|p| matches!(p.fate, Fate::FailThenSucceed { .. }));
        near("reset", mix.reset_mid_body, &|p| matches!(p.fate, Fate::ResetMidBody { .. }));
        near("mute reset", mix.reset_before_headers, &|p| p.fate == Fate::ResetBeforeHeaders);
        near("stall", mix.stall, &|p| p.fate == Fate::Stall);
        near("abort", mix.client_abort, &|p| matches!(p.fate, Fate::ClientAbort { .. }));
        near("x-cost-usd", backend.costs.header, &|p| p.cost_report == CostReport::Header);
        near("litellm", backend.costs.litellm, &|p| p.cost_report == CostReport::LitellmHeader);
        near("usage.cost", backend.costs.body, &|p| p.cost_report == CostReport::Body);
    }
}

#[test]
fn parts_never_exceed_their_whole_and_cuts_lie_within_the_content() {
    for backend in &demo_backends() {
        for plan in (0..2_000).map(|number| Plan::of(5, backend, number)) {
            let tokens = plan.tokens;
            assert!(tokens.cache_read + tokens.cache_write <= tokens.input, "{plan:?}");
            assert!(tokens.reasoning < tokens.output, "{plan:?}");
            assert!(plan.chunks >= 2);
            match plan.fate {
                Fate::ClientAbort { after_pieces } => {
                    assert!(plan.streamed && (1..plan.chunks).contains(&after_pieces), "{plan:?}");
                }
                Fate::ResetMidBody { after_pieces } if plan.streamed => {
                    assert!((1..plan.chunks).contains(&after_pieces), "{plan:?}");
                }
                Fate::ResetMidBody { after_pieces } => assert_eq!(after_pieces, 1, "{plan:?}"),
                Fate::FailThenSucceed { failures } => assert!((1..=backend.retries).contains(&failures)),
                _ => {}
            }
        }
    }
}
