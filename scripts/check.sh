#!/usr/bin/env bash
# All that a machine can say about the code without running its tests.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$ROOT"

step() { echo "==> $*"; "$@"; }

step cargo fmt --all --check
step cargo clippy --workspace --all-targets --locked -- -D warnings
if have cargo-deny; then
    # Not the advisories: their database is not in a package registry.
    step cargo deny --offline check licenses bans sources
else
    echo "==> cargo deny: not installed, licences not checked (cargo install cargo-deny)"
fi
step cargo xtask check
step cargo xtask gen --check
for script in typecheck lint i18n:check; do
    step npm --prefix frontend run --silent "$script"
done
