"""Every page that the identity service shows, in headless Chromium.

Usage: pages.py AXE QR ISSUER EMAIL PASSWORD LONG_CLIENT LONG_REDIRECT [SCREENSHOT_FOLDER]. AXE is the file `axe.min.js`, and QR
`jsQR.js`.
Prints {"pages": [names], "faults": [sentences]}.
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
from gallery import Gallery
from playwright.sync_api import sync_playwright
from totp import totp

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(b"v" * 43).digest()).rstrip(b"=").decode()


def post(url, form):
    data = urllib.parse.urlencode(form).encode()
    with urllib.request.urlopen(url, data=data, timeout=10) as answer:
        return json.load(answer)


def main():
    scripts, (issuer, email, password, long_client, long_redirect) = sys.argv[1:3], sys.argv[3:8]
    folder = sys.argv[8] if len(sys.argv) > 8 else None
    axe, reader = (pathlib.Path(script).read_text(encoding="utf-8") for script in scripts)

    def request(redirect, **changed):
        query = {
            "client_id": "sigstore",
            "redirect_uri": redirect,
            "response_type": "code",
            "scope": "openid email",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return f"{issuer}/authorize?{urllib.parse.urlencode({**query, **changed})}"

    def start_device():
        return post(f"{issuer}/device/code", {"client_id": "sigstore", "scope": "openid email"})

    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page()
        gallery = Gallery(page, axe, folder)
        look = gallery.look

        def sign_in(who, secret):
            page.fill("input[name=email]", who)
            page.fill("input[name=password]", secret)
            page.click("button[value=sign-in]")

        page.goto(f"{issuer}/")
        look("home", "You are not signed in here")
        page.goto(f"{issuer}/nowhere/at/all")
        look("nothing-here", "There is nothing here")
        page.goto(f"{issuer}/sign-out")
        look("wrong-method", "E-KIT-003")
        page.goto(f"{issuer}/authorize")
        look("request-wrong", "This did not work")
        page.goto(request("http://localhost:1/", client_id="nobody"))
        look("program-unknown", "Unknown program")
        page.goto(request("https://elsewhere.example/"))
        look("not-sent-on", "You were not sent on")
        page.goto(request("http://localhost:4321/auth/callback"))
        look("sign-in", "a program on this computer")
        page.goto(request(long_redirect, client_id=long_client))
        look("sign-in-long-names", "the website")
        sign_in(email, "not the password")
        look("sign-in-refused", "is wrong")
        sign_in("x" * 64 + "@" + "y" * 60 + ".example", "not the password")
        look("sign-in-long-address", "is wrong")
        for _ in range(6):
            sign_in("locked@example.com", "not the password")
        look("sign-in-locked", "Too many attempts")

        page.goto(request(OUT_OF_BAND))
        look("sign-in-out-of-band", "a code to copy")
        page.click("button[value=cancel]")
        look("cancelled", "You did not sign in")
        page.goto(request(OUT_OF_BAND))
        page.context.clear_cookies()
        sign_in(email, password)
        look("form-stale", "permit cookies")

        device = start_device()
        page.goto(f"{issuer}/device")
        look("device", "Enter the code")
        page.goto(f"{issuer}/device?user_code=BBBB-BBBB")
        look("device-unknown", "No device waits")
        page.goto(device["verification_uri_complete"])
        look("device-sign-in", "on another device")
        sign_in(email, password)
        look("device-confirm", "Is this your device?")
        page.click("button[value=continue]")
        look("device-connected", "Device connected")
        page.goto(start_device()["verification_uri_complete"])
        page.click("button[value=cancel]")
        look("device-cancelled", "Cancelled")

        page.goto(request(OUT_OF_BAND))
        look("confirm", "Sign in as")
        page.click("button[value=continue]")
        look("code", "Copy this code")
        gallery.look_at_codes("code")
        page.goto(request(long_redirect, client_id=long_client, prompt="consent"))
        look("confirm-long-names", "Sign in as")
        page.goto(f"{issuer}/")
        look("home-signed-in", "You are signed in here")
        page.click("a[href$='/password']")
        look("password", "Change your password")

        def change(old, new, again):
            page.fill("input[name=password]", old)
            page.fill("input[name=new_password]", new)
            page.fill("input[name=again]", again)
            page.click("button[value=change]")

        change(password, password + " new", password + " other")
        look("password-refused", "not the same both times")
        change(password, password + " new", password + " new")
        look("password-changed", "Password changed")
        password += " new"

        page.goto(f"{issuer}/")
        page.click("a[href$='/second-factor']")
        look("second-factor", "if you have one")

        def set_up(action, secret, code=""):
            page.fill("input[name=password]", secret)
            page.fill("input[name=second]", code)
            page.click(f"button[value={action}]")

        set_up("set-up", "not the password")
        look("second-factor-refused", "is wrong")
        set_up("set-up", password)
        look("enrolment", "Scan this code")
        key = page.inner_text("code.key")
        gallery.look_at_picture(reader, f"secret={key.replace(' ', '').upper()}&")
        page.fill("input[name=second]", "no code")
        page.click("button[value=verify]")
        look("enrolment-refused", "The code is wrong")
        recovery = page.inner_text(".recovery li")
        page.fill("input[name=second]", totp(key, time.time()))
        page.click("button[value=verify]")
        look("second-factor-on", "Second factor is on")
        page.goto(request(OUT_OF_BAND, prompt="login"))
        sign_in(email, password)
        look("code-asked", "authenticator app")
        page.fill("input[name=second]", "no code")
        page.click("button[value=verify]")
        look("code-refused", "The code is wrong")
        page.fill("input[name=second]", recovery)
        page.click("button[value=verify]")
        look("code-after-code", "Copy this code")
        page.goto(f"{issuer}/end-session?client_id={long_client}")
        look("sign-out-asked", "asks to sign you out")
        page.click("button[value=stay]")
        page.click("button[value=sign-out]")
        look("signed-out", "You are signed out")
        browser.close()

    print(json.dumps(gallery.told()))


main()
