# How each client is called: there is no second way of it in demo.sh and conformance.sh, which read this file.
# Before it is used these are set:
#   clients          the folder that install.sh fills
#   kit              a folder with trusted_root.json, signing_config.v0.2.json and client_trust_config.json
#   tuf root         the address of the repository of the trust root and the root to begin with; empty without one
#   identity issuer  what a signature is expected to be of
#   tls_ca           the authority of the services' TLS, if it is not one of the system's; else empty
#   work             a folder for files of these functions
# and a function `token` prints an identity token. Of each client there are
#   has_CLIENT                      whether it is installed, and can be used here; else it says why not
#   sign_CLIENT FILE BUNDLE
#   verify_CLIENT FILE BUNDLE
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# url KIND [VERSION]: the service of that kind (caUrls, rekorTlogUrls, tsaUrls) that signs now.
url() { python3 "$here/services.py" "$kit/signing_config.v0.2.json" "$@"; }

# installed FILE NAME: whether a program is there.
installed() { [ -e "$1" ] || { echo "not installed: make clients"; return 1; }; }

# token_file: a file with a token, which the arguments and the environment of a program would show to others.
token_file() {
  local new
  new=$(token) && printf '%s' "$new" > "$work/token" && echo "$work/token"
}

# is_v1 BUNDLE: whether the bundle is of Rekor v1; only such a one is dated by its log.
is_v1() { ! grep -q '"version": *"0\.0\.2"' "$1"; }

has_cosign() { installed "$clients/bin/cosign"; }
sign_cosign() {
  local file
  file=$(token_file) || return
  "$clients/bin/cosign" sign-blob --yes --identity-token "$file" --bundle "$2" \
    --signing-config "$kit/signing_config.v0.2.json" --trusted-root "$kit/trusted_root.json" "$1"
}
verify_cosign() {
  local timestamps=(--use-signed-timestamps)
  if is_v1 "$2"; then timestamps=(); fi
  "$clients/bin/cosign" verify-blob --bundle "$2" --trusted-root "$kit/trusted_root.json" "${timestamps[@]}" \
    --certificate-identity "$identity" --certificate-oidc-issuer "$issuer" "$1"
}

# It knows no signing config, and has its trust from the repository alone.
has_cosign2() {
  installed "$clients/cosign2/cosign" || return 1
  url rekorTlogUrls 1 > /dev/null 2>&1 || { echo "the signing config names no Rekor v1"; return 1; }
  [ -n "$tuf" ] || { echo "it follows a repository: TRUST=URL ROOT=FILE"; return 1; }
}
cosign2() { TUF_ROOT="$work/cosign2" "$clients/cosign2/cosign" "$@"; }
initialize_cosign2() { [ -e "$work/cosign2" ] || cosign2 initialize --mirror "$tuf" --root "$root"; }
sign_cosign2() {
  local file
  file=$(token_file) || return
  initialize_cosign2 &&
    cosign2 sign-blob --yes --identity-token "$file" --new-bundle-format --bundle "$2" \
      --fulcio-url "$(url caUrls)" --rekor-url "$(url rekorTlogUrls 1)" --oidc-issuer "$issuer" "$1"
}
verify_cosign2() {
  local timestamps=(--use-signed-timestamps)
  if is_v1 "$2"; then timestamps=(); fi
  initialize_cosign2 &&
    cosign2 verify-blob --new-bundle-format --bundle "$2" "${timestamps[@]}" \
      --certificate-identity "$identity" --certificate-oidc-issuer "$issuer" "$1"
}

has_python() { installed "$clients/python/bin/sigstore"; }
sign_python() {
  local new
  new=$(token) || return
  # It takes a token by argument or environment; only the user sees the latter.
  SIGSTORE_IDENTITY_TOKEN=$new "$clients/python/bin/sigstore" --trust-config "$kit/client_trust_config.json" sign \
    --bundle "$2" --overwrite "$1"
}
verify_python() {
  "$clients/python/bin/sigstore" --trust-config "$kit/client_trust_config.json" verify identity \
    --bundle "$2" --cert-identity "$identity" --cert-oidc-issuer "$issuer" "$1"
}

