//! A proxy-wasm host of our own: exact, and deterministic where a gateway is not.
//!
//! A [`Host`] is what several VMs share: clocks, shared data, metrics, the log, callouts. A [`Vm`] is one instance
//! of the module, as a gateway keeps one a worker; dropping it is a crash. Time stands still until it is told to
//! move, and an answer comes when a test gives it. What is visible in which callback is as in Envoy.

pub mod abi;
mod filter;
mod guest;
mod imports;
mod memory;
mod mischief;
mod script;
mod vm;
mod world;

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::Result;

pub use filter::Filter;
pub use guest::Callback;
pub use mischief::Mischief;
pub use script::{StreamScript, property_path};
pub use vm::{StreamId, Vm};
pub use world::{Callout, Metric, MetricKind};

use world::World;

/// What all VMs of one gateway share.
#[derive(Debug, Clone)]
pub struct Host {
    world: Rc<RefCell<World>>,
}

impl Host {
    /// A gateway that has just started. Equal seeds give equal randomness to the modules that ask for it.
    pub fn new(seed: u64) -> Self {
        Self { world: Rc::new(RefCell::new(World::new(seed))) }
    }

    /// Starts a VM and configures it, as a gateway does before any traffic.
    ///
    /// # Errors
    ///
    /// A trap, and a configuration that the module refuses (its log says why).
    pub fn start(&self, filter: &Filter, configuration: &str) -> Result<Vm> {
        let mut vm = self.instantiate(filter)?;
        vm.open_root(configuration)?;
        Ok(vm)
    }

    /// A VM that has been initialised and not configured: [`Vm::open_root`] does that.
    ///
    /// # Errors
    ///
    /// A module that does not fit the host, or traps.
    pub fn instantiate(&self, filter: &Filter) -> Result<Vm> {
        Vm::new(filter, Rc::clone(&self.world), None)
    }

    /// The same, with a host that lies.
    ///
    /// # Errors
    ///
    /// As [`Host::instantiate`].
    pub fn instantiate_hostile(&self, filter: &Filter, mischief: Mischief) -> Result<Vm> {
        Vm::new(filter, Rc::clone(&self.world), Some(mischief))
    }

    /// Lets time pass, on both clocks.
    pub fn advance_ms(&self, ms: u64) {
        let mut world = self.world.borrow_mut();
        world.wall_ns = world.wall_ns.saturating_add(ms.saturating_mul(1_000_000));
        world.monotonic_ns = world.monotonic_ns.saturating_add(ms.saturating_mul(1_000_000));
    }

    /// Sets the wall clock, nanoseconds since 1970, and leaves the monotonic one alone.
    pub fn set_wall_ns(&self, ns: u64) {
        self.world.borrow_mut().wall_ns = ns;
    }

    /// The wall clock, nanoseconds since 1970.
    pub fn wall_ns(&self) -> u64 {
        self.world.borrow().wall_ns
    }

    /// Every callout that the host has taken, oldest first, answered or not.
    pub fn callouts(&self) -> Vec<Callout> {
        self.world.borrow().callouts.clone()
    }

    /// The bodies of all callouts: what a collector would have been sent.
    pub fn batches(&self) -> Vec<Vec<u8>> {
        self.world.borrow().callouts.iter().map(|callout| callout.body.clone()).collect()
    }

    /// From now on callouts are taken, or refused at once as for a cluster that does not exist.
    pub fn take_callouts(&self, take: bool) {
        self.world.borrow_mut().takes_callouts = take;
    }

    /// Every metric, in the order of definition.
    pub fn metrics(&self) -> Vec<Metric> {
        self.world.borrow().metrics.clone()
    }

    /// A metric's value; `None` if nobody has defined it.
    pub fn metric(&self, name: &str) -> Option<u64> {
        let world = self.world.borrow();
        world.metrics.iter().find(|metric| metric.name == name).map(|metric| metric.value)
    }

    /// The log, oldest first: level (0 is trace, 4 is error) and text.
    pub fn log(&self) -> Vec<(u32, String)> {
        self.world.borrow().log.clone()
    }

    /// All shared data by key. An entry that was deleted is there and empty, as in Envoy.
    pub fn shared_data(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let world = self.world.borrow();
        world.shared.iter().map(|(key, entry)| (key.clone(), entry.value.clone())).collect()
    }

    /// Puts a value under a key, as another VM would.
    pub fn set_shared_data(&self, key: &[u8], value: &[u8]) {
        self.world.borrow_mut().set_shared(key, value.to_vec(), 0);
    }

    /// What `expr_evaluate` gives for an expression; without this `expr_create` says that it is not found.
    pub fn define_expression(&self, expression: &str, value: &[u8]) {
        self.world.borrow_mut().expressions.push((expression.to_owned(), value.to_vec()));
    }
}
