//! The root context: configuration, ticks, and the answers of the collector.
//!
//! The [`Vm`]'s state hangs on no root: a new configuration with the same code is a second root in the same
//! VM, and the old one goes on ticking while its streams end.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;
use weir_filter_core::host::{CalloutId, LogLevel};
use weir_filter_core::{Config, Host, Vm};

use crate::entropy;
use crate::http::Http;
use crate::sdk_host::SdkHost;

thread_local! {
    static VM: RefCell<Option<Vm>> = const { RefCell::new(None) };
}

/// Lends the VM's state to `work`. The proxy calls back one at a time, so nobody else holds it; were it
/// held all the same, the work is left out rather than the module lost.
pub(crate) fn with_vm(work: impl FnOnce(&mut Vm)) {
    VM.with(|vm| {
        if let Ok(mut vm) = vm.try_borrow_mut()
            && let Some(vm) = vm.as_mut()
        {
            work(vm);
        }
    });
}

/// One configuration of the filter.
#[derive(Default)]
pub(crate) struct Root {
    config: Option<Rc<Config>>,
}

impl Root {
    fn configure(&mut self, text: &[u8]) -> Result<(), String> {
        let config = Rc::new(Config::parse(text).map_err(|error| error.to_string())?);
        VM.with(|vm| {
            let Ok(mut vm) = vm.try_borrow_mut() else { return Ok(()) };
            match vm.as_mut() {
                Some(vm) => vm.configure(Rc::clone(&config)),
                None => {
                    let identity = entropy::identity()
                        .ok_or("weir-filter: the host offers no randomness (random_get)")?;
                    *vm = Some(Vm::new(&SdkHost, identity, Rc::clone(&config)));
                }
            }
            Ok::<(), String>(())
        })?;
        self.set_tick_period(Duration::from_millis(config.limits.flush_interval_ms));
        self.config = Some(config);
        Ok(())
    }
}

impl Context for Root {
    fn on_http_call_response(
        &mut self,
        token: u32,
        num_headers: usize,
        _body_size: usize,
        _num_trailers: usize,
    ) {
        // Without headers there was no answer, and reading them would be a mistake.
        let headers = if num_headers == 0 { Vec::new() } else { self.get_http_call_response_headers_bytes() };
        let number = |name: &str| {
            let (_, value) = headers.iter().find(|(found, _)| found == name)?;
            std::str::from_utf8(value).ok()?.trim().parse::<u64>().ok()
        };
        let status = number(":status").and_then(|status| u16::try_from(status).ok());
        with_vm(|vm| vm.on_answer(&SdkHost, CalloutId(token), status, number("retry-after")));
    }

    fn on_done(&mut self) -> bool {
        with_vm(|vm| vm.on_done(&SdkHost));
        true
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, size: usize) -> bool {
        let text = if size == 0 { None } else { self.get_plugin_configuration() };
        match self.configure(&text.unwrap_or_default()) {
            Ok(()) => true,
            Err(message) => {
                SdkHost.log(LogLevel::Error, &message);
                false
            }
        }
    }

    fn on_tick(&mut self) {
        with_vm(|vm| vm.tick(&SdkHost));
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        self.config.as_ref().map(|config| -> Box<dyn HttpContext> { Box::new(Http::new(Rc::clone(config))) })
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
