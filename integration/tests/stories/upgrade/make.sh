#!/usr/bin/env bash
# make.sh PROGRAMS: writes the instance of the test beside itself, with the programs of an earlier release that lie in
# PROGRAMS. Its keys are for tests. It is laid out as the first instances were: without an identifier, its anchors inside.
# instance.tar.gz was made by the programs of commit ceeb277.
set -euo pipefail

programs=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap '"$programs/sigctl" down "$work/older" > /dev/null 2>&1 || true; rm -rf "$work"' EXIT
cd "$work"

"$programs/sigctl" init older --name older --base-port 23710 --anchors "$work/anchors"
folder=$(sed -n 's/^anchors: //p' older/instance.yaml)
sed -i -e '/^id: /d' -e '/^anchors: /d' older/instance.yaml
sed -i "s#anchor: $folder/#anchor: anchors/#" older/tlog/config.yaml older/ctlog/config.yaml
sed -i -e '/^clients_file: /d' -e '/^successors_file: /d' older/oidc/config.yaml older/tsa/config.yaml older/ca/config.yaml

# The certificates of the authorities end in 2031; until then it is to be made of a later release.
"$programs/sigctl" trust publish older --valid-for 3650d
"$programs/sigctl" up older --detach
mkdir signed
for number in 1 2 3; do
  echo "signed $number by an earlier release" > signed/$number.txt
  "$programs/sigctl" sign older signed/$number.txt --identity person@example.com --bundle signed/$number.sigstore.json
done
echo 'correct horse battery staple' | "$programs/sigctl" oidc user add older person@example.com --password-stdin
"$programs/sigctl" down older
rm -rf older/run
# What is made again from the entries, and journals with nothing but room in them.
tar --create --sparse --sort=name --owner=0 --group=0 --numeric-owner older signed | gzip --best > "$here/instance.tar.gz"
ls -l "$here/instance.tar.gz"
