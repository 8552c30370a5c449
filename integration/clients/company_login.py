"""A person at the company's login: opens the page that a client asked for, signs in, and agrees.

Usage: company_login.py URL NAME

A client starts it as the browser of the system. It ends when the client has its answer.
"""

import sys

from chromium import LOCAL, launch
from playwright.sync_api import sync_playwright


def main():
    url, name = sys.argv[1:3]
    with sync_playwright() as playwright:
        browser = launch(playwright, LOCAL)
        page = browser.new_page()
        page.goto(url)
        page.fill("input[name=login]", name)
        page.fill("input[name=password]", "any")
        page.click("button[type=submit]")
        # The page of consent has a button and no fields.
        page.wait_for_selector("input[name=prompt][value=consent]", state="attached", timeout=60_000)
        page.click("button[type=submit]")
        page.wait_for_url(lambda address: "code=" in address, timeout=60_000)
        browser.close()


main()
