#!/usr/bin/env bash
# Signs with every client that is installed, against any instance, and lets every client verify what each has signed.
# Usage: conformance.sh CLIENTS, with these in the environment:
#   TRUST           a folder with trusted_root.json and signing_config.v0.2.json, or the address of the TUF repository
#   ROOT            the root.json to begin with, where TRUST is an address; or root.json of the folder with TUF=ADDRESS
#   TUF             the address of the repository beside a folder, for clients that know no other way
#   TOKEN_FILE      a file with an identity token, or
#   TOKEN_COMMAND   a command that prints one, which is run for each signature
#   IDENTITY        what certificates are of. Default: the `email` of the token, else its `sub`
#   TLS_CA          a file with the authority of the services' certificates, if the system does not have it
#   ONLY            the clients to ask, by their names. Default: all
# It ends with 0 if all is as it should be, with 1 if something is not, and with 2 if it was called wrongly.
set -euo pipefail
clients=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
kit=$work/kit tuf=${TUF:-} root=${ROOT:-} tls_ca=${TLS_CA:-}
# shellcheck source=drivers.sh
. "$(dirname "${BASH_SOURCE[0]}")/drivers.sh"
all='cosign cosign2 python js js5 java rust rs'
only=${ONLY:-$all}

misused() { printf '%s\n' "$*" >&2; exit 2; }

token() {
  if [ -n "${TOKEN_FILE:-}" ]; then cat "$TOKEN_FILE"; else bash -c "$TOKEN_COMMAND"; fi
}

# claim NAME...: the first of these claims that a token has.
claim() {
  token | python3 -c '
import base64, json, sys
body = sys.stdin.read().strip().split(".")[1]
claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
print(next(claims[name] for name in sys.argv[1:] if name in claims))' "$@"
}

bring_trust() {
  mkdir "$kit"
  case ${TRUST:-} in
    http://* | https://*)
      tuf=${TRUST%/}
      [ -f "$root" ] || misused 'TRUST is an address: ROOT names the root.json to begin with'
      has_python > /dev/null || misused 'a repository is followed with the Python client: make clients'
      "$clients/python/bin/python" "$here/tuf_client.py" "$tuf" "$root" "$kit" > /dev/null ||
        misused "the trust root of $tuf cannot be followed from $root"
      ;;
    ?*)
      cp "$TRUST/trusted_root.json" "$TRUST/signing_config.v0.2.json" "$kit" ||
        misused "$TRUST is to have trusted_root.json and signing_config.v0.2.json"
      root=${root:-$TRUST/root.json}
      ;;
    *) misused 'TRUST=FOLDER or TRUST=ADDRESS is missing: make conformance TRUST=… TOKEN_COMMAND=…' ;;
  esac
  python3 - "$kit" <<'TOGETHER'
import json, pathlib, sys
kit = pathlib.Path(sys.argv[1])
read = lambda name: json.loads((kit / name).read_text(encoding="utf-8"))
together = {
    "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
    "trustedRoot": read("trusted_root.json"),
    "signingConfig": read("signing_config.v0.2.json"),
}
(kit / "client_trust_config.json").write_text(json.dumps(together), encoding="utf-8")
TOGETHER
}

# attempt WHAT FUNCTION ARGUMENT...: sets `result`, and keeps what a failure printed.
attempt() {
  local what=$1 status=0
  shift
  "$@" > "$work/said" 2>&1 || status=$?
  case $status in
    0) result=ok ;;
    "$CANNOT") result=- notes+=("$what $(tail -n 1 "$work/said")") ;;
    *)
      result=FAILED failed=1
      { printf '\n%s failed:\n' "$what"; tail -n 15 "$work/said" | sed 's/^/    /'; } >> "$work/failures"
      ;;
  esac
}

[ -n "${TOKEN_FILE:-}${TOKEN_COMMAND:-}" ] || misused 'TOKEN_FILE=FILE or TOKEN_COMMAND=COMMAND is missing'
bring_trust
use_tls_ca
issuer=$(claim iss) || misused 'the token is none of OpenID Connect'
identity=${IDENTITY:-$(claim email sub)}
failed=0 notes=() names=()
printf 'signing as %s, who is vouched for by %s\n' "$identity" "$issuer"
python3 "$here/services_answer.py" "$kit" || failed=1

for name in $only; do
  case " $all " in *" $name "*) ;; *) misused "there is no client $name; there are: $all" ;; esac
  if why=$("has_$name"); then names+=("$name"); else notes+=("$name is not asked: $why"); fi
done
[ "${#names[@]}" -gt 0 ] || misused 'no client is installed: make clients'

printf '\n%-10s %-8s' 'signed by' 'signs'
printf ' %-8s' "${names[@]}"
printf '\n'
for signer in "${names[@]}"; do
  file=$work/$signer.txt bundle=$work/$signer.sigstore.json
  printf 'signed by %s at %s\n' "$signer" "$(date +%s%N)" > "$file"
  attempt "$signer signs:" "sign_$signer" "$file" "$bundle"
  printf '%-10s %-8s' "$signer" "$result"
  if [ "$result" = ok ]; then
    for verifier in "${names[@]}"; do
      attempt "$verifier verifies what $signer signed:" "verify_$verifier" "$file" "$bundle"
      printf ' %-8s' "$result"
    done
  fi
  printf '\n'
done
if [ "${#notes[@]}" -gt 0 ]; then printf '\n'; printf '%s\n' "${notes[@]}"; fi
cat "$work/failures" 2> /dev/null || true
exit $failed
