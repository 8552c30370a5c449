#!/usr/bin/env bash
# Compiles the API server of Kubernetes and its client, pinned by go.mod beside this file, by the Go tool chain. Where nothing of
# them is cached it takes a quarter of an hour. Their store, etcd, is of Debian's package, which is not installed: it would
# start a server.
# Usage: install.sh DIRECTORY
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1/bin"
peers=$(cd "$1" && pwd)
kubernetes=k8s.io/kubernetes

say() { printf '%s\n' "$*" >&2; }

install_etcd() {
  if [ -x "$peers/bin/etcd" ]; then
    return
  fi
  command -v apt-get >/dev/null || { say "etcd is of Debian's package etcd-server, and apt-get is not here"; return 1; }
  local folder
  folder=$(mktemp -d)
  chmod 755 "$folder"
  (cd "$folder" && apt-get download -qq etcd-server && dpkg-deb --fsys-tarfile etcd-server_*.deb | tar -x ./usr/bin/etcd)
  install -m 755 "$folder/usr/bin/etcd" "$peers/bin/etcd"
  rm -r "$folder"
}

install_kubernetes() {
  command -v go >/dev/null || { say "the API server is compiled with the Go tool chain, which is not here"; return 1; }
  cd "$here"
  local version major minor program flags said=k8s.io/component-base/version
  version=$(go list -m -f '{{.Version}}' "$kubernetes")
  if [ "$(cat "$peers/bin/.kubernetes" 2>/dev/null)" = "$version" ]; then
    return
  fi
  IFS=. read -r major minor _ <<< "${version#v}"
  # Without these its clients cannot tell what they speak to, and Helm refuses the chart for the version.
  flags="-s -w -X $said.gitVersion=$version -X $said.gitMajor=$major -X $said.gitMinor=$minor"
  say "$kubernetes $version: compiling, a quarter of an hour"
  for program in kube-apiserver kubectl; do
    nice go build -mod=readonly -trimpath -ldflags "$flags" -o "$peers/bin/$program" "$kubernetes/cmd/$program"
  done
  printf '%s' "$version" > "$peers/bin/.kubernetes"
}

install_etcd
install_kubernetes
