#!/usr/bin/env bash
# Sums up the tests that could not run, and says how to enable them. `make test` calls it at its end.
# Usage: skips.sh FILE   (a line each: need, remedy and test, parted by tabs)
set -euo pipefail
if [ ! -s "$1" ]; then
  echo 'No test was skipped.'
  exit
fi
sort -u "$1" | awk -F '\t' '
  { needs[$1]++; remedy[$1] = $2; all++ }
  END {
    printf "%d tests could not run, because something that they need is not there:\n", all
    for (need in needs)
      printf "  %s (%d test%s): %s\n", need, needs[need], needs[need] == 1 ? "" : "s", remedy[need]
  }'
