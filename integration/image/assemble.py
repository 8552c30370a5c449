#!/usr/bin/env python3
"""Assembles the image as an OCI archive, without a container engine, the same bytes each time.

Usage: assemble.py PROGRAM DEBIAN ARCHIVE [--seconds-since-epoch N] [--at-most-mib N]

PROGRAM is the one program, DEBIAN a folder with the packages that the image has its C library and its certificate
authorities from (`apt-get download libc6 libgcc-s1 ca-certificates`), ARCHIVE the file to write. Beside it is written what
is in the image, as SPDX: ARCHIVE.spdx.json, which is also in the image. An archive that is larger than the caller allows is not
written.
"""

import argparse
import gzip
import hashlib
import io
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile

# What the program links or loads by name, and what resolves names for it.
LIBRARIES = {
    "ld-linux-x86-64.so.2", "libc.so.6", "libm.so.6", "libgcc_s.so.1", "libdl.so.2", "libpthread.so.0", "librt.so.1",
    "libresolv.so.2", "libnss_dns.so.2", "libnss_files.so.2",
}
LIBRARY_FOLDER = "usr/lib/x86_64-linux-gnu"
PACKAGES = ("ca-certificates", "libc6", "libgcc-s1")
# Any other user works too; this one is for clusters that do not choose one.
USER = 65532
FILES = {
    "etc/passwd": f"root:x:0:0:root:/:/nologin\nsigstead:x:{USER}:{USER}:sigstead:/tmp:/nologin\n",
    "etc/group": f"root:x:0:\nsigstead:x:{USER}:\n",
    "etc/nsswitch.conf": "hosts: files dns\n",
}
BUNDLE = "etc/ssl/certs/ca-certificates.crt"
SBOM = "usr/share/sigstead/sbom.spdx.json"


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


class Layer:
    """Files that become one archive, in the order of their names and with one time."""

    def __init__(self, seconds):
        self.seconds, self.entries = seconds, {}

    def folder(self, path, mode=0o755):
        self.entries.setdefault(path, (tarfile.DIRTYPE, mode, b"", ""))

    def file(self, path, data, mode=0o644):
        self.parents(path)
        self.entries[path] = (tarfile.REGTYPE, mode, data, "")

    def link(self, path, target):
        self.parents(path)
        self.entries[path] = (tarfile.SYMTYPE, 0o777, b"", target)

    def parents(self, path):
        for parent in list(pathlib.PurePosixPath(path).parents)[:-1]:
            self.folder(str(parent))

    def archive(self):
        return tar(self.entries, self.seconds)


def tar(entries, seconds):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, (kind, mode, data, target) in sorted(entries.items()):
            info = tarfile.TarInfo(path)
            info.type, info.mode, info.mtime, info.linkname, info.size = kind, mode, seconds, target, len(data)
            archive.addfile(info, io.BytesIO(data))
    return made.getvalue()


def package(folder, name):
    found = sorted(pathlib.Path(folder).glob(f"{name}_*.deb"))
    if len(found) != 1:
        raise SystemExit(f"{folder} has {len(found)} packages {name}; run: apt-get download {name}")
    return found[0]


def version(deb):
    return subprocess.run(["dpkg-deb", "--field", deb, "Version"], check=True, capture_output=True, text=True).stdout.strip()


def base(layer, debian):
    """The C library and the certificate authorities, as Debian has them."""
    with tempfile.TemporaryDirectory() as root:
        for name in PACKAGES:
            subprocess.run(["dpkg-deb", "--extract", package(debian, name), root], check=True)
        root = pathlib.Path(root)
        for path in sorted(root.rglob("*")):
            if path.name in LIBRARIES and path.is_file() and not path.is_symlink():
                layer.file(f"{LIBRARY_FOLDER}/{path.name}", path.read_bytes(), 0o755)
        for path in sorted(root.glob("usr/share/doc/*/copyright")):
            if path.is_file() and not path.is_symlink():
                layer.file(str(path.relative_to(root)), path.read_bytes())
        authorities = sorted(root.glob("usr/share/ca-certificates/**/*.crt"))
        layer.file(BUNDLE, b"".join(path.read_bytes().rstrip() + b"\n" for path in authorities))
    layer.link("lib", "usr/lib")
    layer.link("lib64", "usr/lib64")
    layer.link("usr/lib64/ld-linux-x86-64.so.2", f"/{LIBRARY_FOLDER}/ld-linux-x86-64.so.2")
    layer.folder("tmp", 0o1777)
    for path, text in FILES.items():
        layer.file(path, text.encode())


def crates():
    """What the program is compiled of, from the lock file: names, versions, licences, checksums."""
    arguments = ["cargo", "metadata", "--format-version", "1", "--offline", "--locked"]
    arguments += ["--filter-platform", "x86_64-unknown-linux-gnu"]
    metadata = json.loads(subprocess.run(arguments, check=True, capture_output=True).stdout)
    packages = {each["id"]: each for each in metadata["packages"]}
    nodes = {each["id"]: each for each in metadata["resolve"]["nodes"]}
    roots = [key for key, each in packages.items() if each["name"] == "sigstead"]
    seen, waiting = set(), list(roots)
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        for dependency in nodes[here]["deps"]:
            if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                waiting.append(dependency["pkg"])
    return sorted((packages[key] for key in seen), key=lambda each: (each["name"], each["version"]))


