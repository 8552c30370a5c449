"""Writes vectors.json beside it: the certificates that Fulcio issues for tokens of every kind.

Usage: record.py FULCIO > vectors.json, where FULCIO is the program of version 1.8.8:
`go install github.com/sigstore/fulcio@v1.8.8`. Needs the Python package `cryptography`. Talks to loopback only.
"""

import base64
import datetime
import http.server
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

ISSUERS = "http://127.0.0.1:23800"
FULCIO = "http://127.0.0.1:23801"
ARCS = "1.3.6.1.4.1.57264.1."


def github(**changes):
    return {
        "sub": "repo:acme/app:ref:refs/heads/main",
        "event_name": "push",
        "sha": "d1e2",
        "workflow": "release",
        "repository": "acme/app",
        "ref": "refs/heads/main",
        "job_workflow_ref": "acme/app/.github/workflows/a.yml@refs/heads/main",
        "job_workflow_sha": "a3b4",
        "runner_environment": "github-hosted",
        "repository_id": "1234",
        "repository_owner": "acme",
        "repository_owner_id": "56",
        "repository_visibility": "private",
        "workflow_ref": "acme/app/.github/workflows/b.yml@refs/heads/main",
        "workflow_sha": "c5d6",
        "run_id": "42",
        "run_attempt": "1",
    } | changes


def on(branch):
    return github(job_workflow_ref=f"acme/app/.github/workflows/a.yml@refs/heads/{branch}")


def gitlab(**changes):
    return {
        "sub": "project_path:g/p:ref_type:branch:ref:main",
        "project_path": "g/p",
        "project_id": "20",
        "pipeline_source": "push",
        "pipeline_id": "648",
        "ci_config_ref_uri": "gitlab.com/g/p//.gitlab-ci.yml@refs/heads/main",
        "ci_config_sha": "7489",
        "namespace_path": "g",
        "namespace_id": "9",
        "job_id": "302",
        "ref": "main",
        "ref_type": "branch",
        "sha": "714a",
        "runner_environment": "gitlab-hosted",
        "runner_id": 1,
        "project_visibility": "public",
    } | changes


def codefresh(**changes):
    return {
        "sub": "account:628a:pipeline:65e5",
        "account_id": "628a",
        "account_name": "acme",
        "pipeline_id": "65e5",
        "pipeline_name": "web/build",
        "workflow_id": "64f4",
    } | changes


def circleci(rerun):
    claims = "project-id pipeline-id pipeline-definition-id workflow-id job-id vcs-ref vcs-origin"
    token = {f"oidc.circleci.com/{claim}": f"{claim}-1" for claim in claims.split()}
    return token | {"sub": "org/7c1a/project/11", "oidc.circleci.com/ssh-rerun": rerun}


def buddy(**changes):
    return {
        "sub": "workspace:acme:project:app:pipeline:7",
        "workspace_domain": "acme",
        "project_name": "app",
        "pipeline_id": 7,
        "execution_id": "5f-1",
        "triggered_on": "ON_EVERY_PUSH",
        "runner_environment": "buddy-hosted",
    } | changes


def kubernetes(namespace, name, subject=None):
    subject = subject or f"system:serviceaccount:{namespace}:{name}"
    account = {"namespace": namespace, "serviceaccount": {"name": name, "uid": "f572"}}
    return {"sub": subject, "kubernetes.io": account}


def person(email, **changes):
    return {"sub": "1", "email": email, "email_verified": True} | changes


def without(token, *claims):
    return {claim: value for claim, value in token.items() if claim not in claims}


BUILDKITE = {
    "sub": "organization:acme:pipeline:app",
    "organization_slug": "acme",
    "pipeline_slug": "app",
    "build_number": 1,
    "job_id": "0190-aa",
    "build_commit": "1a",
    "build_source": "webhook",
    "runner_environment": "self-hosted",
}

BRANCHES = ["fix#1", "why?", "a?b#c", "a b", "größe", "50%zz", "50%", "a%2fb", "a//b", "a/../b", "a/./b", "x/", "(a)'b"]

