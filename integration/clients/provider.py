"""An issuer of any kind on loopback: TLS, discovery documents and keys, and tokens with whatever claims are wanted.

Usage: provider.py serve FOLDER PORT    (makes what it needs in FOLDER, says "ready", serves until it is ended)
       provider.py cluster FOLDER PORT  (the same as the API server of a Kubernetes cluster, see below)
       provider.py token FOLDER ALG     (signs the claims on standard input with RS256 or ES256, for five minutes from now)

Every path of the server is an issuer: https://localhost:PORT/PATH. The API server is one issuer, under the name that a
cluster has for its pods. It shows its documents to a caller with the credential of a pod, which lies in FOLDER/pod as the
cluster would put it into the pod.
"""

import datetime
import http.server
import ipaddress
import json
import pathlib
import secrets
import ssl
import sys
import time

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/keys"
CLUSTER = "https://kubernetes.default.svc.cluster.local"
CLUSTER_KEYS = "/openid/v1/jwks"


def write_key(path, key):
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key.private_bytes(*form))


def certificate(subject, key, issuer, issuer_key, extensions):
    def named(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(subject))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def make(folder):
    """Keys for tokens, their public halves as a set, and a certificate by an authority of its own."""
    keys = {"RS256": rsa.generate_private_key(65537, 2048), "ES256": ec.generate_private_key(ec.SECP256R1())}
    published = []
    for (name, key), kind in zip(keys.items(), (RSAAlgorithm, ECAlgorithm)):
        write_key(folder / f"{name}.pem", key)
        public = kind.to_jwk(key.public_key(), as_dict=True)
        published.append({k: v for k, v in public.items() if k != "key_ops"} | {"kid": name, "alg": name, "use": "sig"})
    (folder / "keys.json").write_text(json.dumps({"keys": published}))

    authority, server = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certifies = [(x509.BasicConstraints(ca=True, path_length=0), True)]
    serves = [(names, False), (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)]
    (folder / "ca.pem").write_bytes(certificate("provider root", authority, "provider root", authority, certifies))
    write_key(folder / "tls.key", server)
    (folder / "tls.pem").write_bytes(certificate("localhost", server, "provider root", authority, serves))


def discovery(issuer, keys):
    document = {
        "issuer": issuer,
        "jwks_uri": keys,
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
    }
    return json.dumps(document).encode()


class Documents(http.server.BaseHTTPRequestHandler):
    def document(self):
        base = f"https://localhost:{self.server.server_port}"
        if self.path.endswith(DISCOVERY):
            return discovery(base + self.path.removesuffix(DISCOVERY), base + KEYS)
        return self.server.keys if self.path == KEYS else None

    def do_GET(self):
        body = self.document()
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class ClusterDocuments(Documents):
    def document(self):
        # The address of a node, which pods do not reach.
        documents = {DISCOVERY: discovery(CLUSTER, f"https://192.0.2.1:6443{CLUSTER_KEYS}"), CLUSTER_KEYS: self.server.keys}
        return documents.get(self.path)

    def do_GET(self):
        if self.headers.get("Authorization") == f"Bearer {self.server.credential}":
            super().do_GET()
        else:
            self.send_error(403)


def serve(folder, port, documents):
    make(folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), documents)
    server.keys = (folder / "keys.json").read_bytes()
    server.credential = secrets.token_urlsafe(32)
    pod = folder / "pod"
    pod.mkdir()
    (pod / "token").write_text(server.credential)
    (pod / "ca.crt").write_bytes((folder / "ca.pem").read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.pem", folder / "tls.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    print("ready", flush=True)
    server.serve_forever()


def token(folder, algorithm):
    key = (folder / f"{algorithm}.pem").read_text()
    now = int(time.time())
    claims = {"iat": now, "exp": now + 300} | json.load(sys.stdin)
    print(jwt.encode(claims, key, algorithm=algorithm, headers={"kid": algorithm}))


verb, place, last = sys.argv[1:4]
if verb == "token":
    token(pathlib.Path(place), last)
else:
    serve(pathlib.Path(place), int(last), ClusterDocuments if verb == "cluster" else Documents)
