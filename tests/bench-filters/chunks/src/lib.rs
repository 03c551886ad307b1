//! The floor for streams: a filter on the SDK that reads each chunk of a response's body.

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| Box::new(Root));
}}

struct Root;

impl Context for Root {}

impl RootContext for Root {
    fn create_http_context(&self, _context: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Stream;

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_response_body(&mut self, size: usize, _end_of_stream: bool) -> Action {
        // Kept from the optimiser, so that the chunk is really read.
        std::hint::black_box(self.get_http_response_body(0, size));
        Action::Continue
    }
}
