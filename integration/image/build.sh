#!/usr/bin/env bash
# Builds the program of the image, without the names of this machine's folders and the time of day in it.
#
# Usage: build.sh TARGET [CARGO]. The program is TARGET/release/sigstead afterwards.
set -euo pipefail
mkdir -p "$1"
target=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."

# C compilers put this into what they make in place of the time at which they run.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

# Panics and generated code name the files that they come from. Of two prefixes that fit, rustc takes the later one.
flags=(
  --remap-path-prefix="${CARGO_HOME:-$HOME/.cargo}"=/cargo
  --remap-path-prefix="$PWD"=/sigstead
  --remap-path-prefix="$target"=/target
)
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f' && printf '%s' "${flags[*]}")
export CARGO_ENCODED_RUSTFLAGS

exec "${2:-cargo}" build --locked -p sigstead --bin sigstead --release --target-dir "$target"
