use weir_wire::{InstanceId, Producer};

use super::*;
use crate::fake_host::FakeHost;
use crate::testing::test;

fn header(instance: u8) -> Header {
    let producer = Producer { instance: InstanceId([instance; 16]), epoch: 5 };
    Header { state: State::Live, producer, heartbeat_ns: 1, interval_ms: 1_000, ..Header::free() }
}

fn claim(host: &FakeHost, start: u16, instance: u8) -> Option<Slot> {
    Slot::claim(host, start, &header(instance), Streams { opened: 0, recorded: 0 })
}

test! {
    fn a_header_is_read_as_it_was_written() {
        let header = Header {
            opened_base: 1, recorded_base: 2, kept: u64::MAX,
            batches: vec![Stored { cell: 3, bytes: 70_000, events: 9 }, Stored { cell: u16::MAX, bytes: u32::MAX, events: 0 }],
            ..header(7)
        };
        let bytes = header.encode();
        assert_eq!(Header::decode(&bytes), Some(header));
        for end in 0..bytes.len() {
            let _ = Header::decode(&bytes[..end]);
        }
        assert_eq!(Header::decode(&[9; 100]), None);
    }

    fn each_vm_gets_a_slot_of_its_own_while_there_are_any() {
        let host = FakeHost::default();
        let mut numbers: Vec<u16> = (1..=128).map(|instance| claim(&host, 5, instance).unwrap().number).collect();
        assert_eq!(numbers[0], 5);
        numbers.sort_unstable();
        assert_eq!(numbers, (0..128).collect::<Vec<_>>());
        assert!(claim(&host, 5, 199).is_none());
        host.has_no_shared_data.set(true);
        assert!(claim(&host, 5, 199).is_none());
    }

    fn an_owner_notices_that_its_slot_is_anothers() {
        let host = FakeHost::default();
        let slot = claim(&host, 0, 1).unwrap();
        assert!(slot.write(&host, &header(1)));
        let (found, version) = read(&host, 0).unwrap();
        assert!(replace(&host, 0, &Header { state: State::Adopted, ..found }, version));
        assert!(!slot.write(&host, &header(1)));
        assert!(!replace(&host, 0, &header(2), version), "not with a version that has passed");
    }

    fn of_two_that_find_nothing_one_gets_the_slot() {
        let host = FakeHost::default();
        assert!(replace(&host, 3, &header(1), NONE_YET));
        assert!(!replace(&host, 3, &header(2), NONE_YET));
    }

    fn cells_in_use_are_left_alone_however_often_others_change() {
        let host = FakeHost::default();
        let mut slot = claim(&host, 0, 1).unwrap();
        let first = slot.put(&host, b"first").unwrap();
        for _ in 0..2 * CELLS {
            let cell = slot.put(&host, b"other").unwrap();
            slot.free(&host, cell);
        }
        assert_eq!(slot.get(&host, first), Some(&b"first"[..]));
        let rest = std::iter::from_fn(|| slot.put(&host, b"rest"));
        assert_eq!(rest.count(), usize::from(CELLS) - 1);
        assert_eq!(slot.get(&host, first), Some(&b"first"[..]));
        host.most_shared_bytes.set(Some(0));
        slot.free(&host, first);
        assert!(slot.put(&host, b"no").is_none());
        host.most_shared_bytes.set(None);
        assert!(slot.put(&host, b"again").is_some());
    }

    fn what_was_counted_before_the_slot_was_taken_is_part_of_what_it_knows() {
        let host = FakeHost::default();
        let before = Streams { opened: 5, recorded: 3 };
        let slot = Slot::claim(&host, 0, &header(1), before).unwrap();
        assert_eq!(streams(&host, 0, &read(&host, 0).unwrap().0), before);
        slot.count_opened(&host);
        slot.count_recorded(&host);
        assert!(slot.write(&host, &header(1)));
        assert_eq!(streams(&host, 0, &read(&host, 0).unwrap().0), Streams { opened: 6, recorded: 4 });
        slot.release(&host, header(1).producer);
        let slot = Slot::claim(&host, 0, &header(2), Streams { opened: 0, recorded: 0 }).unwrap();
        assert_eq!(slot.number, 0);
        assert_eq!(streams(&host, 0, &read(&host, 0).unwrap().0), Streams { opened: 0, recorded: 0 });
    }

    fn who_was_away_has_seen_nobodys_silence() {
        let mut watch = Watch::default();
        let second = 1_000_000_000;
        for (at, dead) in [(5, false), (10, false), (15, true), (30, false), (35, false), (40, true)] {
            watch.look(at * second, 8 * second);
            assert_eq!(watch.is_dead(3, &header(1), at * second), dead, "{at}");
        }
    }

    fn a_counter_that_was_reset_tells_of_no_losses() {
        for (value, base, by) in [(7, 5, 2), (5, 5, 0), (5, 1_000, 0), (3, 0u64.wrapping_sub(4), 7)] {
            assert_eq!(since(value, base), by, "{value} {base}");
        }
    }

    fn silence_is_judged_by_the_watchers_own_clock() {
        let mut watch = Watch::default();
        let second = 1_000_000_000;
        assert!(!watch.is_dead(3, &header(1), 0));
        assert!(!watch.is_dead(3, &header(1), 9 * second));
        assert!(watch.is_dead(3, &header(1), 10 * second));
        assert!(!watch.is_dead(3, &Header { heartbeat_ns: 2, ..header(1) }, 100 * second), "it has moved");
        let slow = Header { interval_ms: 60_000, ..header(2) };
        assert!(!watch.is_dead(4, &slow, 0) && !watch.is_dead(4, &slow, 299 * second) && watch.is_dead(4, &slow, 300 * second));
        assert!(watch.is_dead(5, &Header { heartbeat_ns: 0, ..header(3) }, 0), "it has ended in order");
    }
}
