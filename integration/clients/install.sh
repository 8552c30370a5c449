#!/usr/bin/env bash
# Installs the official clients, each at the version that the tests are written for, by its own package client.
# Usage: install.sh DIRECTORY
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1/bin"
clients=$(cd "$1" && pwd)

say() { printf '%s\n' "$*" >&2; }

install_cosign() {
  local version=v3.1.2
  if "$clients/bin/cosign" version 2>/dev/null | grep -q "$version"; then
    return
  fi
  command -v go >/dev/null || { say "cosign is installed with the Go tool chain, which is not here"; return 1; }
  say "cosign $version: compiling, a few minutes"
  GOBIN="$clients/bin" go install "github.com/sigstore/cosign/v3/cmd/cosign@$version"
}

install_python() {
  if [ ! -x "$clients/python/bin/python" ]; then
    python3 -m venv "$clients/python"
  fi
  "$clients/python/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
}

status=0
install_cosign || status=1
install_python || status=1
exit $status
