# Sourced by every script: strict mode, the repository's root, where downloaded tools are kept,
# and how a step is announced. Knows nothing about what is being built.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
# Tools that take long to get are kept between runs and between clones.
cache=${WEIR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/weir}
mkdir -p "$cache"
export CARGO_TARGET_DIR=$root/target

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# step NAME COMMAND...: announces, runs, and says how long it took.
step() {
  local name=$1 began=$SECONDS
  shift
  say "$name"
  # In a condition bash would go on after a failed command inside "$@": so not in one.
  set +e
  ( set -e; "$@" )
  local status=$?
  set -e
  [ $status -eq 0 ] || fail "$name failed (the output is above)"
  say "$name: done in $((SECONDS - began)) s"
}

# debian_packages PACKAGE...: installs those that are absent, if this is a machine where we may.
debian_packages() {
  local missing=()
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  command -v apt-get >/dev/null || return 1
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || return 1
    as_root=(sudo -n)
  fi
  say "installing ${missing[*]}"
  local install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends)
  "${install[@]}" "${missing[@]}" >"$cache/apt.log" 2>&1 && return 0
  # The package lists may be absent or old: fetch them once and try again.
  "${as_root[@]}" apt-get update -qq >>"$cache/apt.log" 2>&1 || true
  "${install[@]}" "${missing[@]}" >>"$cache/apt.log" 2>&1 || { tail -n 5 "$cache/apt.log" >&2; return 1; }
}

# debian_download PACKAGE: its file, into the directory at hand; nothing is installed.
debian_download() {
  apt-get download -qq "$1" >"$cache/apt.log" 2>&1 && return 0
  # The package lists may be absent or old.
  local as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
  "${as_root[@]}" apt-get update -qq >>"$cache/apt.log" 2>&1 || true
  apt-get download -qq "$1" >>"$cache/apt.log" 2>&1 || { tail -n 5 "$cache/apt.log" >&2; return 1; }
}

# The Rust toolchain and a C compiler (SQLite and zstd are compiled from source).
require_rust() {
  if ! command -v cargo >/dev/null && [ -x "$HOME/.cargo/bin/cargo" ]; then PATH=$HOME/.cargo/bin:$PATH; fi
  command -v cargo >/dev/null || fail "cargo is not on PATH: install Rust 1.95 or later from https://rustup.rs"
  if ! command -v cc >/dev/null; then
    debian_packages gcc libc6-dev || fail "no C compiler on PATH: install gcc or clang"
  fi
}
