# Sourced: Prometheus' own linter of metrics.
#   promtool_setup   leaves its path in $promtool
# One on PATH (or $PROMTOOL) is taken as it is; otherwise it is unpacked from Debian's package `prometheus`,
# which is not installed: it would start a server.

promtool_setup() {
  promtool=${PROMTOOL:-$(command -v promtool || true)}
  [ -n "$promtool" ] || promtool=$cache/prometheus/usr/bin/promtool
  if [ ! -x "$promtool" ]; then
    [ -z "${PROMTOOL:-}" ] || fail "PROMTOOL=$PROMTOOL is not there"
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null \
      || fail "no promtool on PATH: install Prometheus, or set PROMTOOL to its path"
    say "fetching promtool"
    rm -rf "$cache/prometheus.partial"
    mkdir -p "$cache/prometheus.partial"
    ( cd "$cache/prometheus.partial" && debian_download prometheus && dpkg-deb --fsys-tarfile ./*.deb | tar -x ./usr/bin/promtool && rm ./*.deb ) \
      || fail "Debian's package prometheus could not be had: put promtool on PATH, or set PROMTOOL to its path"
    rm -rf "$cache/prometheus"
    mv "$cache/prometheus.partial" "$cache/prometheus"
  fi
  "$promtool" --version >/dev/null 2>&1 || fail "$promtool does not run on this machine"
}