TOKENS = {
    "github": [github(), without(github(), "repository_visibility"), github(run_id=42), github(sha=""), *map(on, BRANCHES)],
    "github-ci": [
        github(),
        github(environment="production"),
        github(environment=None),
        github(environment=["a"]),
        github(url="https://elsewhere.example"),
        github(run_id=42, run_attempt=1.5),
        github(run_id=9007199254740993),
        github(run_id=1e21),
        github(run_id=True),
        github(sha=""),
        without(github(), "sha"),
        *map(on, BRANCHES),
    ],
    "gitlab": [
        gitlab(),
        gitlab(ref_type="tag"),
        gitlab(ref_type="merge"),
        gitlab(runner_id=0),
        gitlab(runner_id="1"),
        without(gitlab(), "ci_config_sha", "project_visibility"),
        gitlab(ci_config_ref_uri="gitlab.example.com:8443/g/p//ci.yml@refs/heads/main"),
        gitlab(ci_config_ref_uri="gitlab.com/g/p//ci.yml@refs/heads/fix#1"),
        gitlab(ci_config_ref_uri="gitlab.com/g/p//ci.yml@refs/heads/größe"),
        gitlab(project_path="g//p/"),
    ],
    "gitlab-ci": [
        gitlab(),
        gitlab(ref_type="tag"),
        gitlab(ref_type="merge"),
        gitlab(environment="production"),
        gitlab(ci_config_ref_uri="gitlab.example.com:8443/g/p//ci.yml@refs/heads/fix#1"),
        without(gitlab(), "ci_config_sha"),
    ],
    "buildkite": [BUILDKITE, BUILDKITE | {"pipeline_slug": "a b?c"}, without(BUILDKITE, "pipeline_slug")],
    "buildkite-ci": [BUILDKITE, BUILDKITE | {"pipeline_slug": "a b?c"}],
    "codefresh": [
        codefresh(),
        codefresh(scm_repo_url="https://github.com/acme/web", scm_ref="main", runner_environment="hybrid"),
        codefresh(platform_url="https://codefresh.example.com/x"),
        codefresh(platform_url="codefresh.example.com"),
        codefresh(account_name=""),
        without(codefresh(), "pipeline_name"),
        without(codefresh(), "workflow_id"),
    ],
    "codefresh-ci": [
        codefresh(),
        codefresh(scm_repo_url="https://github.com/acme/web", scm_ref="main", runner_environment="hybrid"),
        codefresh(platform_url="https://codefresh.example.com/x"),
        codefresh(platform_url="codefresh.example.com"),
    ],
    "circleci-ci": [circleci(False), circleci(True), circleci("true"), without(circleci(False), "oidc.circleci.com/vcs-ref")],
    "buddy-ci": [buddy(), buddy(base_url="https://eu.buddy.works", revision="1a", ref="refs/heads/main"), buddy(pipeline_id="7")],
    "chainguard": [
        {"sub": "18d6/4f2a"},
        {"sub": "18d6/4f2a", "act": {"iss": "a"}},
        {"sub": "18d6/4f2a", "act": "a"},
        {"sub": "18d6/4f2a", "act": {"iss": 1}},
        {"sub": "a//b/../c#d"},
        person("a@example.com"),
        person("a@example.com", email_verified=False),
        without(person("a@example.com"), "email_verified"),
        person(""),
    ],
    "kubernetes": [
        kubernetes("default", "web"),
        kubernetes("default", "web.app"),
        kubernetes("", ""),
        kubernetes("a b", "web"),
        kubernetes("default", "web", "system:serviceaccount:default:other"),
        {"sub": "system:serviceaccount:default:web"},
    ],
    "spiffe": [
        {"sub": subject}
        for subject in [
            "spiffe://example.org/ns/default/sa/web",
            "spiffe://example.org",
            "spiffe://example.com/x",
            "spiffe://example.org/x/",
            "spiffe://example.org/../x",
            "spiffe://Example.org/x",
            "https://example.org/x",
        ]
    ],
    "uri": [
        {"sub": subject}
        for subject in [
            "http://127.0.0.1/1",
            "HTTP://127.0.0.1/1",
            "http://127.0.0.1:8443/a b#",
            "http://127.0.0.1/ä?x",
            "http://127.0.0.1/?ä",
            "http://user@127.0.0.1/1",
            "http://127.0.0.1.example.org/1",
            "https://127.0.0.1/1",
            "workload",
            "http://127.0.0.1/%zz",
        ]
    ]
    + [{"sub": "http://127.0.0.1/1", "email": "a@example.com", "email_verified": True}],
    "username": [
        {"sub": subject}
        for subject in ["alice", "zoë", "a!b", "a@example.com", "ü@example.com", '"a b"@example.com', "alice@host", "a b"]
    ],
    "email": [
        *map(
            person,
            [
                "a@example.com",
                "A@Example.com",
                "first.last+tag@example.co.uk",
                ".a@example.com",
                "a..b@example.com",
                "a@1.2.3.4",
                "a@localhost",
                '"a b"@example.com',
                "ä@example.com",
                "a@exämple.com",
                "a",
                "",
            ],
        ),
        person("a@example.com", email_verified="true"),
        person("a@example.com", email_verified="True"),
        person("a@example.com", email_verified="TRUE"),
        person("a@example.com", email_verified=1),
        person("a@example.com", email_verified=None),
        person("a@example.com", email_verified=False),
        without(person("a@example.com"), "email_verified"),
    ],
    "federated": [
        person("a@example.com", federated_claims={"connector_id": "https://idp.example"}),
        person("a@example.com", federated_claims={"connector_id": 7}),
        person("a@example.com", federated_claims={"connector_id": ""}),
        person("a@example.com", federated_claims={}),
        person("a@example.com"),
    ],
    "namespaced": [person("a@example.com", **{"https://ns.example/issuer": "https://idp.example"})],
}

