use weir_wire::{InstanceId, Producer};

use super::*;
use crate::fake_host::FakeHost;
use crate::testing::test;

fn header(instance: u8) -> Header {
    let producer = Producer { instance: InstanceId([instance; 16]), epoch: 5 };
    Header { state: State::Live, producer, heartbeat_ns: 1, interval_ms: 1_000, ..Header::free() }
}

test! {
    fn a_header_is_read_as_it_was_written() {
        let header = Header {
            opened_base: 1, recorded_base: 2, sealed: u64::MAX,
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
        let mut numbers: Vec<u16> = (1..=32).map(|instance| Slot::claim(&host, 5, &header(instance)).unwrap().number).collect();
        assert_eq!(numbers[0], 5);
        numbers.sort_unstable();
        assert_eq!(numbers, (0..32).collect::<Vec<_>>());
        assert!(Slot::claim(&host, 5, &header(99)).is_none());
        host.has_no_shared_data.set(true);
        assert!(Slot::claim(&host, 5, &header(99)).is_none());
    }

    fn an_owner_notices_that_its_slot_is_anothers() {
        let host = FakeHost::default();
        let slot = Slot::claim(&host, 0, &header(1)).unwrap();
        assert!(slot.write(&host, &header(1)));
        let (found, version) = read(&host, 0).unwrap();
        assert!(replace(&host, 0, &Header { state: State::Adopted, ..found }, version));
        assert!(!slot.write(&host, &header(1)));
        assert!(!replace(&host, 0, &header(2), version), "not with a version that has passed");
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
