use kit::Explanation;

/// The codes of this service, for whoever explains them.
#[must_use]
pub fn explanations() -> &'static [Explanation] {
    EXPLANATIONS
}

const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: "E-TLOG-001",
        meaning: "The body of a write request is not the JSON or protobuf of a request, or one of its fields is missing or cannot be read.",
        remedy: "Correct the field that the message names; binary fields are base64.",
    },
    Explanation {
        code: "E-TLOG-002",
        meaning: "A write request holds no entry, or two.",
        remedy: "Send exactly one hashedRekordRequestV002 or dsseRequestV002.",
    },
    Explanation {
        code: "E-TLOG-003",
        meaning: "An envelope has no signature or several, or not one verifier; the log holds one entry for one signature.",
        remedy: "Send one request for each signature of the envelope.",
    },
    Explanation {
        code: "E-TLOG-004",
        meaning: "The algorithm is not one that the log takes, or not one of the key.",
        remedy: "Name the key's algorithm in keyDetails. Ed25519 keys must sign digests (PKIX_ED25519_PH).",
    },
    Explanation {
        code: "E-TLOG-005",
        meaning: "The digest is not as long as the hash that belongs to keyDetails.",
        remedy: "Digest the artifact with SHA-256 for P-256 and RSA keys, SHA-384 for P-384, SHA-512 for the others.",
    },
    Explanation {
        code: "E-TLOG-006",
        meaning: "The public key or certificate cannot be read, or its key is weak.",
        remedy: "Send DER, not PEM; use RSA keys of 2048, 3072 or 4096 bits or one of the curves of keyDetails.",
    },
    Explanation {
        code: "E-TLOG-007",
        meaning: "The signature is not one of the key over the digest.",
        remedy: "Check that digest, signature and key belong together; an envelope is signed over its pre-authentication encoding.",
    },
    Explanation {
        code: "E-TLOG-008",
        meaning: "The entry would be longer than the 65535 bytes that a log can hold.",
        remedy: "Send the signer's certificate alone, without its chain.",
    },
    Explanation {
        code: "E-TLOG-010",
        meaning: "The log has no such tile or bundle of entries: it is beyond the checkpoint, or the path is not the one that C2SP tlog-tiles spells.",
        remedy: "Take the size from the checkpoint. Readers of partial tiles try the full tile next.",
    },
    Explanation {
        code: "E-TLOG-011",
        meaning: "More entries wait than the log takes.",
        remedy: "Send the entry again after the seconds of Retry-After. If it stays, the disk of the log is too slow.",
    },
    Explanation {
        code: "E-TLOG-012",
        meaning: "The log takes no entries, so as not to fork or to lose any: a write failed, or what is stored does not fit the anchor.",
        remedy: "Read the reason at /readyz on the ops port. Restart the service after a failed write; bring back the newest copy of the data when the anchor is ahead.",
    },
    Explanation {
        code: "E-TLOG-013",
        meaning: "The disk of the log is full.",
        remedy: "Make room on the disk of `data`; the log then takes entries by itself.",
    },
    Explanation {
        code: "E-TLOG-014",
        meaning: "The clock of the machine stands before the time of the log's last entry.",
        remedy: "Correct the clock; the log takes entries again when it has caught up.",
    },
    Explanation {
        code: "E-TLOG-015",
        meaning: "The checkpoint could not be signed. Nothing was logged.",
        remedy: "Send the entry again. If it stays, look at the log's key and the service that holds it.",
    },
    Explanation {
        code: "E-TLOG-016",
        meaning: "The entry was not logged within the deadline. It may be logged later.",
        remedy: "Send the same entry again; it is logged only once.",
    },
    Explanation {
        code: "E-TLOG-020",
        meaning: "The service could not write down an answer.",
        remedy: "Report it with the line of the service's log that has this code.",
    },
    Explanation {
        code: "E-TLOG-021",
        meaning: "The log could not read what it has stored, or found it changed.",
        remedy: "Read the line of the service's log that has this code; check the disk of `data`, and audit the log.",
    },
    Explanation {
        code: "E-TLOG-030",
        meaning: "The service could not be put together from its configuration.",
        remedy: "Read what it says when it starts.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn explains_each_code_once_and_no_other() {
        let source = include_str!("../error.rs");
        let mut used: Vec<_> = source
            .match_indices("E-TLOG-")
            .filter_map(|(at, _)| source.get(at..at + 10))
            .collect();
        used.sort_unstable();
        used.dedup();
        let explained: Vec<_> = explanations().iter().map(|e| e.code).collect();
        assert_eq!(explained, used);
    }
}
