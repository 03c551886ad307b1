# Sourced: how the filter is compiled for wasm32-unknown-unknown on this machine.
#   wasm_setup            finds a compiler with a wasm32 standard library, installing one where it can
#   wasm_cargo ARGS...    cargo for that target with that compiler; build-std flags are added where needed
#   wasm_clippy ARGS...   the same with clippy
# Two routes: rustup's own target, or Debian's second compiler (rustc-web) that builds std from source.
# Each has a target directory of its own, since the two compilers cannot share one.

wasm_target=wasm32-unknown-unknown
wasm_route=

wasm_setup() {
  [ -n "$wasm_route" ] && return 0
  # WEIR_WASM_ROUTE=build-std skips rustup's library, to try the other route where both exist.
  local forced=${WEIR_WASM_ROUTE:-}
  if [ "$forced" = build-std ]; then
    debian_packages rustc-web rust-web-src rust-web-clippy lld || fail "the build-std route needs Debian's rustc-web, rust-web-src, rust-web-clippy and lld"
    wasm_route=build-std
  elif [ -d "$(rustc --print target-libdir --target $wasm_target 2>/dev/null)" ]; then
    wasm_route=rustup
  elif command -v rustup >/dev/null && rustup target add $wasm_target >"$cache/rustup.log" 2>&1; then
    wasm_route=rustup
  elif debian_packages rustc-web rust-web-src rust-web-clippy lld; then
    wasm_route=build-std
  else
    fail "no Rust standard library for $wasm_target.
  With internet access:   rustup target add $wasm_target
  On Debian 12 or later:  apt-get install rustc-web rust-web-src rust-web-clippy lld
Then run this script again. (What was tried: $cache/rustup.log, $cache/apt.log)"
  fi
  wasm_target_dir=$root/target/wasm-$wasm_route
}

wasm_environment() {
  export CARGO_TARGET_DIR=$wasm_target_dir
  if [ $wasm_route = build-std ]; then
    local linker
    linker=$(find "$(rustc --print sysroot)/lib/rustlib" -name rust-lld -type f -print -quit 2>/dev/null)
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=${linker:-$(command -v wasm-ld)}
    # Debian's rustc is a stable build; building std needs its bootstrap switch.
    export RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc RUSTC_BOOTSTRAP=1
  fi
}

wasm_flags() { [ $wasm_route = build-std ] && echo "-Zbuild-std=std,panic_abort" || true; }

wasm_cargo() {
  wasm_setup
  local verb=$1
  shift
  ( wasm_environment; cargo "$verb" --target $wasm_target $(wasm_flags) "$@" )
}

wasm_clippy() {
  wasm_setup
  if [ $wasm_route = build-std ]; then
    ( cargo=$(command -v cargo); wasm_environment
      PATH=/usr/bin:$PATH CARGO=$cargo /usr/bin/cargo-clippy clippy --target $wasm_target $(wasm_flags) "$@" -- -D warnings )
  else
    ( wasm_environment; cargo clippy --target $wasm_target "$@" -- -D warnings )
  fi
}
