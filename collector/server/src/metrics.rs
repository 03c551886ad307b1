//! `/metrics`: what the collector counts, and how it is written.
//!
//! What requests add up to is rendered from the store's integers, so that a scrape, the database and a report
//! can agree to the last nano-dollar; no floating-point number stands in between.

mod accounting;
mod families;
mod own;
mod text;

pub(crate) use own::{BatchResult, Commits, Ingest};

use crate::store::{Sizes, Store};
use text::Text;

/// What this process counts of itself, from its start.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) ingest: Ingest,
    pub(crate) commits: std::sync::Arc<Commits>,
}

impl Metrics {
    /// The whole page, in Prometheus' text format.
    pub(crate) fn render(&self, store: &Store) -> String {
        let mut text = Text::default();
        accounting::render(&mut text, &store.accounts().lock());
        own::render(&mut text, self);
        render_sizes(&mut text, store.sizes());
        text.sample(&families::BUILD_INFO, &[env!("CARGO_PKG_VERSION")], 1u64);
        text.finish(families::ALL)
    }
}

fn render_sizes(text: &mut Text, sizes: Sizes) {
    if let Some(bytes) = sizes.database {
        text.sample(&families::STORE_DATABASE_BYTES, &[], bytes);
    }
    if let Some(bytes) = sizes.wal {
        text.sample(&families::STORE_WAL_BYTES, &[], bytes);
    }
}
