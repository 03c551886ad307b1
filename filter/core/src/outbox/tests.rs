//! Outages, failing VMs and their heirs.

#[cfg(not(target_arch = "wasm32"))]
mod chance;
mod collector;
mod world;

use std::collections::BTreeSet;

use crate::testing::test;
use weir_wire::{HealthCounter, Outcome};

use super::*;
use collector::Mood;
use world::World;

const SMALL: &str = r#"{"max_batch_bytes": 16384, "max_buffer_bytes": 60000}"#;

/// Requests that end one a millisecond, with a tick every 200.
fn traffic(world: &mut World, at: usize, requests: u64, series: u64) {
    for request in 0..requests {
        world.pass_ms(1);
        world.request(at, request % series);
        if request % 200 == 199 {
            world.tick(at);
            world.answer(at);
        }
    }
}

test! {
    fn after_an_outage_longer_than_the_buffer_totals_are_exact_and_lost_detail_is_counted() {
        let mut world = World::new(1, SMALL);
        traffic(&mut world, 0, 500, 5);
        world.mood = Mood::Silent;
        let mut most = 0;
        for _ in 0..30 {
            traffic(&mut world, 0, 1_000, 5);
            most = most.max(world.shared_bytes());
        }
        assert!(most < 3 * 60_000, "{most} bytes");
        world.settle();
        world.losses_are_known();
        let Collected { detail, summarised } = collected(&world);
        assert_eq!(detail + summarised, 30_500);
        assert!(summarised > 20_000 && detail > 500, "{detail} in detail, {summarised} summed up");
        assert_eq!(world.collector.told(HealthCounter::EventsSummarised), summarised);
        assert_eq!(world.stat("weir_events_summarised_total"), summarised);
        assert!(world.collector.largest <= 16_384);
        assert_eq!(most_shared(&world), 1, "the header is all that stays");
    }

    fn windows_get_wider_as_an_outage_lasts_and_stay_bounded() {
        let mut world = World::new(1, SMALL);
        world.mood = Mood::Unavailable;
        let mut most = Vec::new();
        for _ in 0..12 {
            for _ in 0..120 {
                world.pass_ms(60_000);
                for series in 0..20 {
                    world.request(0, series);
                }
                world.tick(0);
                world.answer(0);
            }
            most.push(world.shared_bytes());
        }
        assert!(most.iter().all(|bytes| *bytes < 3 * 60_000), "{most:?}");
        world.settle();
        world.losses_are_known();
        assert!(world.collector.widths.len() >= 2, "{:?}", world.collector.widths);
    }

    fn a_batch_that_was_sent_once_is_never_summed_up() {
        let mut world = World::new(1, SMALL);
        world.mood = Mood::Mute;
        traffic(&mut world, 0, 200, 3);
        let first = world.workers[0].sent().remove(0);
        world.mood = Mood::Silent;
        traffic(&mut world, 0, 10_000, 3);
        assert!(world.workers[0].sent().iter().all(|sent| *sent == first), "it is tried again until it is answered for");
        world.settle();
        world.losses_are_known();
    }

    fn what_a_vm_leaves_that_fails_is_delivered_by_another_and_the_rest_is_counted() {
        let mut world = World::new(2, "{}");
        world.mood = Mood::Silent;
        traffic(&mut world, 0, 400, 3);
        world.open(0, 4);
        for series in 0..3 {
            world.request(0, series);
        }
        world.crash(0);
        world.mood = Mood::Takes;
        world.live(9);
        assert_eq!(world.collector.requests(), 0, "silence is no death yet");
        world.live(11);
        assert_eq!(world.collector.requests(), 400);
        world.settle();
        world.losses_are_known();
        assert_eq!((world.collector.told(HealthCounter::EventsLostCrash), world.cut), (3, 1));
        assert_eq!(world.collector.told(HealthCounter::SlotsAdopted), 1);
        assert_eq!(most_shared(&world), 1);
    }

    fn what_was_answered_for_since_the_last_flush_is_not_counted_as_dropped() {
        let mut world = World::new(2, "{}");
        traffic(&mut world, 0, 200, 3);
        assert_eq!(world.collector.requests(), 200);
        world.crash(0);
        world.settle();
        world.losses_are_known();
    }

    fn a_summary_outlives_the_vm_that_made_it() {
        let mut world = World::new(2, SMALL);
        world.mood = Mood::Silent;
        traffic(&mut world, 0, 5_000, 4);
        world.crash(0);
        world.settle();
        world.losses_are_known();
        assert!(world.collector.summarised > 1_000);
        assert_eq!(world.collector.requests(), 5_000, "all were written down");
    }

    fn one_that_ends_in_order_is_taken_over_at_once_and_has_not_failed() {
        let mut world = World::new(2, "{}");
        world.mood = Mood::Silent;
        world.live(6);
        traffic(&mut world, 0, 150, 3);
        world.end(0);
        world.mood = Mood::Takes;
        world.live(6);
        assert_eq!(world.collector.requests(), 150);
        world.settle();
        world.losses_are_known();
        assert_eq!(world.collector.told(HealthCounter::SlotsAdopted), 0);
    }

    fn one_that_ends_with_nothing_left_gives_its_slot_back() {
        let mut world = World::new(1, "{}");
        traffic(&mut world, 0, 200, 3);
        world.tick(0);
        let slot = world.workers[0].vm.outbox().slot_number().unwrap();
        let worker = &mut world.workers[0];
        worker.vm.end(&worker.host);
        assert_eq!(slot::read(&worker.host, slot).unwrap().0, Header::free());
    }

    fn an_heir_that_fails_has_an_heir() {
        // Each dead one has more than is copied in one go.
        let config = r#"{"max_batch_bytes": 65536}"#;
        for steps in 0..6 {
            let mut world = World::new(3, config);
            world.mood = Mood::Silent;
            for request in 0..20_000 {
                world.request(0, request % 7);
            }
            world.tick(0);
            world.open(0, 2);
            world.crash(0);
            world.live(14);
            for _ in 0..steps {
                world.pass_ms(1_000);
                world.tick(1);
            }
            world.crash(1);
            world.settle();
            world.losses_are_known();
            assert_eq!(world.collector.requests(), 20_000);
        }
    }

    fn of_two_heirs_one_takes_over() {
        let mut world = World::new(4, "{}");
        world.mood = Mood::Silent;
        traffic(&mut world, 0, 300, 3);
        world.open(0, 5);
        world.crash(0);
        world.settle();
        world.losses_are_known();
        assert_eq!(world.collector.told(HealthCounter::SlotsAdopted), 1);
    }

    fn an_inheritance_waits_for_room() {
        let mut world = World::new(2, SMALL);
        world.mood = Mood::Silent;
        traffic(&mut world, 0, 10_000, 50);
        traffic(&mut world, 1, 10_000, 50);
        world.crash(0);
        // The new one has something to say, so it is not free to take all.
        traffic(&mut world, 0, 2_000, 3);
        world.live(60);
        assert_eq!(world.stat("weir_outboxes_adopted_total"), 0);
        assert!(world.shared_bytes() < 2 * 3 * 60_000);
        world.settle();
        world.losses_are_known();
        assert_eq!(world.collector.told(HealthCounter::SlotsAdopted), 1);
    }

    fn one_that_was_taken_for_dead_goes_on_under_another_identity_and_nothing_counts_twice() {
        let mut world = World::new(2, "{}");
        world.mood = Mood::Silent;
        traffic(&mut world, 0, 500, 3);
        world.open(0, 4);
        world.tick(0);
        for series in 0..2 {
            world.request(0, series);
        }
        let before = world.workers[0].vm.outbox().producer;
        for _ in 0..30 {
            world.pass_ms(1_000);
            world.tick(1);
            world.answer(1);
        }
        world.mood = Mood::Takes;
        // The answer to what it sent before it fell silent comes first.
        world.answer(0);
        traffic(&mut world, 0, 100, 3);
        world.settle();
        let after = world.workers[0].vm.outbox().producer;
        assert_ne!(before, after);
        assert_eq!(world.collector.requests(), 602);
        let lost = [HealthCounter::EventsLostCrash, HealthCounter::StreamsLostCrash].map(|counter| world.collector.told(counter));
        assert_eq!(lost, [2, 2], "the old identity's books are closed");
        let all = [HealthCounter::EventsRecorded, HealthCounter::StreamsOpened];
        let stats = ["weir_events_recorded_total", "weir_streams_opened_total"].map(|name| world.stat(name));
        assert_eq!(stats, [602, 602], "to the proxy it is one VM");
        let new: Vec<_> = all.iter().map(|counter| world.workers[0].vm.outbox().health.get(*counter)).collect();
        assert_eq!(new, [Some(102), Some(102)]);
    }

    fn a_pause_of_the_whole_proxy_is_nobodys_death() {
        let mut world = World::new(3, "{}");
        world.mood = Mood::Silent;
        for at in 0..3 {
            traffic(&mut world, at, 300, 3);
        }
        world.live(20);
        world.pass_ms(3_600_000);
        world.settle();
        world.losses_are_known();
        assert_eq!(world.collector.told(HealthCounter::SlotsAdopted), 0);
    }

    fn the_slot_of_one_that_was_taken_for_dead_belongs_to_the_next() {
        let mut world = World::new(2, "{}");
        world.mood = Mood::Silent;
        traffic(&mut world, 0, 500, 3);
        let slot = world.workers[0].vm.outbox().slot_number();
        for _ in 0..30 {
            world.pass_ms(1_000);
            world.tick(1);
        }
        // A third takes the slot that is free now, with cells of the same numbers.
        world.start();
        while world.workers[2].vm.outbox().slot_number() != slot {
            world.workers.pop();
            world.start();
            traffic(&mut world, 2, 1, 3);
            world.recorded.clear();
        }
        world.recorded.clear();
        world.collector.totals.clear();
        world.tick(2);
        world.mood = Mood::Takes;
        world.answer(0);
        world.live(20);
        let told = world.collector.told(HealthCounter::EventsDroppedOverflow);
        assert_eq!((told, world.undelivered()), (0, 0));
        assert_ne!(world.workers[0].vm.outbox().slot_number(), slot);
    }

    fn vms_beyond_the_slots_deliver_as_well() {
        let mut world = World::new(usize::from(slot::SLOTS) + 2, "{}");
        for at in 0..world.workers.len() {
            world.request(at, 1);
        }
        let slots: Vec<_> = world.workers.iter().filter_map(|worker| worker.vm.outbox().slot_number()).collect();
        assert_eq!(slots.len(), usize::from(slot::SLOTS));
        assert_eq!(slots.iter().collect::<BTreeSet<_>>().len(), slots.len());
        world.live(2);
        assert_eq!(world.collector.requests(), u64::from(slot::SLOTS) + 2);
        // One that gets a slot late counts what it had before.
        world.end(0);
        world.live(6);
        let last = world.workers.len() - 1;
        world.open(last, 3);
        world.request(last, 1);
        assert!(world.workers[last].vm.outbox().slot_number().is_some());
        world.crash(last);
        world.settle();
        world.losses_are_known();
        assert_eq!(world.cut, 2);
    }

    fn without_shared_data_all_is_kept_in_memory() {
        let refusals: [fn(&crate::fake_host::FakeHost); 2] = [|host| host.has_no_shared_data.set(true), |host| host.most_shared_bytes.set(Some(0))];
        for refuses in refusals {
            let mut world = World::new(1, SMALL);
            refuses(&world.workers[0].host);
            world.mood = Mood::Silent;
            traffic(&mut world, 0, 6_000, 3);
            assert_eq!(world.shared_bytes(), 0);
            assert!(world.workers[0].vm.outbox().buffered_bytes() < 3 * 60_000);
            world.settle();
            world.losses_are_known();
            assert!(world.collector.summarised > 0);
        }
    }

    fn shared_data_that_stops_to_take_bytes_loses_only_what_a_failing_vm_had_in_memory() {
        // Nothing at all, or only what is as small as a header.
        for most in [0, 300] {
            let mut world = World::new(2, "{}");
            world.mood = Mood::Silent;
            traffic(&mut world, 0, 200, 3);
            world.workers[0].host.most_shared_bytes.set(Some(most));
            traffic(&mut world, 0, 200, 3);
            world.crash(0);
            world.mood = Mood::Takes;
            world.live(60);
            assert_eq!(world.collector.requests(), 200);
            assert_eq!(world.collector.told(HealthCounter::EventsLostCrash), 200);
        }
    }

    fn no_batch_is_larger_than_it_may_be() {
        let long = |letter: &str, number: u64| format!("{}{number:04}", letter.repeat(124));
        for (config, bound) in [(r#"{"max_batch_bytes": 16384, "max_buffer_bytes": 65536}"#, 16_384), ("{}", 192 * 1_024)] {
            let mut world = World::new(1, config);
            world.mood = Mood::Silent;
            for number in 0..3_000 {
                let names: Vec<String> = ["b", "u", "e", "r", "a", "p", "m", "c", "1", "2", "3", "4", "t", "d", "s"].iter().map(|letter| long(letter, number % 1_000)).collect();
                let name = |at: usize| Some(names[at].as_str());
                let mut event = Event::new(Outcome::Error);
                event.target = weir_wire::Target { backend: name(0), upstream: name(1), endpoint: name(2), route: name(3), algorithm: name(4), provider: name(5), model: name(6), backend_type: name(0), method: name(1) };
                event.consumer = name(7);
                event.dimensions = [name(8), name(9), name(10), name(11)];
                event.result.error_type = name(12);
                event.result.details = name(13);
                event.result.service_tier = name(14);
                event.result.response_flags = u64::MAX;
                event.result.attempts = Some(u32::MAX);
                for measure in Measure::ALL {
                    event.measures.set(*measure, Some(Measure::MAX - number));
                }
                world.pass_ms(7);
                world.record(0, event);
                if number % 100 == 0 {
                    world.tick(0);
                }
            }
            world.mood = Mood::Takes;
            world.live(600);
            assert_eq!(world.undelivered(), 0);
            let dropped = world.collector.told(HealthCounter::EventsDroppedOverflow);
            assert_eq!(world.collector.requests() + dropped, 3_000);
            assert!(world.collector.largest <= bound, "{} bytes of {bound}", world.collector.largest);
        }
    }
}

struct Collected {
    detail: u64,
    summarised: u64,
}

fn collected(world: &World) -> Collected {
    let summarised = world.collector.summarised;
    Collected { detail: world.collector.requests() - summarised, summarised }
}

/// How many values the VMs still keep at the proxy; more than a header is a hundred bytes and more.
fn most_shared(world: &World) -> usize {
    world.shared_bytes().div_ceil(100 * world.workers.len())
}
