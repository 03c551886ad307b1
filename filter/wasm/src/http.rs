//! One HTTP stream's callbacks.

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use weir_filter_core::{Config, Stream};

use crate::root::with_vm;
use crate::sdk_host::SdkHost;

/// One stream under the configuration that was in force when it began.
pub(crate) struct Http {
    config: Rc<Config>,
    stream: Stream,
}

impl Http {
    pub(crate) fn new(config: Rc<Config>) -> Self {
        Self { config, stream: Stream::new() }
    }
}

impl Context for Http {}

impl HttpContext for Http {
    #[cfg(feature = "planted-panic")]
    #[expect(clippy::panic, reason = "a test build: shows what a panic costs")]
    fn on_http_request_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        if self.get_http_request_header("x-weir-plant-panic").is_some() {
            panic!("planted");
        }
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        self.stream.on_response_headers(&SdkHost, &self.config);
        Action::Continue
    }

    fn on_http_response_body(&mut self, body_size: usize, _end_of_stream: bool) -> Action {
        self.stream.on_response_body(&SdkHost, body_size);
        Action::Continue
    }

    fn on_log(&mut self) {
        with_vm(|vm| self.stream.log(&SdkHost, &self.config, vm));
    }
}
