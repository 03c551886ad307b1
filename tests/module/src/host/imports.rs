//! The host calls, as a module imports them.

use wasmtime::{ExternType, Linker, Module, Val};

use super::abi::{Status, buffer, decode_pairs, encode_pairs, map};
use super::guest::{Guest, Phase};
use super::memory::{Call, hand_over, read, text, write};
use super::mischief::{Kind, Parcel};
use super::world::Callout;

/// WASI's error for a call that is not there.
const WASI_NO_SUCH_CALL: i32 = 52;

type Answer = wasmtime::Result<i32>;

fn code(result: Result<(), Status>) -> i32 {
    match result {
        Ok(()) => Status::Ok as i32,
        Err(status) => status as i32,
    }
}

/// A hostile host fails before it does anything.
macro_rules! may_fail {
    ($call:ident) => {
        $call.data_mut().host_calls += 1;
        if let Some(status) = $call.data_mut().mischief.as_mut().and_then(|mischief| mischief.failure()) {
            return Ok(status);
        }
    };
}

macro_rules! check {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(status) => return Ok(status as i32),
        }
    };
}

fn give(call: &mut Call<'_>, kind: Kind, honest: Vec<u8>, address: u32, size: u32) -> Answer {
    let parcel = match call.data_mut().mischief.as_mut() {
        Some(mischief) => mischief.parcel(kind, honest),
        None => Parcel::Bytes(honest),
    };
    Ok(code(hand_over(call, parcel, address, size)?))
}

fn give_number(call: &mut Call<'_>, honest: u64, address: u32) -> Answer {
    let number = match call.data_mut().mischief.as_mut() {
        Some(mischief) => mischief.number(honest),
        None => honest,
    };
    Ok(code(write(call, address, &number.to_le_bytes())))
}

fn give_u32(call: &mut Call<'_>, honest: u32, address: u32) -> Answer {
    let number = match call.data_mut().mischief.as_mut() {
        Some(mischief) => u32::try_from(mischief.number(honest.into()) & 0xffff_ffff).unwrap_or(0),
        None => honest,
    };
    Ok(code(write(call, address, &number.to_le_bytes())))
}

/// Links every import of the module: those that the host knows, and for the rest one that says so.
pub(super) fn link(linker: &mut Linker<Guest>, module: &Module) -> wasmtime::Result<()> {
    headers_and_bodies(linker)?;
    state(linker)?;
    metrics(linker)?;
    callouts(linker)?;
    wasi(linker)?;
    for import in module.imports() {
        let ExternType::Func(signature) = import.ty() else { continue };
        let known = ["proxy_get_header_map_pairs", "proxy_get_buffer_bytes", "proxy_get_property"];
        let known = known.iter().chain(KNOWN).any(|known| *known == import.name());
        if !known {
            let missing =
                if import.module() == "env" { Status::Unimplemented as i32 } else { WASI_NO_SUCH_CALL };
            linker.func_new(import.module(), import.name(), signature, move |_, _, results| {
                if let Some(result) = results.first_mut() {
                    *result = Val::I32(missing);
                }
                Ok(())
            })?;
        }
    }
    Ok(())
}

/// The rest of what is linked below.
const KNOWN: &[&str] = &[
    "proxy_get_current_time_nanoseconds",
    "proxy_log",
    "proxy_set_tick_period_milliseconds",
    "proxy_set_effective_context",
    "proxy_get_shared_data",
    "proxy_set_shared_data",
    "proxy_define_metric",
    "proxy_increment_metric",
    "proxy_record_metric",
    "proxy_get_metric",
    "proxy_http_call",
    "proxy_call_foreign_function",
    "random_get",
    "clock_time_get",
];

