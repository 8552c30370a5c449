"""Asks each service of a signing config whether it is there, and is the one that the trusted root knows.

Usage: services_answer.py KIT   (a folder with trusted_root.json and signing_config.v0.2.json)

Prints a line for each service, and ends with 1 if one is not as it should be: clients say less well what is wrong.
"""

import base64
import hashlib
import json
import pathlib
import ssl
import sys
import urllib.error
import urllib.request

LONGEST_ANSWER = 1 << 20


class Wrong(Exception):
    """A service is not as the trusted root says."""


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.read(LONGEST_ANSWER)
    except urllib.error.HTTPError as error:
        raise Wrong(f"answers {error.code}") from error
    except (OSError, ValueError) as error:
        raise Wrong(f"does not answer: {getattr(error, 'reason', error)}") from error


def certificates(authorities):
    """The certificates that the trusted root has of authorities."""
    chains = [authority["certChain"]["certificates"] for authority in authorities]
    return {base64.b64decode(certificate["rawBytes"]) for chain in chains for certificate in chain}


def in_pem(text):
    """The certificates of a text."""
    end = "-----END CERTIFICATE-----"
    parts = [part + end for part in text.split(end) if "-----BEGIN CERTIFICATE-----" in part]
    return {ssl.PEM_cert_to_DER_cert(part[part.index("-----BEGIN") :]) for part in parts}


def knows(authorities, found):
    if not found:
        raise Wrong("answers without a certificate")
    if not found & certificates(authorities):
        raise Wrong("is another than in the trusted root: no certificate of its chain is there")


def authority(url, root):
    bundle = json.loads(get(f"{url}/api/v2/trustBundle"))
    found = [in_pem("".join(chain["certificates"])) for chain in bundle["chains"]]
    knows(root.get("certificateAuthorities", []), set().union(*found))


def timestamps(url, root):
    found = in_pem(get(f"{url}/certchain").decode())
    knows(root.get("timestampAuthorities", []), found)


def log_v1(url, root):
    key = get(f"{url}/api/v1/log/publicKey").decode()
    key = base64.b64decode("".join(line for line in key.splitlines() if not line.startswith("-----")))
    if key not in {base64.b64decode(log["publicKey"]["rawBytes"]) for log in root.get("tlogs", [])}:
        raise Wrong("is another than in the trusted root: its key is not there")


def log_v2(url, root):
    note = get(f"{url}/api/v2/checkpoint").decode()
    signatures = [line.split(" ") for line in note.splitlines() if line.startswith("\u2014 ")]
    signed = {base64.b64decode(signature)[:4] for _, _, signature in signatures}
    known = set()
    for log in root.get("tlogs", []):
        known.add(base64.b64decode(log["logId"]["keyId"])[:4])
        known.add(hashlib.sha256(base64.b64decode(log["publicKey"]["rawBytes"])).digest()[:4])
    if not signed & known:
        raise Wrong("is another than in the trusted root: no key there signs its checkpoint")


def services(config):
    for service in config.get("caUrls", []):
        yield "certificate authority", authority, service["url"]
    for service in config.get("rekorTlogUrls", []):
        is_v1 = service["majorApiVersion"] == 1
        yield ("Rekor v1", log_v1, service["url"]) if is_v1 else ("Rekor v2", log_v2, service["url"])
    for service in config.get("tsaUrls", []):
        yield "timestamp authority", timestamps, service["url"]


def main():
    kit = pathlib.Path(sys.argv[1])
    root = json.loads((kit / "trusted_root.json").read_text(encoding="utf-8"))
    config = json.loads((kit / "signing_config.v0.2.json").read_text(encoding="utf-8"))
    is_whole = True
    for name, ask, url in services(config):
        url = url.rstrip("/")
        try:
            ask(url, root)
            print(f"  {name:<22} {url}")
        except (Wrong, ValueError, KeyError) as wrong:
            is_whole = False
            said = wrong if isinstance(wrong, Wrong) else f"answers what is not understood: {wrong!r}"
            print(f"  {name:<22} {url}  WRONG: it {said}")
    sys.exit(0 if is_whole else 1)


main()