def spdx(name, version, licence, locator):
    identifier = "".join(letter if letter.isalnum() else "-" for letter in f"{name}-{version}")
    return {
        "SPDXID": f"SPDXRef-{identifier}",
        "name": name,
        "versionInfo": version,
        "downloadLocation": "NOASSERTION",
        "licenseDeclared": licence or "NOASSERTION",
        "licenseConcluded": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "filesAnalyzed": False,
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": locator}
        ],
    }


def sbom(debian, program, created):
    packages = []
    for each in crates():
        # Upstream's older way to say "or".
        licence = (each["license"] or "").replace("/", " OR ")
        packages.append(spdx(each["name"], each["version"], licence, f"pkg:cargo/{each['name']}@{each['version']}"))
    for name in PACKAGES:
        found = version(package(debian, name))
        packages.append(spdx(name, found, None, f"pkg:deb/debian/{name}@{found}?arch=amd64"))
    described = [each["SPDXID"] for each in packages if each["name"] == "sigstead"]
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "sigstead",
        "creationInfo": {"created": created, "creators": ["Tool: sigstead-assemble"]},
        "documentDescribes": described,
        "packages": packages,
    }
    # The namespace is to be one of its own for each content.
    content = sha256(canonical([document, sha256(program)]))
    document["documentNamespace"] = f"https://sigstead.dev/spdx/{content}"
    return json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"


def blob(files, media_type, data):
    digest = sha256(data)
    files[f"blobs/sha256/{digest}"] = (tarfile.REGTYPE, 0o644, data, "")
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}


def image(layers, created, release):
    """The archive, an OCI image layout, and the digest of its manifest."""
    files, descriptors, plain = {}, [], []
    for layer in layers:
        archive = layer.archive()
        plain.append(f"sha256:{sha256(archive)}")
        packed = gzip.compress(archive, compresslevel=6, mtime=0)
        descriptors.append(blob(files, "application/vnd.oci.image.layer.v1.tar+gzip", packed))
    config = canonical({
        "architecture": "amd64",
        "os": "linux",
        "created": created,
        "config": {
            "User": str(USER),
            "Entrypoint": ["/usr/bin/sigstead"],
            "Env": ["PATH=/usr/bin", f"SSL_CERT_FILE=/{BUNDLE}"],
            "WorkingDir": "/",
            "Labels": {
                "org.opencontainers.image.title": "sigstead",
                "org.opencontainers.image.version": release,
                "org.opencontainers.image.licenses": "Apache-2.0",
            },
        },
        "rootfs": {"type": "layers", "diff_ids": plain},
        "history": [{"created": created, "created_by": "assemble.py"} for _ in layers],
    })
    manifest = canonical({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": blob(files, "application/vnd.oci.image.config.v1+json", config),
        "layers": descriptors,
    })
    found = blob(files, "application/vnd.oci.image.manifest.v1+json", manifest)
    found["annotations"] = {"org.opencontainers.image.ref.name": release}
    for path, value in [
        ("index.json", {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [found]}),
        ("oci-layout", {"imageLayoutVersion": "1.0.0"}),
    ]:
        files[path] = (tarfile.REGTYPE, 0o644, canonical(value), "")
    for folder in ("blobs", "blobs/sha256"):
        files[folder] = (tarfile.DIRTYPE, 0o755, b"", "")
    return files, found["digest"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("debian", type=pathlib.Path)
    parser.add_argument("archive", type=pathlib.Path)
    parser.add_argument("--seconds-since-epoch", type=int, default=0)
    parser.add_argument("--at-most-mib", type=int)
    arguments = parser.parse_args()
    seconds = arguments.seconds_since_epoch
    created = subprocess.run(
        ["date", "--utc", f"--date=@{seconds}", "+%Y-%m-%dT%H:%M:%SZ"], check=True, capture_output=True, text=True
    ).stdout.strip()
    program = arguments.program.read_bytes()
    below, above = Layer(seconds), Layer(seconds)
    base(below, arguments.debian)
    contents = sbom(arguments.debian, program, created)
    above.file("usr/bin/sigstead", program, 0o755)
    above.link("usr/bin/sigctl", "sigstead")
    above.file(SBOM, contents)
    release = next(each["versionInfo"] for each in json.loads(contents)["packages"] if each["name"] == "sigstead")
    files, digest = image([below, above], created, release)
    archive = tar(files, seconds)
    mib = len(archive) / 2**20
    if arguments.at_most_mib is not None and mib > arguments.at_most_mib:
        sys.exit(f"the image has {mib:.1f} MiB, and may have {arguments.at_most_mib}")
    print(f"{mib:.1f} MiB", file=sys.stderr)
    arguments.archive.write_bytes(archive)
    arguments.archive.with_name(f"{arguments.archive.name}.spdx.json").write_bytes(contents)
    print(digest)


if __name__ == "__main__":
    main()
