#!/usr/bin/env bash
# Benchmarks side by side with peers on this machine, in one run; prints a Markdown table and writes bench/results.md and
# bench/results.json.
#
# Usage: bench/run.sh [ROUNDS]      (default 5)
# Needs: the release binary (make build), curl, nginx, wrk, openssl. Takes about 12 minutes, the first time some more:
# it builds rustus from crates.io (RUSTUS=0 leaves it out).
# BENCH_MIB=64 BENCH_SECONDS=1 BENCH_HURRY=1 bench/run.sh 1 only shows that everything works.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../scripts/env.sh"

missing=()
for tool in curl nginx wrk openssl; do have "$tool" || missing+=("$tool"); done
if [ ${#missing[@]} -gt 0 ] && have apt-get && { [ "$(id -u)" = 0 ] || have sudo; }; then
    root=()
    [ "$(id -u)" = 0 ] || root=(sudo)
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
elif [ ${#missing[@]} -gt 0 ]; then
    echo "missing: ${missing[*]} (Debian packages of these names)" >&2
    exit 1
fi
export SOFIE_BIN=${SOFIE_BIN:-$ROOT/target/release/sofie}
if [ ! -x "$SOFIE_BIN" ]; then
    echo "there is no $SOFIE_BIN: run make build" >&2
    exit 1
fi
if [ "${RUSTUS:-1}" = 1 ] && [ ! -x "$TOOLS/rustus/bin/rustus" ]; then
    CARGO_TARGET_DIR="$TOOLS/rustus/target" cargo install rustus --version 0.5.10 --locked --no-default-features --root "$TOOLS/rustus"
fi
export RUSTUS_BIN=${RUSTUS_BIN:-$TOOLS/rustus/bin/rustus}
[ -d "$here/node_modules" ] || (cd "$here" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
exec node "$here/run.mjs" "$@"