fn headers_and_bodies(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.func_wrap(
        "env",
        "proxy_get_header_map_pairs",
        |mut call: Call<'_>, which: u32, address: u32, size: u32| -> Answer {
            may_fail!(call);
            let guest = call.data();
            // As in Envoy: what cannot be seen in a callback reads as empty, not as an error.
            let pairs = match (which, guest.phase, guest.stream()) {
                (map::REQUEST_HEADERS, Phase::RequestHeaders | Phase::Log, Some(stream)) => {
                    stream.request_headers.clone()
                }
                (map::RESPONSE_HEADERS, Phase::ResponseHeaders | Phase::Log, Some(stream)) => {
                    stream.response_headers.clone()
                }
                (map::CALLOUT_HEADERS, Phase::Answer, _) => guest.answer_headers.clone(),
                (0..=7, ..) => Vec::new(),
                _ => return Ok(Status::BadArgument as i32),
            };
            if pairs.is_empty() && guest.mischief.is_none() {
                return Ok(code(hand_over(&mut call, Parcel::Null, address, size)?));
            }
            let bytes = encode_pairs(&pairs);
            give(&mut call, Kind::Pairs, bytes, address, size)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_get_buffer_bytes",
        |mut call: Call<'_>, which: u32, start: u32, length: u32, address: u32, size: u32| -> Answer {
            may_fail!(call);
            let guest = call.data();
            let whole: &[u8] = match (which, guest.phase) {
                (buffer::RESPONSE_BODY, Phase::ResponseBody) => &guest.chunk,
                (buffer::CALLOUT_BODY, Phase::Answer) => &guest.answer_body,
                (buffer::PLUGIN_CONFIGURATION, Phase::Configure) => &guest.configuration,
                (buffer::VM_CONFIGURATION, _) => &[],
                _ => return Ok(Status::NotFound as i32),
            };
            let start = usize::try_from(start).unwrap_or(usize::MAX);
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let part: Vec<u8> = whole.iter().skip(start).take(length).copied().collect();
            if part.is_empty() && guest.mischief.is_none() {
                // As in Envoy: success, and nothing is written.
                return Ok(Status::Ok as i32);
            }
            give(&mut call, Kind::Bytes, part, address, size)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_get_property",
        |mut call: Call<'_>, path: u32, path_length: u32, address: u32, size: u32| -> Answer {
            may_fail!(call);
            let path = check!(read(&mut call, path, path_length));
            let guest = call.data();
            let of_stream = guest.stream().and_then(|stream| stream.properties.get(&path));
            let Some(value) = of_stream.or_else(|| guest.properties.get(&path)).cloned() else {
                return Ok(Status::NotFound as i32);
            };
            give(&mut call, Kind::Bytes, value, address, size)
        },
    )?;
    Ok(())
}

fn state(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.func_wrap(
        "env",
        "proxy_get_current_time_nanoseconds",
        |mut call: Call<'_>, address: u32| -> Answer {
            may_fail!(call);
            let now = call.data().world.borrow().wall_ns;
            give_number(&mut call, now, address)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_log",
        |mut call: Call<'_>, level: u32, message: u32, length: u32| -> Answer {
            may_fail!(call);
            let message = check!(text(&mut call, message, length));
            let mut world = call.data().world.borrow_mut();
            if !world.forgets || world.log.len() < 1_000 {
                world.log.push((level, message));
            }
            Ok(Status::Ok as i32)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_set_tick_period_milliseconds",
        |mut call: Call<'_>, period: u32| -> Answer {
            may_fail!(call);
            call.data_mut().tick_period_ms = period;
            Ok(Status::Ok as i32)
        },
    )?;
    linker.func_wrap("env", "proxy_set_effective_context", |mut call: Call<'_>, context: u32| -> Answer {
        may_fail!(call);
        call.data_mut().context = context;
        Ok(Status::Ok as i32)
    })?;
    linker.func_wrap(
        "env",
        "proxy_get_shared_data",
        |mut call: Call<'_>, key: u32, key_length: u32, address: u32, size: u32, cas: u32| -> Answer {
            may_fail!(call);
            let key = check!(read(&mut call, key, key_length));
            let entry = call.data().world.borrow().shared.get(&key).cloned();
            let Some(entry) = entry else { return Ok(Status::NotFound as i32) };
            check!(write(&mut call, cas, &entry.cas.to_le_bytes()));
            give(&mut call, Kind::Bytes, entry.value, address, size)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_set_shared_data",
        |mut call: Call<'_>, key: u32, key_length: u32, value: u32, length: u32, cas: u32| -> Answer {
            may_fail!(call);
            let key = check!(read(&mut call, key, key_length));
            let value = check!(read(&mut call, value, length));
            let status = call.data().world.borrow_mut().set_shared(&key, value, cas);
            Ok(status as i32)
        },
    )?;
    Ok(())
}

