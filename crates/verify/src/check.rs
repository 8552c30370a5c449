//! The checks, each with its code, what is wrong when it fails, and what to do then: told once.

macro_rules! checks {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $problem:literal, $remedy:literal;)*) => {
        /// The checks of a verification. Codes are never given to another check.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Check {
            $($(#[$doc])* $name,)*
        }

        impl Check {
            /// All checks, in the order of their codes.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What is wrong when it fails: a sentence without its full stop.
            #[must_use]
            pub const fn problem(self) -> &'static str {
                match self { $(Self::$name => $problem,)* }
            }

            /// What to do then: a sentence without its full stop.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)* }
            }
        }
    };
}

checks! {
    /// The bundle is JSON of the bundle's shape, without members that no bundle has.
    BundleJson = "E-VERIFY-001",
        "the bundle is not well formed",
        "Check that the file is a Sigstore bundle and was copied whole";
    /// The media type is one of bundles 0.1 to 0.3.
    MediaType = "E-VERIFY-002",
        "the bundle's media type is not one of version 0.1 to 0.3",
        "Sign again with a current client, or update this verifier";
    /// The bundle has what its version demands, and nothing that its version does not have.
    BundleVersion = "E-VERIFY-003",
        "the bundle lacks a member of its version, or has one that its version does not have",
        "Sign again with a current client";
    /// The parts of the trusted root that the bundle needs can be read.
    TrustedRoot = "E-VERIFY-004",
        "an entry of the trusted root that the bundle needs cannot be used",
        "Fetch the trusted root again from the instance's TUF repository";
    /// The certificate of the bundle can be read.
    CertificateForm = "E-VERIFY-005",
        "the signing certificate cannot be read",
        "Sign again; if it happens again, the certificate authority is at fault";
    /// The bundle has a certificate when an identity is asked for, or none when a key is.
    SignerKind = "E-VERIFY-006",
        "the bundle is signed by a key where an identity is asked for, or the other way round",
        "Ask for the identity if the bundle has a certificate, and for the key if it has none";
    /// The artifact is the one that the bundle names.
    ArtifactDigest = "E-VERIFY-007",
        "the artifact is not the one that the bundle names",
        "Check that the artifact and the bundle belong together";
    /// The statement in the envelope has the artifact among its subjects.
    Statement = "E-VERIFY-008",
        "the attestation is not a statement about the artifact",
        "Check that the artifact and the attestation belong together";
    /// The envelope has exactly one signature.
    SignatureCount = "E-VERIFY-009",
        "the envelope has not exactly one signature",
        "Ask the signer for a bundle with one signature";
    /// The signature is one of the certified key over the artifact.
    Signature = "E-VERIFY-010",
        "the signature is not one of the signer's key over the artifact",
        "Treat the artifact as tampered with, and fetch artifact and bundle again from their source";
    /// The log entries are not more than anybody needs, and no log has two.
    EntryCount = "E-VERIFY-011",
        "the bundle has too many log entries, or two of one log",
        "Sign again with a client that logs its signatures once in each log";
    /// The kind and version of the entry are known, and the same in bundle and body.
    EntryKind = "E-VERIFY-012",
        "the log entry is of a kind or version that is not known here",
        "Update this verifier, or sign again with a current client";
    /// The entry's body is about this signature, artifact and certificate.
    EntryBody = "E-VERIFY-013",
        "the log entry is about another signature, artifact or certificate",
        "Treat the bundle as put together from parts, and do not use it";
    /// The log is in the trusted root.
    LogUnknown = "E-VERIFY-014",
        "the trusted root does not know the log of the entry",
        "Fetch the trusted root again, and check that the bundle is of this instance";
    /// The log's promise verifies.
    Promise = "E-VERIFY-015",
        "the log's signed entry timestamp does not verify",
        "Do not use the bundle: nothing proves that the log took the entry when it says";
    /// The inclusion proof leads from the entry to its root.
    Inclusion = "E-VERIFY-016",
        "the inclusion proof does not lead from the entry to the root of the log",
        "Do not use the bundle: nothing proves that the entry is in the log";
    /// The checkpoint is one, and of the tree that the proof is for.
    Checkpoint = "E-VERIFY-017",
        "the checkpoint is malformed, of another log, or of another tree than the proof",
        "Do not use the bundle: nothing proves that the entry is in the log";
    /// The checkpoint is signed by the log.
    CheckpointSignature = "E-VERIFY-018",
        "the checkpoint is not signed by the log",
        "Do not use the bundle: nothing proves that the entry is in the log";
    /// The timestamps are not more than anybody needs, and none stands twice.
    TimestampCount = "E-VERIFY-019",
        "the bundle has too many timestamps, or one of them twice",
        "Sign again with a current client";
    /// The timestamps verify.
    Timestamp = "E-VERIFY-020",
        "a timestamp does not verify",
        "Do not use the bundle: nothing proves when the signature was made";
    /// The timestamps lie in the validity of their authority.
    TimestampAuthorityTime = "E-VERIFY-021",
        "a timestamp lies outside the time for which its authority is trusted",
        "Fetch the trusted root again; an authority's keys are trusted for their time only";
    /// There is a verified time.
    TimeMissing = "E-VERIFY-022",
        "nothing that is trusted says when the signature was made",
        "Sign again with a timestamp authority of the instance";
    /// The log was trusted at the time.
    LogTime = "E-VERIFY-023",
        "the signature was made outside the time for which the log's key is trusted",
        "Fetch the trusted root again; a log's keys are trusted for their time only";
    /// The certificate was valid at the time.
    CertificateTime = "E-VERIFY-024",
        "the signature was made outside the validity of the signing certificate",
        "Sign again: the certificate must be used in the minutes that it is for";
    /// An authority of the trusted root issued the certificate for signing.
    CertificateChain = "E-VERIFY-025",
        "no certificate authority of the trusted root issued the signing certificate",
        "Fetch the trusted root again, and check that the bundle is of this instance";
    /// The authority was trusted at the time.
    AuthorityTime = "E-VERIFY-026",
        "the signature was made outside the time for which the certificate authority is trusted",
        "Fetch the trusted root again; an authority's keys are trusted for their time only";
    /// The certificate carries the promise of a known certificate log.
    SctMissing = "E-VERIFY-027",
        "no certificate log of the trusted root promised to log the signing certificate",
        "Fetch the trusted root again, and check that the bundle is of this instance";
    /// The promises of the certificate verify.
    Sct = "E-VERIFY-028",
        "a signed certificate timestamp of the signing certificate does not verify",
        "Do not use the bundle: the certificate may have been issued in secret";
    /// The certificate log was trusted at the time of its promise.
    SctTime = "E-VERIFY-029",
        "the signed certificate timestamp lies outside the time for which its log is trusted",
        "Fetch the trusted root again; a log's keys are trusted for their time only";
    /// The identity is the one asked for.
    Identity = "E-VERIFY-030",
        "the signer has another identity than asked for",
        "Ask for the identity exactly as the certificate has it, or do not use the artifact";
    /// The identity provider is the one asked for.
    Issuer = "E-VERIFY-031",
        "another identity provider than asked for vouched for the signer",
        "Ask for the issuer exactly as the certificate has it, or do not use the artifact";
    /// The digest that was given is of the hash function that the signature or the log entry is over.
    DigestKind = "E-VERIFY-032",
        "the digest that was given is of another hash function than the bundle needs",
        "Give the artifact itself, or its digest by the hash function that is expected";
    /// The claims of the certificate about the build are those asked for.
    Claim = "E-VERIFY-033",
        "the certificate says something else about the build than asked for",
        "Ask for the claim exactly as the certificate has it, or do not use the artifact";
    /// The type of the predicate is the one asked for.
    PredicateType = "E-VERIFY-034",
        "the bundle does not attest what is asked for",
        "Ask for the predicate type of the attestation, or get the attestation of that type";
    /// As many timestamps of different authorities as asked for.
    TimestampThreshold = "E-VERIFY-035",
        "fewer timestamp authorities than asked for say when the signature was made",
        "Sign again with as many timestamp authorities, or ask for fewer timestamps";
    /// As many entries in different logs as asked for.
    EntryThreshold = "E-VERIFY-036",
        "the signature is in fewer known logs than asked for",
        "Sign again with as many logs, or ask for fewer log entries";
    /// As many promises of the log about the time as asked for.
    PromiseThreshold = "E-VERIFY-037",
        "fewer logs than asked for promised when they took the signature",
        "Sign again with a log that promises a time, or ask for timestamps instead";
    /// No block list has the certificate or an entry.
    Blocked = "E-VERIFY-038",
        "a key was in other hands when it signed the certificate or the log entry",
        "Do not use the artifact, and have it signed again";
}
