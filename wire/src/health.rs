//! What a producer says of itself with each batch: its own counters, cumulative since its epoch began.

/// Declares the counters; the position is the id in the binary form: append only.
macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// One counter of a producer's health.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum HealthCounter {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl HealthCounter {
            /// All counters in the order of their ids.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in JSON.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

counters! {
    /// Events that were given a sequence number.
    EventsRecorded = "events_recorded",
    /// Events let go since memory for undelivered batches ran out.
    EventsDroppedOverflow = "events_dropped_overflow",
    /// Events in batches that the collector refused for good (400 or 413).
    EventsDroppedRefused = "events_dropped_refused",
    /// Events that were too large for any batch.
    EventsDroppedOversize = "events_dropped_oversize",
    /// Deliveries that failed and were tried again.
    DeliveriesRetried = "deliveries_retried",
    /// Headers or bodies whose value could not be understood and was left out.
    ParseFailures = "parse_failures",
    /// Requests counted under the series `other`, the table being full.
    SeriesOverflow = "series_overflow",
    /// Events whose detail was let go since memory ran out, their totals kept in a summary.
    EventsSummarised = "events_summarised",
    /// Requests that had ended in a VM that failed before it could write them down.
    EventsLostCrash = "events_lost_crash",
    /// Streams that were open in a VM that failed, whose records were never made.
    StreamsLostCrash = "streams_lost_crash",
    /// Outboxes of failed VMs that this producer has taken over.
    SlotsAdopted = "slots_adopted",
    /// Bodies that were not scanned since the VM's memory for scanning was used up.
    ScansSkipped = "scans_skipped",
    /// Recorded requests whose outcome was not success.
    RequestsFailed = "requests_failed",
    /// Input tokens of all recorded requests that state them.
    InputTokens = "input_tokens",
    /// Output tokens of all recorded requests that state them.
    OutputTokens = "output_tokens",
    /// What all recorded requests that state it cost, 10⁻⁹ US dollars.
    CostNanoUsd = "cost_nano_usd",
    /// Streams that the filter was told of.
    StreamsOpened = "streams_opened",
}

/// A producer's counters; absent ones are unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Health([Option<u64>; HealthCounter::ALL.len()]);

impl Health {
    /// A counter's value.
    pub fn get(&self, counter: HealthCounter) -> Option<u64> {
        self.0.get(counter as usize).copied().flatten()
    }

    /// Sets a counter.
    pub fn set(&mut self, counter: HealthCounter, value: u64) {
        if let Some(slot) = self.0.get_mut(counter as usize) {
            *slot = Some(value);
        }
    }

    /// The counters that are known, in the order of their ids.
    pub fn known(&self) -> impl Iterator<Item = (HealthCounter, u64)> + '_ {
        HealthCounter::ALL.iter().zip(&self.0).filter_map(|(counter, value)| Some((*counter, (*value)?)))
    }
}
