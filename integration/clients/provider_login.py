"""A person at the issuer's own page whose account is at a provider: presses its button, signs in there, agrees, and comes back.

Usage: provider_login.py URL NAME [OUTCOME]

OUTCOME is `code` (the default): the client gets its answer; or `device`: a device is connected. A client starts it as the browser
of the system.
"""

import sys

from chromium import LOCAL, launch
from playwright.sync_api import sync_playwright

LOGIN = "input[name=prompt][value=login]"
CONSENT = "input[name=prompt][value=consent]"


def depart(page, url, button):
    """From the sign-in page to the provider's, by a page that sends the browser on."""
    page.goto(url)
    page.click(f"text=Sign in with {button}", no_wait_after=True)
    page.wait_for_selector(LOGIN, state="attached", timeout=60_000)


def sign_in(page, name):
    """At the provider, up to the question whether the issuer may know who it is."""
    page.fill("input[name=login]", name)
    page.fill("input[name=password]", "any")
    page.click("button[type=submit]")
    page.wait_for_selector(CONSENT, state="attached", timeout=60_000)


def main():
    url, name = sys.argv[1:3]
    outcome = sys.argv[3] if len(sys.argv) > 3 else "code"
    with sync_playwright() as playwright:
        browser = launch(playwright, LOCAL)
        page = browser.new_page(java_script_enabled=False)
        depart(page, url, "Example login")
        sign_in(page, name)
        if outcome == "code":
            page.click("button[type=submit]", no_wait_after=True)
            page.wait_for_url(lambda address: "/callback/" not in address and "code=" in address, timeout=60_000)
        else:
            page.click("button[type=submit]")
            page.click("button[value=continue]")
            page.wait_for_selector("text=Device connected", timeout=60_000)
        browser.close()


if __name__ == "__main__":
    main()
