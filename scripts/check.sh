#!/usr/bin/env bash
# All that a machine can say about the code without running its tests.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$ROOT"

step() { echo "==> $*"; "$@"; }

# Known weaknesses of our dependencies. Their database is on the network only, and cargo-deny takes minutes to build:
# a machine without either is told so, and goes on.
advisories() {
    if ! have cargo-deny; then
        echo "==> advisories: NOT checked, there is no cargo-deny here (cargo install --locked cargo-deny)"
    elif ! cargo deny fetch db >/dev/null 2>&1; then
        echo "==> advisories: NOT checked, their database can't be reached from here"
    else
        step cargo deny check advisories
    fi
}

step cargo fmt --all --check
step cargo xtask check
step cargo clippy --workspace --all-targets --locked -- -D warnings
step cargo xtask gen --check
for script in typecheck lint i18n:check; do
    step npm --prefix frontend run --silent "$script"
done
advisories
