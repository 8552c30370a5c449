"""Parses certificates with cryptography: root, intermediate, precertificate, leaf.

Prints of each the serial number, and "signed" if the one before it (for the leaf, the intermediate) signed it.
"""

import sys

from cryptography import x509

parsed = []
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        certificate = x509.load_der_x509_certificate(file.read())
    # Extensions are read when they are asked for.
    list(certificate.extensions)
    parsed.append(certificate)
for certificate, issuer in zip(parsed, (0, 0, 1, 1)):
    certificate.verify_directly_issued_by(parsed[issuer])
    print(f"{certificate.serial_number:x} signed")
