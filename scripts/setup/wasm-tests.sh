# Sourced: what runs tests compiled for wasm32. Needs scripts/setup/wasm.sh.
#   wasm_tests_setup   leaves wasm-bindgen's test runner, of the version in the lock file, in $wasm_runner

wasm_tests_setup() {
  command -v node >/dev/null || debian_packages nodejs || fail "no Node.js on PATH: the wasm32 tests run under it (20 or later)"
  local version
  version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/version = "\(.*\)"/\1/p}' Cargo.lock)
  [ -n "$version" ] || fail "Cargo.lock names no wasm-bindgen"
  wasm_runner=$cache/wasm-bindgen-$version/bin/wasm-bindgen-test-runner
  [ -x "$wasm_runner" ] && return 0
  say "compiling wasm-bindgen's test runner $version (once; about 2 minutes)"
  CARGO_TARGET_DIR=$cache/build cargo install --quiet wasm-bindgen-cli --version "$version" --root "$cache/wasm-bindgen-$version" \
    || fail "wasm-bindgen-cli $version could not be compiled"
  rm -rf "$cache/build"
}
