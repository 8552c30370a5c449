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

# Our own program over the API server's types; Go compiles it again only when it has changed.
install_kubernetes_decode() {
  command -v go >/dev/null || { say "kubernetes-decode is compiled with the Go tool chain, which is not here"; return 1; }
  (cd "$here/kubernetes" && go build -o "$clients/bin/kubernetes-decode" .)
}

# install_policy PROGRAM FOLDER: a program of ours over what reads policies in clusters and on nodes; Go compiles it again only when it
# has changed. The tag leaves out what needs a C library.
install_policy() {
  command -v go >/dev/null || { say "$1 is compiled with the Go tool chain, which is not here"; return 1; }
  (cd "$here/policies/$2" && go build -tags containers_image_openpgp -o "$clients/bin/$1" .)
}

# The policy-controller of Sigstore: its tester of policies, which replaces modules and so needs a module around it, and what it tells a
# cluster of its objects.
install_policy_controller() {
  local version=v0.13.1 folder
  if [ "$(cat "$clients/policy-controller/.version" 2>/dev/null)" = "$version" ]; then
    return
  fi
  command -v go >/dev/null || { say "the policy-controller is of the Go module proxy, and Go is not here"; return 1; }
  folder=$(go mod download -json "github.com/sigstore/policy-controller@$version" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
  say "policy-tester $version: compiling, a few minutes"
  (cd "$here/policies/tester" && go build -o "$clients/bin/policy-tester" github.com/sigstore/policy-controller/cmd/tester)
  mkdir -p "$clients/policy-controller"
  install -m 644 "$folder"/config/300-*.yaml "$clients/policy-controller/"
  printf '%s' "$version" > "$clients/policy-controller/.version"
}

# What the image is assembled over: as packages, unpacked and not installed.
install_debian() {
  mkdir -p "$clients/debian"
  if [ "$(find "$clients/debian" -name '*.deb' | wc -l)" -eq 3 ]; then
    return
  fi
  command -v apt-get >/dev/null || { say "the image is assembled over Debian's packages, and apt-get is not here"; return 1; }
  (cd "$clients/debian" && apt-get download -qq libc6 libgcc-s1 ca-certificates)
}

# install_packaged PROGRAM PACKAGE: a program of one of Debian's packages, which is not installed: it would start a server.
install_packaged() {
  local program=$1 package=$2 folder
  if [ -x "$clients/bin/$program" ]; then
    return
  fi
  command -v apt-get >/dev/null || { say "$program is of Debian's package $package, and apt-get is not here"; return 1; }
  folder=$(mktemp -d)
  (cd "$folder" && apt-get download -qq "$package" && dpkg-deb --fsys-tarfile "$package"_*.deb | tar -x "./usr/bin/$program")
  install -m 755 "$folder/usr/bin/$program" "$clients/bin/$program"
  rm -r "$folder"
}

install_python() {
  if [ ! -x "$clients/python/bin/python" ]; then
    python3 -m venv "$clients/python"
  fi
  "$clients/python/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
}

# A linter of certificates, apart from the clients because it wants other versions of what they share.
install_pkilint() {
  if [ ! -x "$clients/pkilint/bin/python" ]; then
    python3 -m venv "$clients/pkilint"
  fi
  "$clients/pkilint/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements-pkilint.txt"
}

# install_js FOLDER VERSION [PACKAGE...]: a version of sigstore-js in a folder of its own.
install_js() {
  local folder=$clients/$1 version=$2
  shift 2
  if grep -q "\"version\": \"$version\"" "$folder/node_modules/sigstore/package.json" 2>/dev/null; then
    return
  fi
  command -v npm >/dev/null || { say "sigstore-js is installed with npm, which is not here"; return 1; }
  mkdir -p "$folder"
  printf '{"private":true}\n' > "$folder/package.json"
  npm --prefix "$folder" install --silent --no-audit --no-fund "sigstore@$version" "$@"
}

# install_package FOLDER PACKAGE VERSION: another package of npm, for the newer Node beside sigstore-js 5.
install_package() {
  local folder=$clients/$1 package=$2 version=$3
  if grep -q "\"version\": \"$version\"" "$folder/node_modules/$package/package.json" 2>/dev/null; then
    return
  fi
  mkdir -p "$folder"
  printf '{"private":true}\n' > "$folder/package.json"
  PATH="$clients/js5/node_modules/.bin:$PATH" npm --prefix "$folder" install --silent --no-audit --no-fund "$package@$version"
}

install_java() {
  local version
  version=$(sed -n '/sigstore-java/{n;s/.*<version>\(.*\)<.*/\1/p}' "$here/java/pom.xml")
  if [ -e "$clients/java/sigstore-java-$version.jar" ]; then
    return
  fi
  command -v mvn >/dev/null || { say "sigstore-java is installed with Maven, which is not here"; return 1; }
  mvn --quiet --batch-mode -f "$here/java/pom.xml" dependency:copy-dependencies -DoutputDirectory="$clients/java"
}

install_rust() {
  say "sigstore-rust, sigstore-rs and tough: compiling unless they are there, a few minutes"
  CARGO_TARGET_DIR="$clients/rust" cargo build --quiet --locked --manifest-path "$here/rust/Cargo.toml"
}

status=0
install_go cosign v3.1.2 github.com/sigstore/cosign/v3/cmd/cosign "$clients/bin" || status=1
install_go cosign v2.6.4 github.com/sigstore/cosign/v2/cmd/cosign "$clients/cosign2" || status=1
install_go rekor-cli v1.5.4 github.com/sigstore/rekor/cmd/rekor-cli "$clients/bin" || status=1
install_go crane v0.20.6 github.com/google/go-containerregistry/cmd/crane "$clients/bin" || status=1
install_go litewitness v0.9.0 filippo.io/torchwood/cmd/litewitness "$clients/bin" || status=1
install_go helm v3.19.0 helm.sh/helm/v3/cmd/helm "$clients/bin" || status=1
install_kubernetes_decode || status=1
install_policy containers-policy containers || status=1
install_policy policies-decode decode || status=1
install_policy_controller || status=1
install_debian || status=1
# The checker of alerts.
install_packaged promtool prometheus || status=1
# A registry for images that is not crane's, and knows no list of referrers.
install_packaged docker-registry docker-registry || status=1
install_python || status=1
install_pkilint || status=1
install_js js 4.1.1 || status=1
# The fifth generation needs a newer Node than distributions have; npm brings it.
install_js js5 5.0.1 node@22.23.3 || status=1
install_package jscli @sigstore/cli 0.10.3 || status=1
# A provider of identities that is not ours.
install_package provider oidc-provider 9.13.3 || status=1
# A checker of how accessible pages are.
install_package axe axe-core 4.14.1 || status=1
# A reader of QR codes.
install_package jsqr jsqr 1.4.0 || status=1
install_java || status=1
install_rust || status=1
exit $status
