#!/usr/bin/env bash
# Builds the programs of the packages: as the release build, but for every Linux with glibc 2.17 or newer (RHEL 7), by the
# linker and the headers of Zig.
# Usage: portable.sh [--where]     --where only tells where the main one is
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$ROOT"

host=$(rustc -vV | sed -n 's/^host: //p')
# A folder of its own: C libraries are compiled for the older glibc too.
export CARGO_TARGET_DIR="$ROOT/target/portable"
if [ "${1:-}" = --where ]; then
    echo "target/portable/$host/release/sofie"
    exit 0
fi
PATH="$TOOLS/zig/bin:$PATH"
mkdir -p "$CARGO_TARGET_DIR"
# cc and c++ for what is configured as for this machine and would find its newer library: the Kafka client.
for language in cc c++; do
    printf '#!/bin/sh\nexec cargo-zigbuild zig %s -- -fno-sanitize=all -target %s-linux-gnu.2.17 "$@"\n' \
        "$language" "${host%%-*}" >"$CARGO_TARGET_DIR/zig-$language"
    chmod 755 "$CARGO_TARGET_DIR/zig-$language"
done
export CC="$CARGO_TARGET_DIR/zig-cc" CXX="$CARGO_TARGET_DIR/zig-c++"
# Zig links; the linker that the configuration names for this machine is not wanted.
export RUSTFLAGS="-C strip=debuginfo"
exec cargo zigbuild --release --locked --package sofie-server --package sofie-inspector \
    --bin sofie --bin sofie-inspect --target "$host.2.17"
