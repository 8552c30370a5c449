"""What comes of sign-ins at providers of identities, each in a browser of its own; among them are those that an attacker bends.

Usage: provider_attempts.py ISSUER PAGE PROVIDER OTHER LATE

ISSUER signs people in; PAGE is its page for a request of an application. PROVIDER and OTHER are providers behind it, and so is LATE,
whose clock is an hour behind. Prints what came of each attempt: the claims of the token, or the code of the refusal.
"""

import base64
import json
import sys
import urllib.parse
import urllib.request

from chromium import LOCAL, launch
from playwright.sync_api import sync_playwright
from provider_login import depart, sign_in

# Of RFC 7636, appendix B, as in PAGE.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
BUTTONS = {"provider": "Example login", "other": "Other login", "late": "Late login"}


def changed(url, **parameters):
    """The URL with parameters in place of those that it has; none where the value is none."""
    parts = urllib.parse.urlsplit(url)
    query = dict(urllib.parse.parse_qsl(parts.query)) | parameters
    query = {name: value for name, value in query.items() if value is not None}
    return urllib.parse.urlunsplit(parts._replace(query=urllib.parse.urlencode(query)))


def parameter(url, name):
    return urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)[name][0]


class World:
    def __init__(self, browser, issuer, request, provider):
        self.browser, self.issuer, self.request, self.provider = browser, issuer, request, provider

    def page(self):
        return self.browser.new_context(java_script_enabled=False).new_page()

    def at(self, place, name, page=None):
        """A person who has signed in at a provider and is asked whether to agree."""
        page = page or self.page()
        depart(page, self.request, BUTTONS[place])
        sign_in(page, name)
        return page

    def answer(self, page):
        """The person agrees, and the answer that the browser would go on with is held back."""
        form = page.get_attribute("form", "action")
        answer = page.context.request.post(form, form={"prompt": "consent"}, max_redirects=0)
        while "/callback/" not in answer.headers["location"]:
            answer = page.context.request.get(answer.headers["location"], max_redirects=0)
        return answer.headers["location"]

    def shown(self, page, url):
        """What the issuer says to an answer: an application's code is redeemed."""
        answer = page.context.request.get(url, max_redirects=0)
        refusal = answer.headers.get("sigstead-code")
        home = page.context.request.get(f"{self.issuer}/").text()
        assert ("<h1>Signed in</h1>" in home) == (refusal is None), (refusal, home)
        return refusal or self.claims(answer.headers["location"])

    def claims(self, location):
        form = {
            "grant_type": "authorization_code",
            "code": parameter(location, "code"),
            "redirect_uri": parameter(self.request, "redirect_uri"),
            "client_id": "sigstore",
            "code_verifier": VERIFIER,
        }
        data = urllib.parse.urlencode(form).encode()
        with urllib.request.urlopen(f"{self.issuer}/token", data=data, timeout=10) as answer:
            payload = json.load(answer)["id_token"].split(".")[1]
        return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))

    def signed_in(self, place, name):
        page = self.at(place, name)
        return self.shown(page, self.answer(page))

    def bent(self, **parameters):
        """Somebody changes what the person is sent to the provider with."""
        page = self.page()
        asked = f"{self.provider}/auth?*"
        page.route(asked, lambda route: route.continue_(url=changed(route.request.url, **parameters)))
        self.at("provider", "bea", page)
        return self.shown(page, self.answer(page))


def unknown(world):
    """Nobody comes back whom the provider does not know."""
    page = world.page()
    depart(page, world.request, BUTTONS["provider"])
    page.fill("input[name=login]", "nobody")
    page.fill("input[name=password]", "any")
    page.click("button[type=submit]")
    page.wait_for_load_state()
    assert page.url.startswith(world.provider), page.url
    home = page.context.request.get(f"{world.issuer}/").text()
    assert "<h1>Signed in</h1>" not in home, home
    return "stays there"


def cancelled(world, page):
    """The link that leads back, on the provider's page."""
    with page.expect_navigation() as led:
        page.click("text=Cancel")
    assert page.inner_text("[role=alert]"), page.content()
    return led.value.headers["sigstead-code"]


def cancelled_at_login(world):
    page = world.page()
    depart(page, world.request, BUTTONS["provider"])
    return cancelled(world, page)


def replayed(world):
    page = world.at("provider", "bea")
    answer = world.answer(page)
    assert world.shown(page, answer)["email"] == "bea@example.com"
    return page.context.request.get(answer, max_redirects=0).headers["sigstead-code"]


def with_another_answer(world, place, **parameters):
    """The answer of somebody else's sign-in at `place`, with the state of this person's sign-in at the provider."""
    page, theirs = world.at("provider", "bea"), world.at(place, "eve")
    mine, other = world.answer(page), world.answer(theirs)
    parameters = {"code": parameter(other, "code")} | parameters
    return world.shown(page, changed(mine, **parameters))


def in_another_browser(world):
    page, theirs = world.at("provider", "bea"), world.at("provider", "eve")
    return world.shown(theirs, world.answer(page))


def at_another_place(world):
    """A provider's own answer, given to the address of another."""
    page = world.at("other", "bea")
    return world.shown(page, world.answer(page).replace("/callback/other", "/callback/login"))


def main():
    issuer, request, provider, other, late = sys.argv[1:6]
    with sync_playwright() as playwright:
        browser = launch(playwright, LOCAL)
        world = World(browser, issuer, request, provider)
        attempts = {
            "right": lambda: world.signed_in("provider", "bea"),
            "same address elsewhere": lambda: world.signed_in("other", "bea"),
            "linked": lambda: world.signed_in("provider", "linked"),
            "unlinked": lambda: world.signed_in("other", "linked"),
            "address of an account": lambda: world.signed_in("provider", "alice"),
            "unverified": lambda: world.signed_in("provider", "unverified"),
            "other domain": lambda: world.signed_in("provider", "guest"),
            "expired": lambda: world.signed_in("late", "bea"),
            "unknown": lambda: unknown(world),
            "cancelled": lambda: cancelled_at_login(world),
            "denied": lambda: cancelled(world, world.at("provider", "bea")),
            "nonce": lambda: world.bent(nonce="A" * 43),
            "no nonce": lambda: world.bent(nonce=None),
            "challenge": lambda: world.bent(code_challenge="E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            "state": lambda: world.bent(state="A" * 43),
            "replayed": lambda: replayed(world),
            "another's code": lambda: with_another_answer(world, "provider"),
            "mix-up": lambda: with_another_answer(world, "other", iss=other),
            "mix-up without iss": lambda: with_another_answer(world, "other", iss=None),
            "another browser": lambda: in_another_browser(world),
            "another place": lambda: at_another_place(world),
        }
        outcomes = {name: attempt() for name, attempt in attempts.items()}
        browser.close()
    print(json.dumps(outcomes))


main()
