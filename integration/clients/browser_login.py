"""A person signs in: headless Chromium fills the real page, and the code flow ends in a token.

Usage: browser_login.py ISSUER EMAIL PASSWORD [SCREENSHOT_FOLDER]. Prints {"id_token", "refused", "title"}.
"""

import base64
import hashlib
import http.server
import json
import os
import secrets
import sys
import threading
import urllib.parse
import urllib.request

from chromium import launch
from playwright.sync_api import sync_playwright


class Callback(http.server.BaseHTTPRequestHandler):
    """The client application's own redirect address."""

    answers = []

    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        # The browser also asks for an icon.
        if url.path == "/auth/callback":
            self.answers.append(dict(urllib.parse.parse_qsl(url.query)))
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(b"signed in")

    def log_message(self, *_):
        pass


def fetch(url, form=None):
    data = urllib.parse.urlencode(form).encode() if form else None
    with urllib.request.urlopen(url, data=data, timeout=10) as answer:
        return json.load(answer)


def picture(page, folder, name, width, height):
    if folder:
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=os.path.join(folder, name))


def main():
    issuer, email, password = sys.argv[1:4]
    folder = sys.argv[4] if len(sys.argv) > 4 else None
    server = http.server.HTTPServer(("127.0.0.1", 0), Callback)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    redirect = f"http://localhost:{server.server_port}/auth/callback"

    discovery = fetch(f"{issuer}/.well-known/openid-configuration")
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    state, nonce = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
    request = {
        "client_id": "sigstore",
        "redirect_uri": redirect,
        "response_type": "code",
        "scope": "openid email",
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{discovery['authorization_endpoint']}?{urllib.parse.urlencode(request)}")
        title = page.title()
        picture(page, folder, "login-wide.png", 1280, 800)
        picture(page, folder, "login-narrow.png", 390, 844)

        page.fill("input[type=email], input[name=email]", email)
        page.fill("input[type=password]", password + " wrong")
        page.click("button[value=sign-in]")
        page.wait_for_selector("[role=alert]", timeout=10_000)
        refused = page.inner_text("[role=alert]")
        picture(page, folder, "login-refused.png", 390, 844)

        page.fill("input[type=email], input[name=email]", email)
        page.fill("input[type=password]", password)
        page.click("button[value=sign-in]")
        page.wait_for_url(f"{redirect}*", timeout=10_000)
        browser.close()

    answer = Callback.answers[-1]
    assert answer["state"] == state, answer
    form = {
        "grant_type": "authorization_code",
        "code": answer["code"],
        "redirect_uri": redirect,
        "client_id": "sigstore",
        "code_verifier": verifier,
    }
    tokens = fetch(discovery["token_endpoint"], form)
    assert tokens["id_token"] == tokens["access_token"], "both tokens are the same"
    payload = tokens["id_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["nonce"] == nonce and claims["email"] == email, claims
    print(json.dumps({"id_token": tokens["id_token"], "refused": refused, "title": title}))


main()
