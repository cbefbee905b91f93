#!/usr/bin/env bash
# The server from a development build, with Vite's server in front of it: http://localhost:5173
# Usage: dev.sh [ARGUMENT…]   (arguments of `sofie serve`)
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$ROOT"

scripts/frontend.sh deps
cargo build --package sofie-server --package sofie-inspector --bin sofie --bin sofie-inspect
target/debug/sofie serve --data-dir ./data "$@" &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server"' EXIT
npm --prefix frontend run dev