SETTINGS = {
    "github": {"type": "github-workflow"},
    "gitlab": {"type": "gitlab-pipeline"},
    "buildkite": {"type": "buildkite-job"},
    "codefresh": {"type": "codefresh-workflow"},
    "chainguard": {"type": "chainguard-identity"},
    "kubernetes": {"type": "kubernetes"},
    "spiffe": {"type": "spiffe", "spiffe-trust-domain": "example.org"},
    "uri": {"type": "uri", "subject-domain": "http://127.0.0.1"},
    "username": {"type": "username", "subject-domain": "127.0.0.1"},
    "email": {"type": "email"},
    "federated": {"type": "email", "issuer-claim": "$.federated_claims.connector_id"},
    "namespaced": {"type": "email", "issuer-claim": "$['https://ns.example/issuer']"},
    "github-ci": {"type": "ci-provider", "ci-provider": "github-workflow"},
    "gitlab-ci": {"type": "ci-provider", "ci-provider": "gitlab-pipeline"},
    "buildkite-ci": {"type": "ci-provider", "ci-provider": "buildkite-job"},
    "codefresh-ci": {"type": "ci-provider", "ci-provider": "codefresh-workflow"},
    "circleci-ci": {"type": "ci-provider", "ci-provider": "circleci-job"},
    "buddy-ci": {"type": "ci-provider", "ci-provider": "buddy-pipeline"},
}


def configuration():
    """The shipped descriptions of providers, and an issuer on this machine for each kind of token."""
    shipped = (pathlib.Path(__file__).parent / "config.yaml").read_text()
    anchors = shipped[shipped.index("define:") : shipped.index("oidc-issuers:")]
    providers = shipped[shipped.index("ci-issuer-metadata:") :]
    lines = []
    for name, setting in SETTINGS.items():
        url = f"{ISSUERS}/{name}"
        lines.append(f"  {url}: " + json.dumps({"issuer-url": url, "client-id": "sigstore"} | setting))
    return anchors + "oidc-issuers:\n" + "\n".join(lines) + "\n" + providers


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer(http.server.BaseHTTPRequestHandler):
    key = rsa.generate_private_key(65537, 2048)

    def do_GET(self):
        issuer = ISSUERS + "/" + self.path.split("/")[1]
        if self.path.endswith("/keys"):
            numbers = self.key.public_key().public_numbers()
            key = {"kty": "RSA", "kid": "1", "alg": "RS256", "use": "sig", "e": "AQAB", "n": b64(numbers.n.to_bytes(256))}
            document = {"keys": [key]}
        else:
            document = {"issuer": issuer, "jwks_uri": issuer + "/keys", "id_token_signing_alg_values_supported": ["RS256"]}
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def sign(claims):
    times = {"aud": "sigstore", "exp": int(time.time()) + 600, "iat": int(time.time())}
    parts = [{"alg": "RS256", "kid": "1"}, claims | times]
    signed = ".".join(b64(json.dumps(part).encode()) for part in parts)
    return signed + "." + b64(Issuer.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))


