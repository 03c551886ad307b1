//! The whole filter of one virtual machine: from the host's callbacks, by context number, to streams and VM.
//!
//! Contexts that are not known are passed over: a host may call what it likes in whatever order.

use crate::config::Config;
use crate::contexts::Contexts;
use crate::host::{CalloutId, Host, LogLevel};
use crate::stream::{Active, Stream};
use crate::vm::Vm;

/// One virtual machine's filter.
#[derive(Debug)]
pub struct Plugin {
    vm: Option<Vm>,
    /// One a configuration: the newest, and those whose streams are still ending.
    roots: Vec<(u32, Box<Active>)>,
    streams: Contexts,
}

impl Plugin {
    /// A filter that has not been configured.
    pub const fn new() -> Self {
        Self { vm: None, roots: Vec::new(), streams: Contexts::new() }
    }

    /// A context begins: a root where `parent` is 0, a stream of that root otherwise.
    pub fn on_context_create(&mut self, host: &impl Host, context: u32, parent: u32) {
        let Some(active) = active(&self.roots, parent).filter(|_| parent != 0) else { return };
        if active.config.enabled
            && self.streams.insert(context, Stream::new(parent, host.monotonic_ns()))
            && let Some(vm) = &mut self.vm
        {
            vm.opened(host);
        }
    }

    /// A root gets its configuration. `false` refuses it, with the reason in the log.
    pub fn on_configure(&mut self, host: &impl Host, root: u32) -> bool {
        match self.configure(host, root) {
            Ok(()) => true,
            Err(message) => {
                host.log(LogLevel::Error, &message);
                false
            }
        }
    }

    fn configure(&mut self, host: &impl Host, root: u32) -> Result<(), String> {
        let bytes = host.configuration().unwrap_or_default();
        let config = Config::parse(bytes).map_err(|error| error.message())?;
        match &mut self.vm {
            Some(vm) => vm.configure(host, config.clone()),
            None => {
                let instance =
                    host.random().ok_or("weir-filter: the host offers no randomness (random_get)")?;
                self.vm = Some(Vm::new(host, instance, config.clone()));
            }
        }
        host.set_tick_period(u32::try_from(config.limits.flush_interval_ms).unwrap_or(u32::MAX));
        let active = Box::new(Active::new(config));
        self.roots.retain(|(known, _)| *known != root);
        self.roots.push((root, active));
        Ok(())
    }

    /// The interval that the configuration asks for has passed.
    pub fn on_tick(&mut self, host: &impl Host) {
        if let Some(vm) = &mut self.vm {
            vm.tick(host);
        }
    }

    /// The headers of a stream's response have come; `end` tells that nothing follows.
    pub fn on_response_headers(&mut self, host: &impl Host, context: u32, end: bool) {
        let Some(stream) = self.streams.get_mut(context) else { return };
        if let Some((active, vm)) = active(&self.roots, stream.root()).zip(self.vm.as_mut()) {
            stream.on_response_headers(host, active, vm, end);
        }
    }

    /// A chunk of a stream's response is at hand; `end` tells that nothing follows.
    pub fn on_response_body(&mut self, host: &impl Host, context: u32, size: usize, end: bool) {
        if let Some(stream) = self.streams.get_mut(context) {
            stream.on_response_body(host, size, end);
        }
    }

    /// The collector has answered, or has not: then there are no headers.
    pub fn on_http_call_response(&mut self, host: &impl Host, callout: u32, headers: usize) {
        let Some(vm) = &mut self.vm else { return };
        let headers = if headers == 0 { Default::default() } else { host.callout_headers() };
        let number =
            |name: &str| std::str::from_utf8(headers.get(name)?).ok()?.trim_ascii().parse::<u64>().ok();
        let status = number(":status").and_then(|status| u16::try_from(status).ok());
        vm.on_answer(host, CalloutId(callout), status, number("retry-after"));
    }

    /// A stream is over.
    pub fn on_log(&mut self, host: &impl Host, context: u32) {
        let Some(stream) = self.streams.get_mut(context) else { return };
        if let Some((active, vm)) = active(&self.roots, stream.root()).zip(self.vm.as_mut()) {
            stream.log(host, active, vm);
        }
    }

    /// A context ends.
    pub fn on_delete(&mut self, host: &impl Host, context: u32) {
        let Some(vm) = &mut self.vm else { return };
        if let Some(mut stream) = self.streams.remove(context) {
            stream.end_scan(vm);
            return;
        }
        let before = self.roots.len();
        self.roots.retain(|(root, _)| *root != context);
        if self.roots.is_empty() && before > 0 {
            vm.end(host);
        }
    }
}

impl Default for Plugin {
    fn default() -> Self {
        Self::new()
    }
}

fn active(roots: &[(u32, Box<Active>)], root: u32) -> Option<&Active> {
    roots.iter().find(|(known, _)| *known == root).map(|(_, active)| active.as_ref())
}

#[cfg(test)]
mod tests;
