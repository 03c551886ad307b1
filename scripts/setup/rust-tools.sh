# Sourced: tools that are compiled from their crates and kept.
#   rust_tool NAME VERSION   leaves $cache/NAME-VERSION/bin/NAME

rust_tool() {
  local name=$1 version=$2
  [ -x "$cache/$name-$version/bin/$name" ] && return 0
  say "compiling $name $version (once)"
  CARGO_TARGET_DIR=$cache/build cargo install --quiet --locked "$name" --version "$version" --root "$cache/$name-$version" \
    || fail "$name $version could not be compiled"
  rm -rf "$cache/build"
}
