//! Client and providers against each other, without a gateway in between.

use std::collections::BTreeMap;

use super::*;
use crate::plan::{CostReport, Fate, demo_backends};
use crate::providers::Providers;
use crate::truth::{Outcome, Totals, Usage, join, totals};

/// The demo's backends as far as they make sense without a gateway: nobody refuses or times out.
fn backends() -> Vec<BackendSpec> {
    let mut backends = demo_backends();
    backends.retain(|backend| backend.reachable && backend.breaker.is_none());
    for backend in &mut backends {
        backend.fates.stall = 0;
    }
    backends
}

async fn run(order: Order) -> (Result<Vec<Sent>>, Progress, Vec<crate::truth::Attempt>) {
    let meetings = Arc::new(Meetings::default());
    let providers = Providers::start(order.seed, &order.backends, &meetings).await.unwrap();
    let target = Target::Providers(providers.addresses().to_vec());
    let load = Load::new(order, target, &meetings);
    let ledger = load.run().await;
    (ledger, load.progress(), providers.stop().await)
}

fn order(seed: u64, rate: u32, backends: Vec<BackendSpec>) -> Order {
    Order { seed, backends, rate, seconds: 1, first: 0, patience: Duration::from_secs(20) }
}

/// What a plan says will be true of a request without a gateway, cut answers' tokens left out.
fn expected(plan: &Plan) -> (Outcome, u32, Option<u64>, Option<bool>) {
    let header = matches!(plan.cost_report, CostReport::Header | CostReport::LitellmHeader);
    let told = |tells: bool| tells.then_some(plan.cost_nano_usd);
    let unasked = plan.streamed && plan.api == crate::plan::Api::OpenAiChat && !plan.include_usage;
    match plan.fate {
        Fate::Success => (Outcome::Success, 1, told(plan.cost_report != CostReport::Untold), Some(!unasked)),
        Fate::Fail { .. } | Fate::FailThenSucceed { .. } | Fate::ResetBeforeHeaders => {
            (Outcome::Error, 1, None, None)
        }
        Fate::ResetMidBody { .. } => (Outcome::Error, 1, told(header), Some(false)),
        Fate::ClientAbort { .. } => (Outcome::Aborted, 1, told(header), Some(false)),
        Fate::ClientAbortBeforeHeaders { .. } | Fate::Stall => (Outcome::Aborted, 1, None, None),
    }
}

/// Adds a request that succeeds, straight from its plan.
fn add(sum: &mut Totals, plan: &Plan, cost: Option<u64>, reported: bool) {
    sum.requests += 1;
    sum.attempts += 1;
    sum.cost_nano_usd += cost.unwrap_or(0);
    sum.cost_told += u64::from(cost.is_some());
    sum.cost_unknown += u64::from(cost.is_none());
    if !reported {
        sum.usage_missing += 1;
        return;
    }
    sum.usage_reported += 1;
    sum.input_tokens += plan.tokens.input;
    sum.output_tokens += plan.tokens.output;
    sum.cache_read_tokens += plan.tokens.cache_read;
    sum.cache_write_tokens += plan.tokens.cache_write;
    sum.reasoning_tokens += plan.tokens.reasoning;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_ledgers_join_to_what_was_planned() {
    let order = order(42, 600, backends());
    let (ledger, progress, attempts) = run(order.clone()).await;
    let truths = join(&ledger.unwrap(), &attempts).unwrap();

    assert_eq!((progress.sent, progress.finished), (600, 600));
    let numbers: Vec<u64> = truths.iter().map(|truth| truth.number).collect();
    assert_eq!(numbers, (0..600).collect::<Vec<u64>>(), "every request is there exactly once");

    let mut planned: BTreeMap<_, Totals> = BTreeMap::new();
    for truth in &truths {
        let backend = &order.backends[backend_of(42, &order.backends, truth.number).unwrap()];
        let plan = Plan::of(42, backend, truth.number);
        let (outcome, attempts, cost, reported) = expected(&plan);
        assert_eq!((truth.backend, truth.outcome), (backend.name, outcome), "{plan:?} {truth:?}");
        assert_eq!((truth.attempts, truth.cost_nano_usd), (attempts, cost), "{plan:?} {truth:?}");
        assert!(truth.certain, "{plan:?} {truth:?}");
        match reported {
            Some(true) => assert_eq!(truth.usage, Usage::Reported(plan.tokens)),
            Some(false) => assert!(matches!(truth.usage, Usage::Partial(_) | Usage::Missing), "{truth:?}"),
            None => assert_eq!(truth.usage, Usage::NotExpected),
        }
        if outcome == Outcome::Success {
            add(planned.entry((backend.name, outcome)).or_default(), &plan, cost, reported == Some(true));
        }
    }
    let mut sums = totals(&truths);
    sums.retain(|(_, outcome), _| *outcome == Outcome::Success);
    assert_eq!(sums, planned);
    let seen = |outcome| truths.iter().filter(|truth| truth.outcome == outcome).count();
    assert!(seen(Outcome::Aborted) > 20 && seen(Outcome::Error) > 20 && seen(Outcome::Success) > 300);
    assert!(truths.iter().any(|truth| matches!(truth.usage, Usage::Partial(_))));
}

#[tokio::test]
async fn a_run_repeats_from_its_seed() {
    let sums = async |seed| {
        let (ledger, _, attempts) = run(order(seed, 150, backends())).await;
        totals(&join(&ledger.unwrap(), &attempts).unwrap())
    };
    let (first, again, other) = tokio::join!(sums(7), sums(7), sums(8));
    assert_eq!(first, again);
    assert_ne!(first, other);
}

#[tokio::test]
async fn requests_without_an_end_are_an_error() {
    let mut stalling = backends();
    stalling.truncate(1);
    stalling[0].fates = crate::plan::FateMix { stall: 1_000, ..Default::default() };
    let order = Order { patience: Duration::from_millis(50), ..order(1, 5, stalling) };
    let (ledger, progress, attempts) = run(order).await;
    assert!(ledger.unwrap_err().to_string().contains("5 requests were still in flight"));
    assert_eq!((progress.sent, progress.finished, attempts.len()), (5, 0, 5));
}

#[tokio::test]
async fn an_unreachable_backend_refuses_connections() {
    let mut unreachable = demo_backends();
    unreachable.retain(|backend| !backend.reachable);
    let (ledger, _, attempts) = run(order(1, 20, unreachable)).await;
    let ledger = ledger.unwrap();
    assert!(attempts.is_empty());
    assert!(ledger.iter().all(|sent| sent.end == crate::truth::ClientEnd::ConnectFailed));
}
