#!/usr/bin/env bash
# Installs the logs and authorities that ours are measured beside, each at one version, by its own package client.
# Usage: install.sh DIRECTORY. The system packages that they need are those of `make packages-peers`.
set -euo pipefail
mkdir -p "$1/bin"
peers=$(cd "$1" && pwd)
trillian=v1.7.2

say() { printf '%s\n' "$*" >&2; }

# install PROGRAM VERSION PACKAGE [FOLDER]: a program of the Go module proxy, if that version is not there; two of one name
# need folders. Not all of them tell their version, so it is noted beside them.
install() {
  local program=$1 version=$2 package=$3 bin="$peers/bin/${4:-}"
  if [ -x "$bin/$program" ] && [ "$(cat "$bin/.$program" 2>/dev/null)" = "$version" ]; then
    return
  fi
  say "$package $version: compiling, a minute or more"
  GOBIN="$bin" go install "$package@$version"
  printf '%s' "$version" > "$bin/.$program"
}

# The tables that Trillian needs stand in its module, which the programs above brought into the cache of the Go client.
install_schema() {
  if [ "$(cat "$peers/.storage.sql" 2>/dev/null)" = "$trillian" ]; then
    return
  fi
  cat "$(go env GOMODCACHE)/github.com/google/trillian@$trillian/storage/mysql/schema/storage.sql" > "$peers/storage.sql"
  printf '%s' "$trillian" > "$peers/.storage.sql"
}

command -v go >/dev/null || { say "the peers are installed with the Go tool chain, which is not here"; exit 1; }
status=0
install posix v2.3.0 github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix || status=1
install rekor-server v1.5.4 github.com/sigstore/rekor/cmd/rekor-server || status=1
for program in trillian_log_server trillian_log_signer createtree; do
  install $program $trillian github.com/google/trillian/cmd/$program || status=1
done
install_schema || status=1
install fulcio v1.8.8 github.com/sigstore/fulcio || status=1
install posix v0.1.1 github.com/transparency-dev/tesseract/cmd/tesseract/posix tesseract || status=1
exit $status