# with_js NODE MODULES VERB FILE BUNDLE
with_js() {
  TOKEN=$(if [ "$3" = sign ]; then token; fi) python3 - "$4" "$5" "$kit" "$identity" "$issuer" > "$work/options-of-js" <<'OPTIONS' &&
import json, os, sys
artifact, bundle, kit, identity, issuer = sys.argv[1:]
print(json.dumps({
    "artifact": artifact, "bundle": bundle, "token": os.environ["TOKEN"], "identity": identity, "issuer": issuer,
    "signingConfig": f"{kit}/signing_config.v0.2.json", "trustedRoot": f"{kit}/trusted_root.json",
}))
OPTIONS
    "$1" "$here/sigstore_js.mjs" "$2" "$3" "$work/options-of-js"
}
has_js() { installed "$clients/js/node_modules/sigstore" && { command -v node > /dev/null || { echo "Node is not installed"; return 1; }; }; }
sign_js() { with_js node "$clients/js" sign "$@"; }
verify_js() { with_js node "$clients/js" verify "$@"; }

has_js5() { installed "$clients/js5/node_modules/sigstore"; }
sign_js5() { with_js "$clients/js5/node_modules/.bin/node" "$clients/js5" sign "$@"; }
verify_js5() { with_js "$clients/js5/node_modules/.bin/node" "$clients/js5" verify "$@"; }

# with_java VERB FILE BUNDLE ...: its authorities of TLS are in a store of its own kind.
with_java() {
  local verb=$1 store=()
  shift
  if [ -n "$tls_ca" ]; then
    [ -e "$work/java.p12" ] || keytool -importcert -noprompt -alias services -storetype PKCS12 -storepass changeit \
      -file "$tls_ca" -keystore "$work/java.p12" || return 1
    store=("-Djavax.net.ssl.trustStore=$work/java.p12" -Djavax.net.ssl.trustStorePassword=changeit)
  fi
  java "${store[@]}" -cp "$clients/java/*" "$here/java/Sigstore.java" "$verb" "$kit" "$@"
}
has_java() {
  ls "$clients"/java/*.jar > /dev/null 2>&1 && command -v java > /dev/null || { echo "not installed: make clients"; return 1; }
}
sign_java() {
  case $(url caUrls) in
    https:*) ;;
    *) echo "cannot: it signs over TLS only"; return "$CANNOT" ;;
  esac
  token > "$work/token" && with_java sign "$1" "$2" "$work/token" "$(newest_rekor)"
}
verify_java() { with_java verify "$1" "$2" "$identity" "$issuer"; }

# newest_rekor: the version of Rekor that a client with a choice signs through.
newest_rekor() { if url rekorTlogUrls 2 > /dev/null 2>&1; then echo 2; else echo 1; fi; }

has_rust() { installed "$clients/rust/debug/sigstore-rust-client"; }
sign_rust() {
  token > "$work/token" && "$clients/rust/debug/sigstore-rust-client" sign "$kit" "$1" "$2" "$work/token" "$(newest_rekor)"
}
verify_rust() { "$clients/rust/debug/sigstore-rust-client" verify "$kit" "$1" "$2" "$identity" "$issuer"; }

has_rs() { installed "$clients/rust/debug/sigstore-rs-client"; }
sign_rs() {
  url rekorTlogUrls 1 > /dev/null 2>&1 || { echo "cannot: it signs through Rekor v1 only, and the signing config names none"; return "$CANNOT"; }
  token > "$work/token" &&
    "$clients/rust/debug/sigstore-rs-client" sign "$(url caUrls)" "$(url rekorTlogUrls 1)" "$1" "$2" "$work/token" "$identity"
}
verify_rs() {
  is_v1 "$2" || { echo "cannot: it knows no entries of Rekor v2"; return "$CANNOT"; }
  "$clients/rust/debug/sigstore-rs-client" verify "$kit/trusted_root.json" "$1" "$2" "$identity" "$issuer"
}

# What a function returns of what the client is known not to do, whatever it is used with.
CANNOT=9

# use_tls_ca: lets all clients trust the authority of the services.
use_tls_ca() {
  [ -n "$tls_ca" ] || return 0
  export SSL_CERT_FILE=$tls_ca NODE_EXTRA_CA_CERTS=$tls_ca REQUESTS_CA_BUNDLE=$tls_ca CURL_CA_BUNDLE=$tls_ca
}
