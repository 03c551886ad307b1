//! Whatever happens in whatever order: delivered, lost and refused are what was recorded.

use proptest::collection::vec;
use proptest::prelude::*;

use super::collector::Mood;
use super::world::World;

#[derive(Debug, Clone, Copy)]
enum Step {
    Requests {
        at: usize,
        requests: u64,
    },
    Open {
        at: usize,
        streams: u64,
    },
    Tick(usize),
    Answer(usize),
    Pass(u64),
    Live(u64),
    Mood(Mood),
    Crash(usize),
    End(usize),
    /// One hangs while the others live on.
    Hang {
        at: usize,
        seconds: u64,
    },
}

const WORKERS: usize = 3;

fn step(hangs: bool) -> impl Strategy<Value = Step> {
    let mood = prop_oneof![
        3 => Just(Mood::Takes),
        3 => Just(Mood::Silent),
        2 => Just(Mood::Unavailable),
        2 => Just(Mood::Mute),
        1 => Just(Mood::Refuses),
    ];
    let at = 0..WORKERS;
    prop_oneof![
        8 => (at.clone(), 1..400u64).prop_map(|(at, requests)| Step::Requests { at, requests }),
        1 => (at.clone(), 1..5u64).prop_map(|(at, streams)| Step::Open { at, streams }),
        6 => at.clone().prop_map(Step::Tick),
        6 => at.clone().prop_map(Step::Answer),
        3 => (1..9_000u64).prop_map(Step::Pass),
        3 => (1..20u64).prop_map(Step::Live),
        4 => mood.prop_map(Step::Mood),
        2 => at.clone().prop_map(Step::Crash),
        1 => at.clone().prop_map(Step::End),
        u32::from(hangs) * 2 => (at, 8..40u64).prop_map(|(at, seconds)| Step::Hang { at, seconds }),
    ]
}

fn play(world: &mut World, step: Step) {
    match step {
        Step::Requests { at, requests } => (0..requests).for_each(|request| world.request(at, request % 5)),
        Step::Open { at, streams } => world.open(at, streams),
        Step::Tick(at) => world.tick(at),
        Step::Answer(at) => world.answer(at),
        Step::Pass(ms) => {
            world.pass_ms(ms);
            (0..WORKERS).for_each(|at| world.tick(at));
        }
        Step::Live(seconds) => world.live(seconds),
        Step::Mood(mood) => world.mood = mood,
        Step::Crash(at) => world.crash(at),
        Step::End(at) => world.end(at),
        Step::Hang { at, seconds } => {
            for _ in 0..seconds {
                world.pass_ms(1_000);
                for other in (0..WORKERS).filter(|other| *other != at) {
                    world.tick(other);
                    world.answer(other);
                }
            }
        }
    }
}

const SMALL: &str = r#"{"max_batch_bytes": 16384, "max_buffer_bytes": 30000}"#;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nothing_is_lost_uncounted(steps in vec(step(false), 1..60)) {
        let mut world = World::new(WORKERS, SMALL);
        steps.into_iter().for_each(|step| play(&mut world, step));
        world.settle();
        world.losses_are_known();
    }

    #[test]
    fn nothing_counts_twice_whoever_is_taken_for_dead(steps in vec(step(true), 1..60)) {
        let mut world = World::new(WORKERS, SMALL);
        steps.into_iter().for_each(|step| play(&mut world, step));
        world.settle();
    }
}
