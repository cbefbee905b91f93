#!/usr/bin/env bash
# Builds the front end into frontend/dist, when it is older than its sources.
# Usage: frontend.sh deps|build
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$ROOT/frontend"

stamp=node_modules/.installed
if [ ! -e "$stamp" ] || [ package-lock.json -nt "$stamp" ]; then
    echo "==> installing the front end's packages"
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    touch "$stamp"
fi
[ "${1:-build}" = build ] || exit 0

built=node_modules/.built
if [ ! -e dist/index.html ] || [ ! -e "$built" ] ||
    [ -n "$(find . \( -path ./node_modules -o -path ./dist \) -prune -o -type f -newer "$built" -print -quit)" ]; then
    echo "==> building the front end"
    touch "$built.next"
    npm run --silent build
    mv "$built.next" "$built"
fi
