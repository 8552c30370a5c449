//! What becomes of each case.

/// The cases that are accepted.
pub(crate) const ACCEPTED: [&str; 21] = [
    "bundle-with-sct-with-extensions",
    "happy-path-intoto-in-dsse-v3",
    "happy-path-v0.1",
    "happy-path-v0.2",
    "happy-path-v0.3",
    "happy-path-v0.3-new-mediaType",
    "intoto-with-custom-trust-root",
    "managed-key-and-trusted-root",
    "managed-key-happy-path",
    "rekor2-checkpoint-cosigned",
    "rekor2-checkpoint-multiple-cosigs",
    "rekor2-checkpoint-origin-not-first",
    "rekor2-checkpoint-two-sigs-cosigned",
    "rekor2-checkpoint-two-sigs-from-origin",
    "rekor2-dsse-happy-path",
    "rekor2-happy-path",
    "rekor2-timestamp-with-embedded-cert",
    "rekor2-timestamp-with-expired-cert-chain",
    "rekor2-timestamp-without-embedded-cert",
    "trust-root-tlog-validity-end-inclusive",
    "trust-root-tsa-validity-end-inclusive",
];

/// The cases that are refused, with the code of the check that refuses them.
pub(crate) const REFUSED: [(&str, &str); 49] = [
    ("bundle-empty-certificate-chain_fail", "E-VERIFY-005"),
    ("bundle-from-wrong-instance_fail", "E-VERIFY-014"),
    ("bundle-invalid-base64-signature_fail", "E-VERIFY-001"),
    ("bundle-malformed-json_fail", "E-VERIFY-001"),
    ("bundle-negative-log-index_fail", "E-VERIFY-001"),
    ("bundle-unknown-version_fail", "E-VERIFY-002"),
    // Its inclusion proof has no checkpoint, which is refused before the certificates, of which all but the first are ignored.
    ("bundle-with-root-cert_fail", "E-VERIFY-003"),
    ("checkpoint-bad-keyhint_fail", "E-VERIFY-018"),
    ("checkpoint-wrong-roothash_fail", "E-VERIFY-017"),
    ("dsse-invalid-sig_fail", "E-VERIFY-010"),
    ("dsse-mismatch-envelope_fail", "E-VERIFY-013"),
    ("dsse-mismatch-sig_fail", "E-VERIFY-013"),
    ("inclusion-proof-corrupted-hash_fail", "E-VERIFY-016"),
    ("incorrect-public-key_fail", "E-VERIFY-013"),
    ("integrated-time-in-future_fail", "E-VERIFY-024"),
    ("intoto-expired-certificate_fail", "E-VERIFY-024"),
    ("intoto-log-entry-mismatch_fail", "E-VERIFY-013"),
    ("intoto-missing-inclusion-proof_fail", "E-VERIFY-003"),
    (
        "intoto-set-outside-signing-cert-validity_fail",
        "E-VERIFY-024",
    ),
    (
        "intoto-tsa-timestamp-outside-cert-validity_fail",
        "E-VERIFY-024",
    ),
    ("invalid-checkpoint-signature_fail", "E-VERIFY-018"),
    ("invalid-ct-key_fail", "E-VERIFY-027"),
    // The same: its inclusion proof has no checkpoint.
    ("invalid-inclusion-proof_fail", "E-VERIFY-003"),
    ("managed-key-no-key_fail", "E-VERIFY-006"),
    // Its key.pub is no key at all, so `sigctl` refuses it before the bundle is read.
    ("managed-key-wrong-key_fail", "E-CTL-012"),
    ("message-digest-mismatch_fail", "E-VERIFY-007"),
    (
        "rekor2-checkpoint-missing-log-signature_fail",
        "E-VERIFY-017",
    ),
    ("rekor2-checkpoint-missing-origin_fail", "E-VERIFY-017"),
    ("rekor2-checkpoint-missing-root-hash_fail", "E-VERIFY-017"),
    ("rekor2-checkpoint-missing-size_fail", "E-VERIFY-017"),
    (
        "rekor2-checkpoint-no-matching-signature_fail",
        "E-VERIFY-017",
    ),
    ("rekor2-dsse-invalid-sig_fail", "E-VERIFY-010"),
    ("rekor2-dsse-mismatch-envelope_fail", "E-VERIFY-013"),
    ("rekor2-dsse-mismatch-sig_fail", "E-VERIFY-013"),
    ("rekor2-no-inclusion-proof_fail", "E-VERIFY-003"),
    ("rekor2-no-timestamp_fail", "E-VERIFY-022"),
    (
        "rekor2-timestamp-outside-trust-root-tsa-validity_fail",
        "E-VERIFY-021",
    ),
    (
        "rekor2-timestamp-outside-tsa-cert-validity_fail",
        "E-VERIFY-020",
    ),
    ("rekor2-timestamp-payload-mismatch_fail", "E-VERIFY-020"),
    (
        "rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail",
        "E-VERIFY-022",
    ),
    (
        "rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail",
        "E-VERIFY-022",
    ),
    // The base64 of its timestamp has line feeds.
    ("rekor2-timestamp-with-incorrect-time_fail", "E-VERIFY-001"),
    ("set-invalid-signature_fail", "E-VERIFY-015"),
    ("signature-mismatch_fail", "E-VERIFY-010"),
    (
        "trust-root-tlog-missing-validity-start_fail",
        "E-VERIFY-023",
    ),
    ("wrong-hashedrekord-artifact_fail", "E-VERIFY-013"),
    ("wrong-hashedrekord-cert-and-sig_fail", "E-VERIFY-013"),
    ("wrong-hashedrekord-entry_fail", "E-VERIFY-013"),
    ("wrong-material_fail", "E-VERIFY-007"),
];
