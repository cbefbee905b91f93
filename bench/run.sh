#!/usr/bin/env bash
# Benchmarks on this machine. Each prints Markdown tables and writes them beside itself, with every single figure as JSON.
#
# Usage: bench/run.sh [ROUNDS]               transfers beside their peers, 5 rounds: results.md
#        bench/run.sh checks [ROUNDS]        the checks beside bare engines (prints only)
#        bench/run.sh bombs                  ordinary packages beside archive bombs (prints only)
#        bench/run.sh jobs [ROUNDS]          durable jobs, by the database and by Kafka, beside pgbench: jobs.md
#        bench/run.sh lists [PACKAGES]       every list and search among 1 000 000 packages: lists.md
#        bench/run.sh growth [PACKAGES]      the cost of a package as their number grows, two web processes, log-ins: growth.md
# README.md says more. Needs: the release binary (make build), what make install-test installs, and curl, nginx, wrk, openssl.
# Transfers take about 12 minutes, the first time some more: rustus is built from crates.io (RUSTUS=0 leaves it out).
# BENCH_MIB=64 BENCH_SECONDS=1 BENCH_HURRY=1 bench/run.sh 1 only shows that everything works.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../scripts/env.sh"

which=run
case "${1:-}" in
checks | bombs | jobs | lists | growth)
    which=$1
    shift
    ;;
esac

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
if [ "$which" = run ]; then
    if [ "${RUSTUS:-1}" = 1 ] && [ ! -x "$TOOLS/rustus/bin/rustus" ]; then
        CARGO_TARGET_DIR="$TOOLS/rustus/target" cargo install rustus --version 0.5.10 --locked --no-default-features --root "$TOOLS/rustus"
    fi
    export RUSTUS_BIN=${RUSTUS_BIN:-$TOOLS/rustus/bin/rustus}
    [ -d "$here/node_modules" ] || (cd "$here" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
fi
exec node "$here/$which.mjs" "$@"
