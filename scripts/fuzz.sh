#!/usr/bin/env bash
# Runs fuzz targets under libFuzzer, with the stable compiler.
# Usage: fuzz.sh [TARGET…]   (all when none is named)
# FUZZ_SECONDS=60   how long each target runs
# What is found interesting stays in target/fuzz/corpus, an input that breaks a promise in target/fuzz/crashes.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$ROOT"

seconds=${FUZZ_SECONDS:-60}
work="$ROOT/target/fuzz"
mkdir -p "$work/crashes" "$work/logs"

# The versions of the product, to which Cargo adds libFuzzer.
cp Cargo.lock fuzz/Cargo.lock
# Coverage for libFuzzer. Without a sanitizer: our code has no unsafe part for one to look at.
host=$(rustc -vV | sed -n 's/^host: //p')
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=16"
echo "==> building the fuzz targets"
cargo build --release --manifest-path fuzz/Cargo.toml --target "$host" --target-dir "$work/build"
program="$work/build/$host/release/sofie-libfuzzer"

targets=("$@")
if [ ${#targets[@]} = 0 ]; then mapfile -t targets < <("$program" --list); fi
status=0
for target in "${targets[@]}"; do
    corpus="$work/corpus/$target"
    mkdir -p "$corpus"
    "$program" "--target=$target" "--seeds=$corpus"
    log="$work/logs/$target.log"
    if "$program" "--target=$target" "$corpus" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
        -max_len=65536 -artifact_prefix="$work/crashes/$target-" -print_final_stats=1 >"$log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        peak=$(sed -n 's/^stat::peak_rss_mb: *//p' "$log")
        cover=$(grep -oE 'cov: [0-9]+' "$log" | tail -n 1)
        echo "$target: $runs inputs, $cover, at most $peak MB"
    else
        status=1
        echo "$target FAILED: $log"
        grep -m 3 -aE "panicked|^[^#=].*(assertion|timeout|out-of-memory)|Test unit written" "$log" || true
    fi
done
exit "$status"
