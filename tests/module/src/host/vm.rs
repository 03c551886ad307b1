//! One instance of the module, its contexts, and the callbacks it gets.

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::{Context, Result, ensure};
use wasmtime::{Instance, Linker, Store, WasmParams, WasmResults};

use super::abi::Pairs;
use super::guest::{Callback, Guest};
use super::world::World;
use super::{Callout, Filter, Mischief, StreamScript, imports};

/// What one callback may take: far more than any needs, so that an endless loop ends.
const FUEL_PER_CALLBACK: u64 = 4_000_000_000;

/// A stream of a VM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamId(pub u32);

/// One instance of the module. Dropping it is a crash: it is told nothing, and nobody gets the answers that it
/// waits for.
pub struct Vm {
    store: Store<Guest>,
    instance: Instance,
    roots: Vec<u32>,
    next_context: u32,
    fuel: u64,
}

impl Vm {
    pub(super) fn new(
        filter: &Filter,
        world: Rc<RefCell<World>>,
        mischief: Option<Mischief>,
    ) -> Result<Self> {
        let number = {
            let mut world = world.borrow_mut();
            world.next_vm += 1;
            world.forgets |= mischief.is_some();
            world.next_vm
        };
        let guest = Guest::new(world, number, mischief);
        let mut store = Store::new(&filter.engine, guest);
        store.limiter(|guest| &mut guest.limits);
        store.set_fuel(FUEL_PER_CALLBACK)?;
        let mut linker = Linker::new(&filter.engine);
        imports::link(&mut linker, &filter.module)?;
        let instance = linker.instantiate(&mut store, &filter.module)?;
        let mut vm = Self { store, instance, roots: Vec::new(), next_context: 1, fuel: 0 };
        vm.call::<(), ()>("_initialize", ())?;
        Ok(vm)
    }

    fn call<P: WasmParams, R: WasmResults>(&mut self, export: &str, arguments: P) -> Result<Option<R>> {
        if self.instance.get_func(&mut self.store, export).is_none() {
            return Ok(None);
        }
        let function = self.instance.get_typed_func::<P, R>(&mut self.store, export);
        let function = function?;
        self.store.set_fuel(FUEL_PER_CALLBACK)?;
        let result = function.call(&mut self.store, arguments);
        let left = self.store.get_fuel()?;
        self.fuel += FUEL_PER_CALLBACK.saturating_sub(left);
        let result = result
            .map_err(anyhow::Error::from)
            .with_context(|| format!("{export} trapped; last in the log: {:?}", self.last_log()))?;
        Ok(Some(result))
    }

    /// Makes one callback, whatever the module makes of it; what it returns, or `None` if it returns nothing or has
    /// no such export.
    ///
    /// # Errors
    ///
    /// A trap.
    pub fn callback(&mut self, callback: Callback) -> Result<Option<i32>> {
        let (context, phase) = (callback.context(), callback.phase());
        let guest = self.store.data_mut();
        guest.context = context;
        guest.phase = phase;
        match callback {
            Callback::ContextCreate { context, parent } => {
                self.call::<_, ()>("proxy_on_context_create", (context, parent)).map(|_| None)
            }
            Callback::VmStart { context, size } => self.call("proxy_on_vm_start", (context, size)),
            Callback::Configure { context, size } => self.call("proxy_on_configure", (context, size)),
            Callback::Tick { context } => self.call::<_, ()>("proxy_on_tick", context).map(|_| None),
            Callback::RequestHeaders { context, headers, end } => {
                self.call("proxy_on_request_headers", (context, headers, u32::from(end)))
            }
            Callback::ResponseHeaders { context, headers, end } => {
                self.call("proxy_on_response_headers", (context, headers, u32::from(end)))
            }
            Callback::ResponseBody { context, size, end } => {
                self.call("proxy_on_response_body", (context, size, u32::from(end)))
            }
            Callback::Answer { context, token, headers, body, trailers } => self
                .call::<_, ()>("proxy_on_http_call_response", (context, token, headers, body, trailers))
                .map(|_| None),
            Callback::Log { context } => self.call::<_, ()>("proxy_on_log", context).map(|_| None),
            Callback::Done { context } => self.call("proxy_on_done", context),
            Callback::Delete { context } => self.call::<_, ()>("proxy_on_delete", context).map(|_| None),
        }
    }

