//! The collector from the outside: the real binary, over HTTP, with signals, and with databases in every
//! state.

#[cfg(test)]
mod access;
#[cfg(test)]
mod bad_database;
#[cfg(test)]
mod batches;
#[cfg(test)]
mod client;
#[cfg(test)]
mod configuration;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod durability;
#[cfg(test)]
mod full_disk;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod ingest;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod queries;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod snapshots;
#[cfg(test)]
mod summaries;
#[cfg(test)]
mod upgrade;
