#!/usr/bin/env bash
# Signs and verifies a file with every client that is installed, against a running instance.
# Usage: demo.sh INSTANCE SIGCTL CLIENTS
set -euo pipefail
instance=$1 sigctl=$2 clients=$3
identity=you@example.com
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
eval "$("$sigctl" env "$instance")"
issuer=$(sed -n 's/^issuer: *//p' "$instance/oidc/config.yaml" | tr -d "\"'")
token() { "$sigctl" token "$instance" --identity "$identity"; }
echo "hello, transparency" > "$work/hello.txt"
kit=$instance/client
failed=0
ran=0

attempt() {
  local name=$1 start end
  shift
  ran=$((ran + 1))
  start=$(date +%s%N)
  if "$@" > "$work/log" 2>&1; then
    end=$(date +%s%N)
    printf '  %-18s signed and verified in %d ms\n' "$name" $(((end - start) / 1000000))
  else
    printf '  %-18s FAILED\n' "$name"
    sed 's/^/    /' "$work/log"
    failed=1
  fi
}

with_cosign() {
  "$clients/bin/cosign" sign-blob --yes --identity-token "$(token)" --bundle "$work/cosign.json" \
    --signing-config "$kit/signing_config.v0.2.json" --trusted-root "$kit/trusted_root.json" "$work/hello.txt" &&
    "$clients/bin/cosign" verify-blob --bundle "$work/cosign.json" --trusted-root "$kit/trusted_root.json" \
      --use-signed-timestamps --certificate-identity "$identity" --certificate-oidc-issuer "$issuer" "$work/hello.txt"
}

with_python() {
  "$clients/python/bin/sigstore" --trust-config "$kit/client_trust_config.json" sign \
    --identity-token "$(token)" --bundle "$work/python.json" --overwrite "$work/hello.txt" &&
    "$clients/python/bin/sigstore" --trust-config "$kit/client_trust_config.json" verify identity \
      --bundle "$work/python.json" --cert-identity "$identity" --cert-oidc-issuer "$issuer" "$work/hello.txt"
}

with_openssl() {
  local url
  url=$(sed -n 's/.*"url": *"\(.*\/api\/v1\/timestamp\)".*/\1/p' "$kit/signing_config.v0.2.json" | head -n 1)
  openssl ts -query -data "$work/hello.txt" -sha256 -cert -out "$work/query" &&
    curl -sSf -H 'Content-Type: application/timestamp-query' --data-binary "@$work/query" -o "$work/reply" "$url" &&
    curl -sSf -o "$work/chain.pem" "$url/certchain" &&
    openssl ts -verify -queryfile "$work/query" -in "$work/reply" -CAfile "$work/chain.pem" -untrusted "$work/chain.pem"
}

with_sigctl() {
  "$sigctl" sign "$instance" "$work/hello.txt" --bundle "$work/sigctl.json" --identity "$identity" &&
    "$sigctl" verify "$work/hello.txt" --bundle "$work/sigctl.json" --trusted-root "$kit/trusted_root.json" \
      --identity "$identity" --issuer "$issuer"
}

attempt sigctl with_sigctl
if [ -x "$clients/bin/cosign" ]; then attempt cosign with_cosign; else echo "  cosign             skipped: run 'make clients'"; fi
if [ -x "$clients/python/bin/sigstore" ]; then attempt sigstore-python with_python; else echo "  sigstore-python    skipped: run 'make clients'"; fi
if command -v openssl > /dev/null && command -v curl > /dev/null; then attempt 'openssl ts' with_openssl; else echo "  openssl ts         skipped: not installed"; fi
[ "$failed" = 0 ] && echo "$ran clients, all verified"
exit $failed