    /// Opens a root context with a configuration: the first, or a newer one beside it.
    ///
    /// # Errors
    ///
    /// A trap, or a configuration that is refused.
    pub fn open_root(&mut self, configuration: &str) -> Result<()> {
        let context = self.new_context();
        self.set_configuration(configuration.as_bytes());
        let size = u32::try_from(configuration.len())?;
        self.callback(Callback::ContextCreate { context, parent: 0 })?;
        let started = self.callback(Callback::VmStart { context, size: 0 })?;
        ensure!(started != Some(0), "the module refuses to start");
        let configured = self.callback(Callback::Configure { context, size })?;
        ensure!(configured != Some(0), "the configuration is refused: {:?}", self.last_log());
        self.roots.push(context);
        Ok(())
    }

    /// What the next `proxy_on_configure` finds.
    pub fn set_configuration(&mut self, configuration: &[u8]) {
        self.store.data_mut().configuration = configuration.to_vec();
    }

    fn last_log(&self) -> Option<String> {
        self.store.data().world.borrow().log.last().map(|(_, message)| message.clone())
    }

    fn new_context(&mut self) -> u32 {
        let context = self.next_context;
        self.next_context += 1;
        context
    }

    fn root(&self) -> Result<u32> {
        self.roots.last().copied().context("no configuration yet")
    }

    /// Begins a stream under the newest configuration.
    ///
    /// # Errors
    ///
    /// A trap.
    pub fn begin(&mut self, script: StreamScript) -> Result<StreamId> {
        let (context, parent) = (self.new_context(), self.root()?);
        let headers = u32::try_from(script.request_headers.len())?;
        self.set_stream(StreamId(context), script);
        self.callback(Callback::ContextCreate { context, parent })?;
        self.callback(Callback::RequestHeaders { context, headers, end: false })?;
        Ok(StreamId(context))
    }

    /// What the host knows of a stream from now on.
    pub fn set_stream(&mut self, stream: StreamId, script: StreamScript) {
        self.store.data_mut().streams.insert(stream.0, script);
    }

    /// The response's headers come.
    ///
    /// # Errors
    ///
    /// A trap.
    pub fn respond(&mut self, stream: StreamId, end: bool) -> Result<()> {
        let script = self.store.data().streams.get(&stream.0);
        let headers = u32::try_from(script.map_or(0, |script| script.response_headers.len()))?;
        let action = self.callback(Callback::ResponseHeaders { context: stream.0, headers, end })?;
        ensure!(matches!(action, None | Some(0)), "the response's headers are held back");
        Ok(())
    }

    /// A chunk of the body comes.
    ///
    /// # Errors
    ///
    /// A trap.
    pub fn chunk(&mut self, stream: StreamId, chunk: &[u8], end: bool) -> Result<()> {
        let size = u32::try_from(chunk.len())?;
        self.set_chunk(chunk);
        let action = self.callback(Callback::ResponseBody { context: stream.0, size, end })?;
        ensure!(matches!(action, None | Some(0)), "a chunk is held back");
        Ok(())
    }

    /// What the next body callback finds.
    pub fn set_chunk(&mut self, chunk: &[u8]) {
        let buffer = &mut self.store.data_mut().chunk;
        buffer.clear();
        buffer.extend_from_slice(chunk);
    }

    /// The stream ends, as it may at any point.
    ///
    /// # Errors
    ///
    /// A trap.
    pub fn finish(&mut self, stream: StreamId) -> Result<()> {
        let context = stream.0;
        self.callback(Callback::Done { context })?;
        self.callback(Callback::Log { context })?;
        self.callback(Callback::Delete { context })?;
        self.forget(stream);
        Ok(())
    }

    /// The host knows nothing more of a stream.
    pub fn forget(&mut self, stream: StreamId) {
        self.store.data_mut().streams.remove(&stream.0);
    }

