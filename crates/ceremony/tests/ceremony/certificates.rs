//! Certificates that the key of a root signs while people attest it.

use std::sync::Arc;

use futures::executor::block_on;
use sigstead_ceremony::certificates::{
    CertificateDraft, CertificatePartial, CertificateProposal, CertificateSignatures,
    CertificateToSign, CertificateTranscript, CertificateWish, CrossWanted, Purpose, RootBrought,
    RootWanted, Term, certificate_sentences, certificate_tally, lint_certificates,
};
use sigstead_ceremony::{Error, Holder};
use sigstead_key::Algorithm;
use sigstead_signer::Signer;
use sigstead_trust_root::tuf::TufKey;
use sigstead_x509::{Certificate, UnsignedRequest};
use time::{Duration, OffsetDateTime};

type Key = Arc<dyn Signer>;

struct World {
    /// Of the root, of the root before, of the authority, and of two witnesses.
    root: Key,
    before: Key,
    authority: Key,
    witnesses: Vec<Key>,
}

impl World {
    fn new() -> Self {
        Self {
            root: fresh(Algorithm::EcdsaP384Sha384),
            before: fresh(Algorithm::EcdsaP384Sha384),
            authority: fresh(Algorithm::EcdsaP256Sha256),
            witnesses: vec![fresh(Algorithm::EcdsaP256Sha256), fresh(Algorithm::Ed25519)],
        }
    }

    fn wish(&self, purpose: Purpose) -> CertificateWish {
        let names = ["alice", "bob"];
        let witnesses = names.iter().zip(&self.witnesses).map(|(name, key)| Holder {
            name: name.parse().unwrap(),
            key: TufKey::new(key.public_key()).unwrap(),
            until: None,
        });
        CertificateWish {
            instance: "example".to_owned(),
            ceremony: "0123".to_owned(),
            number: 1,
            made_at: now(),
            sign_until: now() + Duration::days(30),
            purpose,
            root: RootWanted::New(term("root 2", 3650)),
            request: self.request(),
            certificate: term("code signing 2", 1000),
            cross: None,
            witnesses: witnesses.collect(),
            threshold: 2,
        }
    }

    fn request(&self) -> String {
        let unsigned = UnsignedRequest::new(self.authority.public_key()).unwrap();
        let signature = block_on(self.authority.sign(unsigned.bytes_to_sign())).unwrap();
        unsigned.sign_with(&signature).unwrap()
    }

    /// The root before, as `init` made it.
    fn root_before(&self) -> Certificate {
        self_signed(&term("root", 2000), &self.before)
    }

    fn proposal(&self, wish: CertificateWish) -> CertificateProposal {
        let draft = CertificateDraft::new(wish).unwrap();
        let draft = CertificateDraft::parse(&draft.encode()).unwrap();
        let brought = draft.new_root().map(|term| {
            let root = self_signed(term, &self.root);
            let brought = RootBrought::new(&draft, &root, now());
            RootBrought::parse(&brought.encode()).unwrap()
        });
        CertificateProposal::new(draft, brought).unwrap()
    }

    fn all(&self, proposal: &CertificateProposal) -> Vec<CertificatePartial> {
        let keys = [&self.root, &self.witnesses[0], &self.witnesses[1]];
        keys.map(|key| signed(proposal, key, now()).unwrap()).into()
    }
}

fn signed(
    proposal: &CertificateProposal,
    key: &Key,
    at: OffsetDateTime,
) -> Result<CertificatePartial, Error> {
    let to_sign = CertificateToSign::new(proposal, key.public_key(), at)?;
    let sign = |bytes: &[u8]| block_on(key.sign(bytes)).unwrap();
    let signatures = CertificateSignatures {
        certificate: to_sign.certificate.as_deref().map(sign),
        attested: sign(&to_sign.attested),
    };
    let partial = to_sign.signed(&signatures);
    Ok(CertificatePartial::parse(&partial.encode()).unwrap())
}

fn self_signed(term: &Term, key: &Key) -> Certificate {
    let unsigned = RootBrought::to_sign(term, key.public_key()).unwrap();
    let signature = block_on(key.sign(unsigned.bytes_to_sign())).unwrap();
    unsigned.sign_with(signature).unwrap()
}

fn term(name: &str, days: i64) -> Term {
    Term {
        organization: "example".to_owned(),
        common_name: name.to_owned(),
        not_before: now(),
        not_after: now() + Duration::days(days),
        serial: hex::encode([7; 20]),
    }
}

fn fresh(algorithm: Algorithm) -> Key {
    sigstead_signer::ephemeral(algorithm).unwrap()
}

