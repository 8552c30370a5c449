#!/usr/bin/env bash
# Backups in a bucket of moto, a server that shares nothing with ours nor with that of CI. It speaks TLS under an authority
# of its own. Its files are in the folder that is named.
set -euo pipefail

work=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$(dirname "$0")/../.."
cargo build --locked --workspace --bins

test -x "$work/venv/bin/moto_server" || {
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install --quiet 'moto[server]==5.2.5'
}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=buckets" \
  -addext "basicConstraints=critical,CA:TRUE" -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=localhost" \
  -keyout "$work/tls.key" -out "$work/tls.csr" 2>/dev/null
openssl x509 -req -in "$work/tls.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -days 2 -out "$work/tls.pem" \
  -extfile <(printf 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n') 2>/dev/null

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$work/venv/bin/moto_server" -H 127.0.0.1 -p "$port" -s -c "$work/tls.pem" -k "$work/tls.key" > "$work/log" 2>&1 &
server=$!
trap 'kill "$server"' EXIT
for _ in $(seq 100); do
  curl --silent --fail --cacert "$work/ca.pem" -X PUT "https://localhost:$port/backups" > /dev/null && break
  sleep 0.2
done

SIGSTEAD_TEST_BUCKET="https://localhost:$port" SIGSTEAD_TEST_BUCKET_CA="$work/ca.pem" \
  cargo test --locked --workspace --test stories another_server_of_buckets -- --nocapture