def ask(claims, name):
    """The certificate, or what Fulcio says instead."""
    key = ec.generate_private_key(ec.SECP256R1())
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    request = {
        "credentials": {"oidcIdentityToken": sign(claims)},
        "publicKeyRequest": {
            "publicKey": {"algorithm": "ECDSA", "content": key.public_key().public_bytes(*form).decode()},
            "proofOfPossession": base64.b64encode(key.sign(name.encode(), ec.ECDSA(hashes.SHA256()))).decode(),
        },
    }
    headers = {"Content-Type": "application/json"}
    try:
        post = urllib.request.Request(FULCIO + "/api/v2/signingCert", json.dumps(request).encode(), headers)
        with urllib.request.urlopen(post) as response:
            chain = next(iter(json.load(response).values()))["chain"]["certificates"]
            return x509.load_pem_x509_certificate(chain[0].encode()), None
    except urllib.error.HTTPError as error:
        return None, json.load(error)["message"]


def names(certificate):
    """Kind and text of each name, from DER: the reader of `cryptography` refuses what is not plain."""
    found = certificate.extensions.get_extension_for_oid(x509.ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    der = found.value.public_bytes()
    kind, content = der[2 if der[1] < 128 else 2 + (der[1] & 127)], None
    rest = der[2 if der[1] < 128 else 2 + (der[1] & 127) :]
    header = 2 if rest[1] < 128 else 2 + (rest[1] & 127)
    content = rest[header:]
    if kind == 0xA0:
        # The identifier of the type, then [0] and a UTF8String in it.
        content = content[2 + content[1] + 4 :]
    return {0x81: "email", 0x86: "uri", 0xA0: "other"}[kind], content.decode()


def told(certificate):
    found = {}
    for extension in certificate.extensions:
        oid = extension.oid.dotted_string
        if oid.startswith(ARCS):
            arc, value = int(oid[len(ARCS) :]), extension.value.value
            if arc > 6:
                value = value[2 if value[1] < 128 else 2 + (value[1] & 127) :]
            found[arc] = value.decode()
    return {str(arc): found[arc] for arc in sorted(found)}


def record(claims):
    candidates = [claims.get(claim) for claim in ("sub", "email") if claims.get(claim)]
    for name in candidates:
        certificate, refusal = ask(claims, name)
        if certificate:
            kind, san = names(certificate)
            return {"name": name, "kind": kind, "san": san, "extensions": told(certificate)}
        if "signature supplied" not in refusal:
            break
    return {"refusal": refusal}


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 23800), Issuer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    text = configuration()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "config.yaml")
        path.write_text(text)
        flags = f"--ca ephemeralca --ct-log-url= --host 127.0.0.1 --port 23801 --grpc-host 127.0.0.1 --grpc-port 23802 --metrics-port 23803 --config-path {path}"
        with open(pathlib.Path(folder, "log"), "w") as log:
            fulcio = subprocess.Popen([sys.argv[1], "serve", *flags.split()], stdout=log, stderr=log)
        try:
            for _ in range(100):
                try:
                    urllib.request.urlopen(FULCIO + "/api/v2/configuration").close()
                    break
                except OSError:
                    time.sleep(0.1)
            vectors = []
            for issuer, tokens in TOKENS.items():
                for token in tokens:
                    claims = {"iss": f"{ISSUERS}/{issuer}"} | token
                    vectors.append({"claims": claims, "outcome": record(claims)})
        finally:
            fulcio.terminate()
            fulcio.wait()
    print(json.dumps({"fulcio": "v1.8.8", "config": text, "vectors": vectors}, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