fn metrics(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.func_wrap(
        "env",
        "proxy_define_metric",
        |mut call: Call<'_>, kind: u32, name: u32, length: u32, id: u32| -> Answer {
            may_fail!(call);
            let name = check!(text(&mut call, name, length));
            let defined = call.data().world.borrow_mut().define_metric(kind, &name);
            let defined = check!(defined);
            give_u32(&mut call, defined, id)
        },
    )?;
    linker.func_wrap("env", "proxy_increment_metric", |mut call: Call<'_>, id: u32, by: i64| -> Answer {
        may_fail!(call);
        let status = call.data().world.borrow_mut().increment(id, by);
        Ok(status as i32)
    })?;
    linker.func_wrap("env", "proxy_record_metric", |mut call: Call<'_>, id: u32, value: u64| -> Answer {
        may_fail!(call);
        let status = call.data().world.borrow_mut().record(id, value);
        Ok(status as i32)
    })?;
    linker.func_wrap("env", "proxy_get_metric", |mut call: Call<'_>, id: u32, address: u32| -> Answer {
        may_fail!(call);
        let value = call.data().world.borrow_mut().metric(id).map(|metric| metric.value);
        let value = check!(value);
        give_number(&mut call, value, address)
    })?;
    Ok(())
}

fn callouts(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.func_wrap("env", "proxy_http_call", dispatch)?;
    linker.func_wrap("env", "proxy_call_foreign_function", foreign)?;
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "the ABI's own arguments")]
fn dispatch(
    mut call: Call<'_>,
    cluster: u32,
    cluster_length: u32,
    headers: u32,
    headers_length: u32,
    body: u32,
    body_length: u32,
    _trailers: u32,
    _trailers_length: u32,
    timeout_ms: u32,
    token: u32,
) -> Answer {
    may_fail!(call);
    let cluster = check!(text(&mut call, cluster, cluster_length));
    let headers = check!(read(&mut call, headers, headers_length));
    let body = check!(read(&mut call, body, body_length));
    let Some(headers) = decode_pairs(&headers) else { return Ok(Status::BadArgument as i32) };
    let has = |wanted: &[u8]| headers.iter().any(|(name, _)| name == wanted);
    let guest = call.data();
    let mut world = guest.world.borrow_mut();
    let complete = has(b":method") && has(b":path") && has(b":authority");
    if !complete || cluster.is_empty() || !world.takes_callouts {
        return Ok(Status::BadArgument as i32);
    }
    let given = world.next_token;
    world.next_token = given.wrapping_add(1);
    if world.forgets && world.callouts.len() >= 64 {
        world.callouts.clear();
    }
    world.callouts.push(Callout {
        token: given,
        vm: guest.number,
        context: guest.context,
        cluster,
        headers,
        body,
        timeout_ms,
        pending: true,
    });
    drop(world);
    give_u32(&mut call, given, token)
}

/// Envoy's expressions. Others are not found.
fn foreign(
    mut call: Call<'_>,
    name: u32,
    name_length: u32,
    argument: u32,
    argument_length: u32,
    address: u32,
    size: u32,
) -> Answer {
    may_fail!(call);
    let name = check!(text(&mut call, name, name_length));
    let argument = check!(read(&mut call, argument, argument_length));
    let world = call.data().world.borrow();
    let answer = match name.as_str() {
        "expr_create" => {
            let known =
                world.expressions.iter().position(|(expression, _)| expression.as_bytes() == argument);
            known.and_then(|index| u32::try_from(index).ok()).map(|index| index.to_le_bytes().to_vec())
        }
        "expr_evaluate" => {
            let index = <[u8; 4]>::try_from(argument.as_slice()).map(u32::from_le_bytes).ok();
            let index = index.and_then(|index| usize::try_from(index).ok());
            index.and_then(|index| world.expressions.get(index)).map(|(_, value)| value.clone())
        }
        "expr_delete" => Some(Vec::new()),
        _ => None,
    };
    drop(world);
    match answer {
        Some(bytes) => give(&mut call, Kind::Bytes, bytes, address, size),
        None => Ok(Status::NotFound as i32),
    }
}

fn wasi(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.func_wrap(
        "wasi_snapshot_preview1",
        "random_get",
        |mut call: Call<'_>, address: u32, length: u32| -> Answer {
            may_fail!(call);
            let length = usize::try_from(length).unwrap_or(0).min(1 << 16);
            let bytes = call.data().world.borrow_mut().random.bytes(length);
            Ok(code(write(&mut call, address, &bytes)))
        },
    )?;
    linker.func_wrap(
        "wasi_snapshot_preview1",
        "clock_time_get",
        |mut call: Call<'_>, clock: u32, _precision: u64, address: u32| -> Answer {
            may_fail!(call);
            let world = call.data().world.borrow();
            let now = if clock == 0 { world.wall_ns } else { world.monotonic_ns };
            drop(world);
            give_number(&mut call, now, address)
        },
    )?;
    Ok(())
}
