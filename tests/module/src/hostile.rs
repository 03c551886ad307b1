//! A life of a VM under a host that fails, lies and calls back in any order, repeated exactly by its seed.

use std::collections::VecDeque;

use anyhow::{Context, Result};

use crate::bodies::{self, BODIES};
use crate::host::{Callback, Filter, Host, Mischief, StreamId, StreamScript, Vm};
use crate::random::Random;

/// Streams that are open at a time, at most.
const OPEN_STREAMS: usize = 48;

/// What a life came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Life {
    /// Streams that ended.
    pub streams: u64,
    /// Bytes of linear memory at the end.
    pub memory_bytes: usize,
    /// Fuel, about one an instruction.
    pub fuel: u64,
    /// Host calls.
    pub host_calls: u64,
}

/// Lives through `streams` streams.
///
/// # Errors
///
/// The first trap, with the stream at which it happened. A module that wants more memory than the host gives
/// (32 MiB) traps as well: that is how an allocation fails.
pub fn live(filter: &Filter, seed: u64, streams: u64, configurations: &[&str]) -> Result<Life> {
    let mut life = Hostile::begin(filter, seed, configurations)?;
    for stream in 0..streams {
        life.step().with_context(|| format!("at stream {stream}"))?;
    }
    life.end()
}

struct Hostile<'a> {
    random: Random,
    host: Host,
    vm: Vm,
    configurations: &'a [&'a str],
    roots: Vec<u32>,
    next_context: u32,
    open: VecDeque<(u32, VecDeque<Vec<u8>>)>,
    streams: u64,
}

