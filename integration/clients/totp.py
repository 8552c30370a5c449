"""Codes of an authenticator app (RFC 6238)."""

import base64
import hmac


def totp(key, seconds):
    """The code of an app with that key at a time."""
    secret = base64.b32decode(key.replace(" ", "").upper())
    tag = hmac.digest(secret, int(seconds // 30).to_bytes(8, "big"), "sha1")
    offset = tag[-1] & 15
    return f"{(int.from_bytes(tag[offset : offset + 4], 'big') & 0x7FFFFFFF) % 10**6:06}"
