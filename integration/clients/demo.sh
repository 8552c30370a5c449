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
kit=$instance/client root=$instance/client/root.json tls_ca=''
tuf=$(sed -n 's/.*cosign initialize --mirror \([^ ]*\) .*/\1/p' "$kit/README.md" | head -n 1)
if [ -e "$kit/tls-ca.pem" ]; then tls_ca=$kit/tls-ca.pem; fi
# shellcheck source=drivers.sh
. "$(dirname "${BASH_SOURCE[0]}")/drivers.sh"
token() { "$sigctl" token "$instance" --identity "$identity"; }
use_tls_ca
echo "hello, transparency" > "$work/hello.txt"
failed=0
ran=0

attempt() {
  local name=$1 start end status=0
  shift
  start=$(date +%s%N)
  "$@" > "$work/log" 2>&1 || status=$?
  if [ "$status" = "$CANNOT" ]; then
    printf '  %-18s skipped: %s\n' "$name" "$(tail -n 1 "$work/log" | sed 's/^cannot: //')"
    return
  fi
  ran=$((ran + 1))
  if [ "$status" = 0 ]; then
    end=$(date +%s%N)
    printf '  %-18s signed and verified in %d ms\n' "$name" $(((end - start) / 1000000))
  else
    printf '  %-18s FAILED\n' "$name"
    sed 's/^/    /' "$work/log"
    failed=1
  fi
}

# with_client CLIENT: it signs, and verifies what it signed.
with_client() { "sign_$1" "$work/hello.txt" "$work/$1.json" && "verify_$1" "$work/hello.txt" "$work/$1.json"; }

with_openssl() {
  local url
  url=$(url tsaUrls)
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
while read -r client name; do
  if why=$("has_$client"); then attempt "$name" with_client "$client"; else printf '  %-18s skipped: %s\n' "$name" "$why"; fi
done <<'NAMES'
cosign cosign 3
cosign2 cosign 2
python sigstore-python
js sigstore-js 4
js5 sigstore-js 5
java sigstore-java
rust sigstore-rust
rs sigstore-rs
NAMES
if command -v openssl > /dev/null && command -v curl > /dev/null; then attempt 'openssl ts' with_openssl; else echo "  openssl ts         skipped: not installed"; fi
[ "$failed" = 0 ] && echo "$ran clients, all verified"
exit $failed
