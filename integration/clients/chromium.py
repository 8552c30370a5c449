"""The browser of the tests: headless, and quiet about what is not on the page."""

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# For pages of others, which ask for a font of the internet.
LOCAL = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost"


def launch(playwright, *more):
    """A browser with `more` flags than every one has."""
    return playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[*FLAGS, *more])
