//! Takes a batch apart: everything that can be done without the database, away from the threads that serve
//! connections.

use bytes::Bytes;
use weir_wire::{Batch, BatchBuilder, Measure, binary, json};

use super::refusal::{Refusal, of_batch};
use crate::metrics::BatchResult;
use crate::problem::Problem;
use crate::store::Delivery;

/// An event that ends later than this after its batch came has a clock that is off.
const FUTURE_US: u64 = 5 * 60 * 1_000_000;

/// How a batch is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    Binary,
    Json,
}

/// What a batch comes down to.
pub(super) struct Prepared {
    pub(super) delivery: Delivery,
    /// How many of its events claimed to end in the future.
    pub(super) future: u64,
}

/// Decodes, checks, compresses and adds up a batch that came at `received_us`.
pub(super) fn prepare(form: Form, bytes: &Bytes, received_us: u64) -> Result<Prepared, Refusal> {
    let decoded = match form {
        Form::Binary => binary::decode(bytes),
        Form::Json => json::decode(bytes),
    };
    let mut batch = decoded.map_err(|error| of_batch(&error))?;
    let future = count_future(&batch, received_us);
    if future > 0 {
        batch = clamped(&batch, received_us);
    }
    let encoded = match form {
        Form::Binary if future == 0 => bytes.clone(),
        Form::Binary | Form::Json => binary::encode(&batch).into(),
    };
    let delivery = Delivery::of(&batch, &encoded, received_us).map_err(|error| {
        let detail = format!("the batch could not be packed: {error}");
        Refusal::for_now(BatchResult::Unavailable, Problem::unavailable(detail).retry_after(5))
    })?;
    Ok(Prepared { delivery, future })
}

fn is_future(ended: Option<u64>, received_us: u64) -> bool {
    ended.is_some_and(|ended| ended > received_us.saturating_add(FUTURE_US))
}

fn count_future(batch: &Batch, received_us: u64) -> u64 {
    let ended = batch.column(Measure::EndedUs);
    let count = (0..batch.len()).filter(|at| is_future(ended.get(*at), received_us)).count();
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// The same batch, but that nothing ended in the future: what claims to ends when it came. It would stay the
/// newest for ever otherwise.
fn clamped(batch: &Batch, received_us: u64) -> Batch {
    let mut builder = BatchBuilder::new(batch.gateway()).with_dimensions(batch.dimension_names());
    for mut event in batch.events() {
        if is_future(event.measures.get(Measure::EndedUs), received_us) {
            event.measures.set(Measure::EndedUs, Some(received_us));
        }
        builder.push(&event);
    }
    builder.finish(batch.producer(), batch.first_sequence(), batch.sent_us(), batch.health().clone())
}

#[cfg(test)]
mod tests {
    use weir_wire::{Event, Health, HealthCounter, InstanceId, Measures, Outcome, Producer, RequestId};

    use super::*;

    const RECEIVED: u64 = 1_790_000_000_000_000;

    fn batch(ended: &[u64]) -> Batch {
        let mut builder = BatchBuilder::new("edge-1").with_dimensions([Some("region"), None, None, None]);
        for (at, ended) in ended.iter().enumerate() {
            builder.push(&Event {
                request_id: RequestId::Uuid([u8::try_from(at).unwrap(); 16]),
                measures: Measures::new().with(Measure::EndedUs, *ended).with(Measure::DurationUs, 7),
                ..Event::new(Outcome::Success)
            });
        }
        let mut health = Health::default();
        health.set(HealthCounter::ALL[0], 3);
        let producer = Producer { instance: InstanceId([1; 16]), epoch: 2 };
        builder.finish(producer, 5, RECEIVED, health)
    }

    #[test]
    fn the_future_becomes_the_present() {
        let limit = RECEIVED + FUTURE_US;
        let sent = batch(&[RECEIVED - 1, limit, limit + 1, Measure::MAX]);
        assert_eq!(count_future(&sent, RECEIVED), 2);
        assert_eq!(clamped(&sent, RECEIVED), batch(&[RECEIVED - 1, limit, RECEIVED, RECEIVED]));
    }
}