    /// A whole stream from begin to end; the fuel that the module took for it, about one an instruction.
    ///
    /// # Errors
    ///
    /// A trap.
    pub fn stream(&mut self, script: &StreamScript) -> Result<u64> {
        let before = self.fuel;
        let pause = || script.pause_ms.saturating_mul(1_000_000);
        let stream = self.begin(script.clone())?;
        if !script.response_headers.is_empty() {
            self.let_time_pass(pause());
            self.respond(stream, script.chunks.is_empty())?;
        }
        for (index, chunk) in script.chunks.iter().enumerate() {
            self.let_time_pass(pause());
            self.chunk(stream, chunk, index + 1 == script.chunks.len())?;
        }
        self.finish(stream)?;
        Ok(self.fuel - before)
    }

    fn let_time_pass(&self, ns: u64) {
        let mut world = self.store.data().world.borrow_mut();
        world.wall_ns = world.wall_ns.saturating_add(ns);
        world.monotonic_ns = world.monotonic_ns.saturating_add(ns);
    }

    /// Every root's tick, once.
    ///
    /// # Errors
    ///
    /// A trap.
    pub fn tick(&mut self) -> Result<()> {
        for context in self.roots.clone() {
            self.callback(Callback::Tick { context })?;
        }
        Ok(())
    }

    /// This VM's callouts that wait for an answer, oldest first.
    pub fn pending(&self) -> Vec<Callout> {
        let world = self.store.data().world.borrow();
        let own = |callout: &&Callout| callout.vm == self.store.data().number && callout.pending;
        world.callouts.iter().filter(own).cloned().collect()
    }

    /// Answers every callout that waits with a status; how many those were.
    ///
    /// # Errors
    ///
    /// A trap.
    pub fn answer(&mut self, status: u16) -> Result<usize> {
        let headers = vec![(b":status".to_vec(), status.to_string().into_bytes())];
        self.answer_with(&headers, b"")
    }

    /// Answers every callout that waits; how many those were. No headers: the connection broke.
    ///
    /// # Errors
    ///
    /// A trap.
    pub fn answer_with(&mut self, headers: &Pairs, body: &[u8]) -> Result<usize> {
        let pending = self.pending();
        for callout in &pending {
            let guest = self.store.data_mut();
            for kept in &mut guest.world.borrow_mut().callouts {
                kept.pending &= kept.token != callout.token;
            }
            self.set_answer(headers, body);
            self.callback(Callback::Answer {
                context: callout.context,
                token: callout.token,
                headers: u32::try_from(headers.len())?,
                body: u32::try_from(body.len())?,
                trailers: 0,
            })?;
        }
        Ok(pending.len())
    }

    /// What the next `proxy_on_http_call_response` finds.
    pub fn set_answer(&mut self, headers: &Pairs, body: &[u8]) {
        let guest = self.store.data_mut();
        guest.answer_headers.clone_from(headers);
        guest.answer_body = body.to_vec();
    }

    /// The gateway shuts down: every root is told, and then gone.
    ///
    /// # Errors
    ///
    /// A trap.
    pub fn shut_down(mut self) -> Result<()> {
        for context in self.roots.clone() {
            self.callback(Callback::Done { context })?;
            self.callback(Callback::Log { context })?;
            self.callback(Callback::Delete { context })?;
        }
        Ok(())
    }

    /// Dies as it stands, as after a panic.
    pub fn kill(self) {
        let guest = self.store.data();
        for callout in &mut guest.world.borrow_mut().callouts {
            callout.pending &= callout.vm != guest.number;
        }
    }

    /// Lies from now on that often in 10,000 host calls; nothing for an honest host.
    pub fn set_mischief(&mut self, per_10_000: usize) {
        if let Some(mischief) = self.store.data_mut().mischief.as_mut() {
            mischief.set_rate(per_10_000);
        }
    }

    /// Bytes of linear memory; it never shrinks.
    pub fn memory_bytes(&mut self) -> usize {
        let memory = self.instance.get_memory(&mut self.store, "memory");
        memory.map_or(0, |memory| memory.data_size(&self.store))
    }

    /// Milliseconds between ticks that the module has asked for; 0 for none.
    pub fn tick_period_ms(&self) -> u32 {
        self.store.data().tick_period_ms
    }

    /// All fuel that callbacks have taken so far, about one an instruction.
    pub fn fuel(&self) -> u64 {
        self.fuel
    }

    /// All host calls so far.
    pub fn host_calls(&self) -> u64 {
        self.store.data().host_calls
    }
}