fn now() -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::days(20_000)
}

fn refused<T>(result: Result<T, Error>) -> String {
    let error = result.err().unwrap();
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    format!("{error}: {}", cause.unwrap_or_default())
}

#[test]
fn signatures_in_any_order_make_one_chain_that_a_stranger_checks_again() {
    let world = World::new();
    for purpose in [Purpose::CodeSigning, Purpose::TimeStamping] {
        let proposal = world.proposal(world.wish(purpose));
        assert_eq!(
            lint_certificates(&proposal, now()).unwrap(),
            Vec::<String>::new()
        );
        let told = certificate_sentences(&proposal).unwrap().join("\n");
        for part in [
            "a new root: root 2",
            "code signing 2",
            "attested by 2 of alice, bob",
        ] {
            assert!(told.contains(part), "{part} in {told}");
        }
        let mut partials = world.all(&proposal);
        let transcript = CertificateTranscript::finish(&proposal, partials.clone(), now()).unwrap();
        partials.reverse();
        let again = CertificateTranscript::finish(&proposal, partials, now()).unwrap();
        assert_eq!(transcript, again);
        let read = CertificateTranscript::parse(&transcript.encode()).unwrap();
        assert_eq!(read.verify().unwrap().digest(), proposal.digest());
        let chain = Certificate::chain_from_pem(&transcript.chain).unwrap();
        assert_eq!(chain[0].public_key(), world.authority.public_key());
        chain[0].verify_signed_by(&chain[1]).unwrap();
    }
}

#[test]
fn nothing_comes_of_it_while_somebody_is_missing() {
    let world = World::new();
    let proposal = world.proposal(world.wish(Purpose::CodeSigning));
    let all = world.all(&proposal);
    for (missing, told) in [
        (0, "key of the root still needed; witnesses 2/2 ok"),
        (1, "key of the root ok; witnesses 1/2: alice still needed"),
        (2, "key of the root ok; witnesses 1/2: bob still needed"),
    ] {
        let mut partials = all.clone();
        partials.remove(missing);
        let tally = certificate_tally(&proposal, &partials).unwrap();
        assert_eq!(tally.to_string(), told);
        let finished = CertificateTranscript::finish(&proposal, partials, now());
        assert!(matches!(finished, Err(Error::Uncertified(_))));
    }
    // Who signed another draft signed another thing.
    let mut wish = world.wish(Purpose::CodeSigning);
    wish.number = 2;
    let next = world.proposal(wish);
    let finished = CertificateTranscript::finish(&next, all, now());
    assert!(matches!(finished, Err(Error::Uncertified(_))));
}

#[test]
fn a_root_before_certifies_the_new_one() {
    let world = World::new();
    let mut wish = world.wish(Purpose::CodeSigning);
    wish.cross = Some(CrossWanted {
        certificate: world.root_before().to_pem(),
        serial: hex::encode([9; 20]),
    });
    let proposal = world.proposal(wish);
    let told = certificate_sentences(&proposal).unwrap().join("\n");
    assert!(
        told.contains("the root before certifies the new one"),
        "{told}"
    );
    let mut partials = world.all(&proposal);
    let finished = CertificateTranscript::finish(&proposal, partials.clone(), now());
    assert!(refused(finished).contains("key of the root before still needed"));
    partials.push(signed(&proposal, &world.before, now()).unwrap());
    let transcript = CertificateTranscript::finish(&proposal, partials, now()).unwrap();
    transcript.verify().unwrap();
    let cross = Certificate::from_pem(transcript.cross.as_deref().unwrap()).unwrap();
    let chain = Certificate::chain_from_pem(&transcript.chain).unwrap();
    assert_eq!(cross.public_key(), chain[1].public_key());
    chain[0].verify_signed_by(&cross).unwrap();
    cross.verify_signed_by(&world.root_before()).unwrap();
}

#[test]
fn what_is_brought_must_be_what_the_draft_says() {
    let world = World::new();
    let draft = || CertificateDraft::new(world.wish(Purpose::CodeSigning)).unwrap();
    let root = self_signed(draft().new_root().unwrap(), &world.root);
    let proposed = |draft, brought| refused(CertificateProposal::new(draft, brought));
    assert!(proposed(draft(), None).contains("root brought no key yet"));
    let longer = self_signed(&term("root 2", 3651), &world.root);
    let brought = RootBrought::new(&draft(), &longer, now());
    assert!(proposed(draft(), Some(brought)).contains("says something else than the draft"));
    let mut other = world.wish(Purpose::CodeSigning);
    other.ceremony = "4567".to_owned();
    let other = CertificateDraft::new(other).unwrap();
    let brought = RootBrought::new(&other, &root, now());
    assert!(proposed(draft(), Some(brought)).contains("was made for another ceremony"));
    let mut kept = world.wish(Purpose::CodeSigning);
    kept.root = RootWanted::Kept {
        certificate: world.root_before().to_pem(),
    };
    let kept = CertificateDraft::new(kept).unwrap();
    let brought = RootBrought::new(&kept, &root, now());
    assert!(proposed(kept, Some(brought)).contains("keeps the one of now"));
}

