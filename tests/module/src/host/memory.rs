//! The module's memory from outside: every access is checked, and a value is handed over as the ABI says, in
//! memory that the module itself allocates.

use wasmtime::{AsContext as _, AsContextMut as _, Caller, Memory, TypedFunc};

use super::abi::Status;
use super::guest::Guest;
use super::mischief::Parcel;

pub(super) type Call<'a> = Caller<'a, Guest>;

fn memory(call: &mut Call<'_>) -> Result<Memory, Status> {
    if let Some(memory) = call.data().memory {
        return Ok(memory);
    }
    let memory = call.get_export("memory").and_then(wasmtime::Extern::into_memory);
    call.data_mut().memory = memory;
    memory.ok_or(Status::InvalidMemoryAccess)
}

fn allocate(call: &mut Call<'_>) -> Result<TypedFunc<u32, u32>, Status> {
    if let Some(allocate) = &call.data().allocate {
        return Ok(allocate.clone());
    }
    let export = ["proxy_on_memory_allocate", "malloc"].iter().find_map(|name| call.get_export(name));
    let found = export.and_then(wasmtime::Extern::into_func);
    let typed = found.and_then(|function| function.typed(call.as_context()).ok());
    call.data_mut().allocate.clone_from(&typed);
    typed.ok_or(Status::InvalidMemoryAccess)
}

fn place(address: u32) -> usize {
    usize::try_from(address).unwrap_or(usize::MAX)
}

/// Bytes of the module.
pub(super) fn read(call: &mut Call<'_>, address: u32, length: u32) -> Result<Vec<u8>, Status> {
    let memory = memory(call)?;
    let bytes = memory.data(call.as_context()).get(place(address)..);
    let bytes = bytes.and_then(|bytes| bytes.get(..place(length)));
    bytes.map(<[u8]>::to_vec).ok_or(Status::InvalidMemoryAccess)
}

/// Text of the module; what is not UTF-8 is replaced.
pub(super) fn text(call: &mut Call<'_>, address: u32, length: u32) -> Result<String, Status> {
    Ok(String::from_utf8_lossy(&read(call, address, length)?).into_owned())
}

pub(super) fn write(call: &mut Call<'_>, address: u32, bytes: &[u8]) -> Result<(), Status> {
    let memory = memory(call)?;
    memory.write(call.as_context_mut(), place(address), bytes).map_err(|_| Status::InvalidMemoryAccess)
}

/// Hands bytes over: allocates, copies, and says where and how many. A module that traps while it allocates
/// ends here as it would anywhere.
pub(super) fn hand_over(
    call: &mut Call<'_>,
    parcel: Parcel,
    address: u32,
    size: u32,
) -> wasmtime::Result<Result<(), Status>> {
    let (bytes, said) = match parcel {
        Parcel::Unwritten => return Ok(Ok(())),
        Parcel::Null => return Ok(write(call, address, &[0; 4]).and_then(|()| write(call, size, &[0; 4]))),
        Parcel::Bytes(bytes) => {
            let said = bytes.len();
            (bytes, said)
        }
        Parcel::Less(bytes, said) => (bytes, said),
    };
    let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let allocate = match allocate(call) {
        Ok(allocate) => allocate,
        Err(status) => return Ok(Err(status)),
    };
    let at = allocate.call(call.as_context_mut(), number(bytes.len()))?;
    if at == 0 {
        return Ok(Err(Status::InvalidMemoryAccess));
    }
    Ok(write(call, at, &bytes)
        .and_then(|()| write(call, address, &at.to_le_bytes()))
        .and_then(|()| write(call, size, &number(said).to_le_bytes())))
}
