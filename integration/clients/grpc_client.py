"""Drives the six services over gRPC with types learned by reflection alone.

Usage: grpc_client.py INSTANCE.json, where the file holds {"ca", "tlog", "ctlog", "tsa", "tuf", "oidc"} as host:port
and "token", an identity token. Prints one JSON object with what each service answered.
"""

import base64
import hashlib
import json
import sys

import grpc
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf import descriptor_pool, message_factory
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)


class Client:
    """One service, known only by what its reflection says."""

    def __init__(self, address):
        self.channel = grpc.insecure_channel(address)
        self.database = ProtoReflectionDescriptorDatabase(self.channel)
        self.pool = descriptor_pool.DescriptorPool(self.database)

    def services(self):
        return sorted(self.database.get_services())

    def health(self, service=""):
        stub = health_pb2_grpc.HealthStub(self.channel)
        answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=5)
        return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)

    def message(self, name, **fields):
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(name))(**fields)

    def call(self, service, method, **fields):
        descriptor = self.pool.FindServiceByName(service).FindMethodByName(method)
        request = message_factory.GetMessageClass(descriptor.input_type)(**fields)
        answer = message_factory.GetMessageClass(descriptor.output_type)
        rpc = self.channel.unary_unary(
            f"/{service}/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer.FromString,
        )
        return rpc(request, timeout=10)


def refused(call):
    """The status code name of a call that must fail."""
    try:
        call()
    except grpc.RpcError as error:
        return error.code().name
    return "OK"


def subject_of(token):
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims.get("email", claims["sub"])


def timestamp_query(digest):
    """RFC 3161 §2.4.1: version 1, a SHA-256 imprint, the certificate wanted."""
    algorithm = bytes.fromhex("300d06096086480165030402010500")
    imprint = b"\x30" + bytes([len(algorithm) + 2 + len(digest)]) + algorithm + b"\x04\x20" + digest
    body = b"\x02\x01\x01" + imprint + b"\x01\x01\xff"
    return b"\x30" + bytes([len(body)]) + body


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        instance = json.load(file)
    clients = {name: Client(instance[name]) for name in ("ca", "tlog", "ctlog", "tsa", "tuf", "oidc")}
    answer = {
        "services": {name: client.services() for name, client in clients.items()},
        "health": {name: client.health() for name, client in clients.items()},
    }

    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    proof = key.sign(subject_of(instance["token"]).encode(), ec.ECDSA(hashes.SHA256()))

    def certificate(token):
        return clients["ca"].call(
            "dev.sigstore.fulcio.v2.CA",
            "CreateSigningCertificate",
            credentials={"oidc_identity_token": token},
            public_key_request={
                "public_key": {"algorithm": "ECDSA", "content": pem.decode()},
                "proof_of_possession": proof,
            },
        )

    chain = certificate(instance["token"]).signed_certificate_embedded_sct.chain.certificates
    answer["certificates"] = len(chain)
    answer["garbage_token"] = refused(lambda: certificate("garbage"))

    artifact = b"a blob signed over gRPC"
    digest = hashlib.sha256(artifact).digest()
    signature = key.sign(artifact, ec.ECDSA(hashes.SHA256()))
    der = base64.b64decode("".join(chain[0].strip().splitlines()[1:-1]))

    def entry(content):
        return clients["tlog"].call(
            "dev.sigstore.rekor.v2.Rekor",
            "CreateEntry",
            hashed_rekord_request_v002={
                "digest": digest,
                "signature": {
                    "content": content,
                    "verifier": {
                        "x509_certificate": {"raw_bytes": der},
                        "key_details": "PKIX_ECDSA_P256_SHA_256",
                    },
                },
            },
        )

    logged = entry(signature)
    answer["entry"] = {
        "kind": logged.kind_version.kind,
        "index_in_tree": logged.log_index < logged.inclusion_proof.tree_size,
        "checkpoint": logged.inclusion_proof.checkpoint.envelope != "",
    }
    answer["bad_signature"] = refused(lambda: entry(b"\x30\x00"))

    query = timestamp_query(hashlib.sha256(signature).digest())
    stamped = clients["tsa"].call("sigstead.timestamp.v1.TimestampAuthority", "Stamp", request=query)
    answer["timestamp_octets"] = len(stamped.response)
    answer["bad_query"] = refused(
        lambda: clients["tsa"].call("sigstead.timestamp.v1.TimestampAuthority", "Stamp", request=b"x")
    )

    root = clients["tuf"].call("sigstead.trustroot.v1.TrustRoot", "GetTrustedRoot")
    answer["trusted_root_fields"] = sorted(field.name for field, _ in root.ListFields())
    print(json.dumps(answer))


main()
