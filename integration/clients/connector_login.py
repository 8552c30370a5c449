"""A person at the issuer's own page whose account is elsewhere: opens the page that a client asked for, and signs in.

Usage: connector_login.py URL NAME PASSWORD [OUTCOME]

OUTCOME is `code` (the default): the client gets its answer; `device`: a device is connected; or what the page says otherwise, in
part. Ends with a failure if it comes out otherwise.
"""

import sys

from chromium import launch
from playwright.sync_api import sync_playwright


def main():
    url, name, password = sys.argv[1:4]
    outcome = sys.argv[4] if len(sys.argv) > 4 else "code"
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(java_script_enabled=False)
        page.goto(url)
        # The directory is chosen already: it is offered before the accounts of the issuer.
        assert page.is_checked("input[name=connector][value=company]"), page.content()
        page.fill("input[name=email]", name)
        page.fill("input[name=password]", password)
        if outcome == "code":
            page.click("button[value=sign-in]", no_wait_after=True)
            page.wait_for_url(lambda address: "code=" in address, timeout=60_000)
        elif outcome == "device":
            page.click("button[value=sign-in]")
            page.click("button[value=continue]")
            page.wait_for_selector("text=Device connected", timeout=60_000)
        else:
            page.click("button[value=sign-in]")
            said = page.inner_text("[role=alert]")
            assert outcome in said, said
        browser.close()


main()
