"""The page for clients, which the trust root's service shows, in headless Chromium.

Usage: client_page.py AXE URL [SCREENSHOT_FOLDER]. AXE is the file `axe.min.js`.
Prints {"pages": [names], "faults": [sentences]}.
"""

import json
import sys

from chromium import launch
from gallery import Gallery
from playwright.sync_api import sync_playwright


def main():
    axe, url = sys.argv[1:3]
    folder = sys.argv[3] if len(sys.argv) > 3 else None
    with open(axe, encoding="utf-8") as file:
        axe = file.read()
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page()
        gallery = Gallery(page, axe, folder)
        refused = []
        page.on("requestfailed", lambda request: refused.append(request.url))
        page.on("console", lambda message: refused.append(message.text))
        page.goto(url)
        gallery.look("clients", "First compare the fingerprint")
        for link in page.locator("nav a").all():
            target = link.get_attribute("href")
            if page.locator(target).count() != 1:
                gallery.faults.append(f"{target} leads nowhere")
        # What the policy of the service forbids is told here, and so is a style that is not there.
        gallery.faults += [f"the browser says {what}" for what in refused]
        with page.expect_download() as download:
            page.get_by_role("link", name="client-kit.tar.gz", exact=True).click()
        gallery.pages.append(download.value.suggested_filename)
        browser.close()
    print(json.dumps(gallery.told()))


main()
