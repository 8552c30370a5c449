#!/usr/bin/env bash
# Installs the official clients, each at the version that the tests are written for, by its own package client.
# Usage: install.sh DIRECTORY
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1/bin" "$1/cosign2"
clients=$(cd "$1" && pwd)

say() { printf '%s\n' "$*" >&2; }

# install_go PROGRAM VERSION PACKAGE FOLDER: a program of the Go module proxy, if that version is not there.
install_go() {
  local program=$1 version=$2 package=$3 folder=$4
  if "$folder/$program" version 2>/dev/null | grep -q "$version" || [ "$(cat "$folder/.$program" 2>/dev/null)" = "$version" ]; then
    return
  fi
  command -v go >/dev/null || { say "$program is installed with the Go tool chain, which is not here"; return 1; }
  say "$program $version: compiling, a few minutes"
  GOBIN="$folder" go install "$package@$version"
  # crane does not tell its version when it was installed so.
  printf '%s' "$version" > "$folder/.$program"
}

install_python() {
  if [ ! -x "$clients/python/bin/python" ]; then
    python3 -m venv "$clients/python"
  fi
  "$clients/python/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
}

install_js() {
  local version=4.1.1
  if grep -q "\"version\": \"$version\"" "$clients/js/node_modules/sigstore/package.json" 2>/dev/null; then
    return
  fi
  command -v npm >/dev/null || { say "sigstore-js is installed with npm, which is not here"; return 1; }
  mkdir -p "$clients/js"
  printf '{"private":true}\n' > "$clients/js/package.json"
  npm --prefix "$clients/js" install --silent --no-audit --no-fund "sigstore@$version"
}

status=0
install_go cosign v3.1.2 github.com/sigstore/cosign/v3/cmd/cosign "$clients/bin" || status=1
install_go cosign v2.6.4 github.com/sigstore/cosign/v2/cmd/cosign "$clients/cosign2" || status=1
install_go rekor-cli v1.5.4 github.com/sigstore/rekor/cmd/rekor-cli "$clients/bin" || status=1
install_go crane v0.20.6 github.com/google/go-containerregistry/cmd/crane "$clients/bin" || status=1
install_go litewitness v0.9.0 filippo.io/torchwood/cmd/litewitness "$clients/bin" || status=1
install_python || status=1
install_js || status=1
exit $status