#[test]
fn a_draft_that_contradicts_itself_or_breaks_a_rule_is_refused() {
    let world = World::new();
    type Change<'a> = &'a dyn Fn(&mut CertificateWish);
    let contradictions: [(&str, Change<'_>); 4] = [
        ("3 must attest, and 2 can", &|wish| wish.threshold = 3),
        ("two witnesses have one name", &|wish| {
            wish.witnesses[1].name = wish.witnesses[0].name.clone();
        }),
        ("a serial number is not twenty octets", &|wish| {
            wish.certificate.serial.truncate(38)
        }),
        ("the request is not one that can be used", &|wish| {
            wish.request = wish.request.replace("CERTIFICATE REQUEST", "CERTIFICATE");
        }),
    ];
    for (told, change) in contradictions {
        let mut wish = world.wish(Purpose::CodeSigning);
        change(&mut wish);
        assert!(
            refused(CertificateDraft::new(wish)).contains(told),
            "{told}"
        );
    }
    let broken: [(&str, Change<'_>); 3] = [
        ("ends before the time to sign it does", &|wish| {
            wish.certificate.not_after = wish.sign_until;
        }),
        ("more than thirty years", &|wish| {
            wish.root = RootWanted::New(term("root 2", 11_000))
        }),
        ("one key has two parts", &|wish| {
            wish.witnesses[0].key = TufKey::new(world.authority.public_key()).unwrap();
        }),
    ];
    for (told, change) in broken {
        let mut wish = world.wish(Purpose::CodeSigning);
        change(&mut wish);
        let linted = lint_certificates(&world.proposal(wish), now());
        assert!(refused(linted).contains(told), "{told}");
    }
}

#[test]
fn a_signature_of_a_stranger_of_another_time_or_with_a_changed_byte_does_not_count() {
    let world = World::new();
    let proposal = world.proposal(world.wish(Purpose::CodeSigning));
    let stranger = fresh(Algorithm::EcdsaP256Sha256);
    assert!(matches!(
        signed(&proposal, &stranger, now()),
        Err(Error::NotAHolder { .. })
    ));
    let early = signed(&proposal, &world.root, now() - Duration::DAY);
    assert!(matches!(early, Err(Error::Clock { .. })));
    let late = signed(&proposal, &world.root, now() + Duration::days(31));
    assert!(matches!(late, Err(Error::TooLate { .. })));
    let json = signed(&proposal, &world.root, now()).unwrap().encode();
    let json = String::from_utf8(json).unwrap();
    let read: serde_json::Value = serde_json::from_str(&json).unwrap();
    for field in ["certificate", "attestation"] {
        let was = read[field].as_str().unwrap();
        let (head, last) = was.split_at(was.len() - 1);
        let other = if last == "0" { "1" } else { "0" };
        let changed = json.replace(was, &format!("{head}{other}"));
        let changed = CertificatePartial::parse(changed.as_bytes()).unwrap();
        let tally = certificate_tally(&proposal, &[changed]);
        assert!(matches!(tally, Err(Error::Signature { .. })), "{field}");
    }
}

#[test]
fn a_transcript_that_was_changed_is_refused() {
    let world = World::new();
    let proposal = world.proposal(world.wish(Purpose::CodeSigning));
    let transcript = CertificateTranscript::finish(&proposal, world.all(&proposal), now());
    let json = String::from_utf8(transcript.unwrap().encode()).unwrap();
    let other = world.root_before().to_pem().replace('\n', "\\n");
    for (from, to) in [
        ("\"threshold\": 2", "\"threshold\": 1"),
        ("\"chain\": \"", format!("\"chain\": \"{other}").as_str()),
        ("code signing 2", "code signing 3"),
    ] {
        let changed = json.replacen(from, to, 1);
        assert_ne!(changed, json, "{from}");
        let changed = CertificateTranscript::parse(changed.as_bytes()).unwrap();
        assert!(changed.verify().is_err(), "{from}");
    }
}
