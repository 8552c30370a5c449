"""Prints the address of a service that signs now, by a signing config.

Usage: services.py SIGNING-CONFIG KIND [VERSION]   (KIND is caUrls, oidcUrls, rekorTlogUrls or tsaUrls)
"""

import datetime
import json
import sys


def signs(service, now):
    valid = service.get("validFor", {})
    moment = lambda name: datetime.datetime.fromisoformat(valid[name].replace("Z", "+00:00"))
    return ("start" not in valid or moment("start") <= now) and ("end" not in valid or now < moment("end"))


def main():
    config, kind = sys.argv[1:3]
    version = int(sys.argv[3]) if len(sys.argv) > 3 else None
    with open(config, encoding="utf-8") as file:
        services = json.load(file).get(kind, [])
    now = datetime.datetime.now(datetime.timezone.utc)
    found = [
        service
        for service in services
        if signs(service, now) and (version is None or service["majorApiVersion"] == version)
    ]
    if not found:
        sys.exit(f"the signing config names no {kind} of version {version or 'any'} that signs now")
    # The newest that has begun, as clients choose.
    found.sort(key=lambda service: service.get("validFor", {}).get("start", ""), reverse=True)
    print(found[0]["url"].rstrip("/"))


main()
