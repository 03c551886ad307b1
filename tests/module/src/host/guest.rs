//! What the host keeps for one VM, and the callbacks that it can make.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use wasmtime::{Memory, StoreLimits, StoreLimitsBuilder, TypedFunc};

use super::abi::Pairs;
use super::world::World;
use super::{Mischief, StreamScript, property_path};

/// What a module's memory may grow to; more is an allocation failure.
const MEMORY_LIMIT_BYTES: usize = 32 << 20;

/// A callback with its arguments, in any order and with any numbers that a host could say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the ABI's own arguments")]
pub enum Callback {
    /// `proxy_on_context_create`; a root has the parent 0.
    ContextCreate { context: u32, parent: u32 },
    /// `proxy_on_vm_start`.
    VmStart { context: u32, size: u32 },
    /// `proxy_on_configure`.
    Configure { context: u32, size: u32 },
    /// `proxy_on_tick`.
    Tick { context: u32 },
    /// `proxy_on_request_headers`.
    RequestHeaders { context: u32, headers: u32, end: bool },
    /// `proxy_on_response_headers`.
    ResponseHeaders { context: u32, headers: u32, end: bool },
    /// `proxy_on_response_body`.
    ResponseBody { context: u32, size: u32, end: bool },
    /// `proxy_on_http_call_response`.
    Answer { context: u32, token: u32, headers: u32, body: u32, trailers: u32 },
    /// `proxy_on_log`.
    Log { context: u32 },
    /// `proxy_on_done`.
    Done { context: u32 },
    /// `proxy_on_delete`.
    Delete { context: u32 },
}

impl Callback {
    pub(super) fn context(self) -> u32 {
        match self {
            Self::ContextCreate { context, .. }
            | Self::VmStart { context, .. }
            | Self::Configure { context, .. }
            | Self::Tick { context }
            | Self::RequestHeaders { context, .. }
            | Self::ResponseHeaders { context, .. }
            | Self::ResponseBody { context, .. }
            | Self::Answer { context, .. }
            | Self::Log { context }
            | Self::Done { context }
            | Self::Delete { context } => context,
        }
    }

    pub(super) fn phase(self) -> Phase {
        match self {
            Self::Configure { .. } => Phase::Configure,
            Self::RequestHeaders { .. } => Phase::RequestHeaders,
            Self::ResponseHeaders { .. } => Phase::ResponseHeaders,
            Self::ResponseBody { .. } => Phase::ResponseBody,
            Self::Answer { .. } => Phase::Answer,
            Self::Log { .. } => Phase::Log,
            _ => Phase::Other,
        }
    }
}

/// Which callback runs, for what can be seen in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Other,
    Configure,
    RequestHeaders,
    ResponseHeaders,
    ResponseBody,
    Answer,
    Log,
}

/// What the host keeps for one VM.
pub(super) struct Guest {
    pub(super) world: Rc<RefCell<World>>,
    pub(super) number: u32,
    pub(super) mischief: Option<Mischief>,
    pub(super) context: u32,
    pub(super) phase: Phase,
    pub(super) configuration: Vec<u8>,
    pub(super) properties: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(super) streams: BTreeMap<u32, StreamScript>,
    pub(super) chunk: Vec<u8>,
    pub(super) answer_headers: Pairs,
    pub(super) answer_body: Vec<u8>,
    pub(super) tick_period_ms: u32,
    pub(super) host_calls: u64,
    pub(super) memory: Option<Memory>,
    pub(super) allocate: Option<TypedFunc<u32, u32>>,
    pub(super) limits: StoreLimits,
}

impl Guest {
    pub(super) fn new(world: Rc<RefCell<World>>, number: u32, mischief: Option<Mischief>) -> Self {
        Self {
            world,
            number,
            mischief,
            context: 0,
            phase: Phase::Other,
            configuration: Vec::new(),
            properties: BTreeMap::from([(property_path(&["xds", "node", "id"]), b"gateway-1".to_vec())]),
            streams: BTreeMap::new(),
            chunk: Vec::new(),
            answer_headers: Vec::new(),
            answer_body: Vec::new(),
            tick_period_ms: 0,
            host_calls: 0,
            memory: None,
            allocate: None,
            limits: StoreLimitsBuilder::new().memory_size(MEMORY_LIMIT_BYTES).build(),
        }
    }

    pub(super) fn stream(&self) -> Option<&StreamScript> {
        self.streams.get(&self.context)
    }
}
