#!/usr/bin/env bash
# Applies the chart to a real API server, which is compiled first unless it is there.
# Usage: full.sh DIRECTORY CARGO   (run where the workspace is)
set -euo pipefail
mkdir -p "$1"
peers=$(cd "$1" && pwd)
"$(dirname "$0")/install.sh" "$peers"
SIGSTEAD_TEST_KUBERNETES=$peers "$2" test --locked -p sigstead-integration --test chart api_server -- --nocapture