impl<'a> Hostile<'a> {
    fn begin(filter: &Filter, seed: u64, configurations: &'a [&'a str]) -> Result<Self> {
        let mut random = Random::new(seed);
        let host = Host::new(random.next_u64());
        let vm = host.instantiate_hostile(filter, Mischief::new(random.next_u64(), 0))?;
        let mut life = Self {
            random,
            host,
            vm,
            configurations,
            roots: Vec::new(),
            next_context: 1,
            open: VecDeque::new(),
            streams: 0,
        };
        // Some begin with callbacks before there is any configuration.
        if life.random.chance(5_000) {
            for _ in 0..20 {
                life.strange_callback()?;
            }
        }
        life.open_root()?;
        Ok(life)
    }

    fn end(mut self) -> Result<Life> {
        while let Some((context, _)) = self.open.pop_front() {
            self.close(context)?;
        }
        for context in self.roots.clone() {
            self.vm.callback(Callback::Done { context })?;
            self.vm.callback(Callback::Log { context })?;
            self.vm.callback(Callback::Delete { context })?;
        }
        let memory_bytes = self.vm.memory_bytes();
        Ok(Life {
            streams: self.streams,
            memory_bytes,
            fuel: self.vm.fuel(),
            host_calls: self.vm.host_calls(),
        })
    }

    fn new_context(&mut self) -> u32 {
        let context = self.next_context;
        self.next_context = self.next_context.wrapping_add(1);
        context
    }

    /// Until one stream more has ended.
    fn step(&mut self) -> Result<()> {
        let before = self.streams;
        while self.streams == before {
            if self.random.chance(40) {
                self.change_mood()?;
            }
            if self.random.chance(300) {
                self.strange_callback()?;
            }
            if self.open.len() < OPEN_STREAMS && self.random.chance(5_000) {
                self.begin_stream()?;
            } else {
                self.go_on()?;
            }
        }
        Ok(())
    }

    /// How much the host lies, what time it is, whether the collector is there.
    fn change_mood(&mut self) -> Result<()> {
        let rate = *self.random.one_of(&[0, 0, 10, 100, 1_000, 5_000]);
        self.vm.set_mischief(rate);
        let ms = *self.random.one_of(&[0, 1, 1_000, 60_000, 86_400_000]);
        self.host.advance_ms(ms);
        if self.random.chance(500) {
            let wall = *self.random.one_of(&[0, 1, u64::MAX, 1_700_000_000_000_000_000]);
            self.host.set_wall_ns(wall);
        }
        let takes = self.random.chance(7_000);
        self.host.take_callouts(takes);
        self.deliver()?;
        if self.random.chance(100) {
            self.open_root()?;
        }
        Ok(())
    }

    /// A tick, and perhaps the collector's answer.
    fn deliver(&mut self) -> Result<()> {
        let context = *self.random.one_of(&self.roots);
        self.vm.callback(Callback::Tick { context })?;
        if self.random.chance(8_000) {
            let status =
                *self.random.one_of(&[":200", ":204", ":400", ":413", ":429", ":503", ":", ":x", ":99999"]);
            let mut headers =
                vec![(b":status".to_vec(), status.as_bytes().iter().skip(1).copied().collect())];
            if self.random.chance(2_000) {
                headers.push((b"retry-after".to_vec(), b"18446744073709551615".to_vec()));
            }
            if self.random.chance(1_000) {
                headers.clear();
            }
            let length = self.random.below(200);
            let body = self.random.bytes(length);
            self.vm.answer_with(&headers, &body)?;
        }
        Ok(())
    }

    /// A newer configuration in the same VM, which may be nonsense; at most a few, for each is a context.
    fn open_root(&mut self) -> Result<()> {
        let first = self.roots.is_empty();
        if !first && self.roots.len() >= 4 {
            let context = self.roots.remove(1);
            self.vm.callback(Callback::Done { context })?;
            self.vm.callback(Callback::Delete { context })?;
        }
        let context = self.new_context();
        let text = self.random.one_of(self.configurations).as_bytes().to_vec();
        let text =
            if first || self.random.chance(5_000) { text } else { bodies::damaged(&mut self.random, &text) };
        self.vm.set_configuration(&text);
        self.vm.callback(Callback::ContextCreate { context, parent: 0 })?;
        self.vm.callback(Callback::VmStart { context, size: 0 })?;
        self.vm.callback(Callback::Configure { context, size: u32::try_from(text.len())? })?;
        self.roots.push(context);
        Ok(())
    }

    fn begin_stream(&mut self) -> Result<()> {
        let context = self.new_context();
        let parent = *self.random.one_of(&self.roots);
        let (media_type, coding, body) = *self.random.one_of(BODIES);
        let body = bodies::damaged(&mut self.random, body);
        let cluster = format!("backend-{}", self.random.below(40));
        let mut script = StreamScript::answer(&cluster, media_type, &[]);
        if !coding.is_empty() {
            script.response_header("content-encoding", coding);
        }
        if self.random.chance(3_000) {
            script.response_header("x-cost-usd", "0.000123456789");
            script.response_header("x-cost-usd", "2e-3");
        }
        if self.random.chance(200) {
            script.request_headers.clear();
            script.response_headers.clear();
            script.properties.clear();
        }
        let chunks = bodies::pieces(&mut self.random, &body).into();
        self.vm.set_stream(StreamId(context), script);
        self.vm.callback(Callback::ContextCreate { context, parent })?;
        self.vm.callback(Callback::RequestHeaders { context, headers: 4, end: false })?;
        // Headers are the rule before the body, and not a law.
        if self.random.chance(9_500) {
            self.vm.callback(Callback::ResponseHeaders { context, headers: 2, end: false })?;
        }
        self.open.push_back((context, chunks));
        Ok(())
    }

    /// Some open stream gets its next chunk or its end.
    fn go_on(&mut self) -> Result<()> {
        let at = self.random.below(self.open.len());
        let Some((context, chunks)) = self.open.get_mut(at) else { return self.begin_stream() };
        let context = *context;
        match chunks.pop_front() {
            Some(chunk) if !self.random.chance(300) => {
                let honest = u32::try_from(chunk.len())?;
                let end = chunks.is_empty();
                let size = match self.random.below(200) {
                    0 => 0,
                    1 => u32::MAX,
                    2 => honest.wrapping_sub(1),
                    3 => honest.wrapping_mul(1_000),
                    _ => honest,
                };
                self.vm.set_chunk(&chunk);
                self.vm.callback(Callback::ResponseBody { context, size, end })?;
                Ok(())
            }
            _ => {
                self.open.remove(at);
                self.close(context)
            }
        }
    }

    fn close(&mut self, context: u32) -> Result<()> {
        // A host that is told so little still owes the delete: without it a context must leak.
        let orders: [&[u8]; 7] = [b"DLX", b"LDX", b"LX", b"X", b"LLX", b"DLXX", b"DDLXLD"];
        let order = if self.random.chance(9_000) { orders[0] } else { *self.random.one_of(&orders) };
        for callback in order {
            self.vm.callback(match callback {
                b'D' => Callback::Done { context },
                b'L' => Callback::Log { context },
                _ => Callback::Delete { context },
            })?;
        }
        self.vm.forget(StreamId(context));
        self.streams += 1;
        Ok(())
    }

    /// Any callback with any numbers. What it creates it deletes.
    fn strange_callback(&mut self) -> Result<()> {
        let context = match self.random.below(4) {
            0 => *self.random.one_of(&[0, u32::MAX, 1 << 31, 77_777]),
            1 => self.open.front().map_or(1, |(context, _)| *context),
            2 => self.roots.first().copied().unwrap_or(1),
            _ => self.next_context.wrapping_sub(1),
        };
        let number = *self.random.one_of(&[0, 1, 7, 100, 65_536, 1 << 20, u32::MAX]);
        let end = self.random.chance(5_000);
        let callback = match self.random.below(12) {
            0 => Callback::Tick { context },
            1 => Callback::RequestHeaders { context, headers: number, end },
            2 => Callback::ResponseHeaders { context, headers: number, end },
            3 | 4 => Callback::ResponseBody { context, size: number, end },
            5 | 6 => {
                Callback::Answer { context, token: number, headers: number, body: number, trailers: number }
            }
            7 => Callback::Log { context },
            8 => Callback::Done { context },
            9 => Callback::VmStart { context, size: number },
            10 => {
                // Created twice, under a parent that may not exist or may be a stream.
                let fresh = self.new_context();
                for _ in 0..2 {
                    self.vm.callback(Callback::ContextCreate { context: fresh, parent: context })?;
                }
                self.vm.callback(Callback::Log { context: fresh })?;
                Callback::Delete { context: fresh }
            }
            _ => Callback::Delete { context: 88_888_888 },
        };
        self.vm.callback(callback)?;
        Ok(())
    }
}
