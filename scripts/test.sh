#!/usr/bin/env bash
# Runs every test once, with one build of everything, and ends with the runners' own summary lines and their sum.
# Usage: test.sh [rust|frontend|e2e]…   (all when none is named)
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$ROOT"

parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(rust frontend e2e)
logs="$ROOT/target/test-logs"
# Built together with the tests of the server: one build for all.
binary="$ROOT/target/debug/sofie"
mkdir -p "$logs"
rm -f "$logs"/*.log
status=0
broken=()
took=()

# part NAME COMMAND…: runs it, shows and keeps what it prints, remembers a failure and goes on.
part() {
    local name=$1 began=$SECONDS
    shift
    echo "==> $name: $*"
    if ! "$@" 2>&1 | tee "$logs/$name.log"; then
        echo "==> $name FAILED"
        status=1
        broken+=("$name")
    fi
    took+=("$name $((SECONDS - began)) s")
}

for wanted in "${parts[@]}"; do
    case $wanted in
        rust)
            part build cargo test --workspace --no-run
            [ "$status" = 0 ] || break
            part rust cargo test --workspace --no-fail-fast
            part layers cargo xtask check
            part generated env SOFIE_BINARY="$binary" cargo xtask gen --check
            ;;
        frontend) part frontend npm --prefix frontend run --silent check ;;
        e2e)
            if [ -e tests/e2e/run.mjs ]; then
                [ -x "$binary" ] || cargo build --workspace --bins
                part e2e env SOFIE_BINARY="$binary" node tests/e2e/run.mjs
            fi
            ;;
        *) echo "test.sh: unknown part $wanted" >&2; exit 2 ;;
    esac
done

echo
echo "==> summary"
grep -hE '^test result: ' "$logs"/*.log 2>/dev/null | grep -v ' 0 passed; 0 failed' || true
grep -hE '^ *(Test Files|Tests) ' "$logs/frontend.log" 2>/dev/null || true
grep -hE '^[0-9]+ passed, [0-9]+ failed' "$logs/e2e.log" 2>/dev/null || true
grep -hE '^longest: ' "$logs/e2e.log" 2>/dev/null || true
# What failed comes last, where it is seen.
grep -hE '^test .* FAILED$|^ *(FAIL|×) |^failed: ' "$logs"/*.log 2>/dev/null | cut -c1-300 | sort -u || true

# count LOG LINE: adds the numbers before the words "passed" and "failed" in the lines that match.
passed=0
failed=0
count() {
    [ -e "$logs/$1.log" ] || return 0
    local lines
    lines=$(sed 's/\x1b\[[0-9;]*m//g' "$logs/$1.log" | grep -E "$2" || true)
    numbers() { sed -nE "s/(^|.*[^0-9])([0-9]+) $1.*/\2/p" <<<"$lines" | awk '{n += $1} END {print n + 0}'; }
    passed=$((passed + $(numbers passed)))
    failed=$((failed + $(numbers failed)))
}
count rust '^test result: '
count frontend '^ *Tests '
count e2e '^[0-9]+ passed, [0-9]+ failed'
if [ "$status" != 0 ] && [ "$failed" = 0 ]; then failed=1; fi
printf 'took:'; printf ' %s,' "${took[@]}" | sed 's/,$/\n/'
[ ${#broken[@]} = 0 ] || echo "failed: ${broken[*]}"
echo "$passed passed, $failed failed"
exit "$status"
