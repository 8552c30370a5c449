#!/bin/sh
# Runs fuzz targets one after another, each for so many seconds, and fails if one finds something.
# usage: run.sh SECONDS TARGET...
set -eu
cd "$(dirname "$0")/.."
seconds=$1
shift
# Targets that write files wait for the disk otherwise.
if test -w /dev/shm; then
    export TMPDIR=/dev/shm
fi
failed=
for target in "$@"; do
    cargo fuzz build --sanitizer none "$target"
    mkdir -p "fuzz/found/$target"
    set -- -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
    if test -e "fuzz/dictionaries/$target.dict"; then
        set -- "$@" -dict="fuzz/dictionaries/$target.dict"
    fi
    log="fuzz/found/$target.log"
    # New inputs go to the first directory, so that the stored corpus stays as it is.
    if cargo fuzz run --sanitizer none "$target" "fuzz/found/$target" "fuzz/corpus/$target" -- "$@" >"$log" 2>&1; then
        executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        printf '%-20s %s inputs, nothing found\n' "$target" "$executed"
    else
        printf '%-20s FOUND SOMETHING, see %s\n' "$target" "$log"
        grep -a -m 3 -e 'panicked at' -A 2 "$log" || tail -n 20 "$log"
        failed="$failed $target"
    fi
done
test -z "$failed" || { printf 'failed:%s\n' "$failed"; exit 1; }
