"""A person with a second factor at the issuer's own page.

Usage: factor_login.py URL EMAIL PASSWORD CODES [OUTCOME]

CODES is a folder that this program keeps as a person keeps them: `app` has the key of an authenticator app, and a file of any other
name is a recovery code, which is taken away when it is used. OUTCOME is
  set-up: URL is that of the issuer, and the factor is set up; CODES is filled;
  code (the default): a client gets its answer, by a recovery code;
  device: a device is connected, by a recovery code;
  token: URL is that of the issuer, and the token is printed that a code of the app leads to;
  anything else: a code that the page refuses, with what it says then.
"""

import base64
import hashlib
import json
import pathlib
import sys
import time
import urllib.parse
import urllib.request

from chromium import launch
from playwright.sync_api import sync_playwright
from totp import totp

VERIFIER = "v" * 43
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


def recovery_code(folder):
    """One that nobody else has: several people cannot take one file away."""
    for code in sorted(folder.iterdir()):
        try:
            if code.name != "app":
                code.rename(folder.parent / f"used-{code.name}")
                return code.name
        except FileNotFoundError:
            continue
    raise AssertionError("no recovery code is left")


def sign_in(page, url, email, password):
    page.goto(url)
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    page.click("button[value=sign-in]")


def set_up(page, issuer, email, password, folder):
    page.goto(f"{issuer}/second-factor")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    page.click("button[value=set-up]")
    key = page.inner_text("code.key")
    (folder / "app").write_text(key, encoding="utf-8")
    for code in page.locator(".recovery code").all():
        (folder / code.inner_text()).touch()
    page.fill("input[name=second]", totp(key, time.time()))
    page.click("button[value=verify]")
    page.wait_for_selector("text=Second factor is on")


def token(page, issuer, email, password, folder):
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    query = {
        "client_id": "sigstore",
        "redirect_uri": OUT_OF_BAND,
        "response_type": "code",
        "scope": "openid email",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    sign_in(page, f"{issuer}/authorize?{urllib.parse.urlencode(query)}", email, password)
    key = (folder / "app").read_text(encoding="utf-8")
    # A code is good once, and that of this moment may be used up; that of the next half minute counts already.
    page.fill("input[name=second]", totp(key, time.time() + 30))
    page.click("button[value=verify]")
    form = {
        "grant_type": "authorization_code",
        "client_id": "sigstore",
        "redirect_uri": OUT_OF_BAND,
        "code": page.input_value("#code"),
        "code_verifier": VERIFIER,
    }
    data = urllib.parse.urlencode(form).encode()
    with urllib.request.urlopen(f"{issuer}/token", data=data, timeout=10) as answer:
        print(json.load(answer)["id_token"])


def main():
    url, email, password = sys.argv[1:4]
    folder = pathlib.Path(sys.argv[4])
    outcome = sys.argv[5] if len(sys.argv) > 5 else "code"
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(java_script_enabled=False)
        if outcome == "set-up":
            set_up(page, url, email, password, folder)
        elif outcome == "token":
            token(page, url, email, password, folder)
        else:
            answer(page, url, email, password, folder, outcome)
        browser.close()


def answer(page, url, email, password, folder, outcome):
    sign_in(page, url, email, password)
    if outcome == "code":
        page.fill("input[name=second]", recovery_code(folder))
        page.click("button[value=verify]", no_wait_after=True)
        page.wait_for_url(lambda address: "code=" in address, timeout=60_000)
    elif outcome == "device":
        page.fill("input[name=second]", recovery_code(folder))
        page.click("button[value=verify]")
        if page.locator("button[value=continue]").count():
            page.click("button[value=continue]")
        page.wait_for_selector("text=Device connected", timeout=60_000)
    else:
        used = next(folder.parent.glob("used-*")).name.removeprefix("used-")
        for code in ["000000", "no code", used]:
            page.fill("input[name=second]", code)
            page.click("button[value=verify]")
            said = page.inner_text("[role=alert]")
            assert outcome in said, said


main()
