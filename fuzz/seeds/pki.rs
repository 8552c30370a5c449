//! Keys, certificates, certificate logs and timestamps.

use sigstead_ct::{
    AcceptedChain, DigitallySigned, EntryKind, SignedCertificateTimestamp, TileLeaf,
    TimestampedEntry, TreeHeadSignature, encode_list, leaf_index_extension,
};
use sigstead_fuzz::join;
use sigstead_key::{Algorithm, HashAlgorithm, pem};
use sigstead_merkle::LeafIndex;
use sigstead_tsp::{Nonce, Policy, SerialNumber, SignedAttributes, TimeStampReq, TstInfo};
use sigstead_x509::{Certificate, SubjectAlternativeName};

use crate::world::{World, certify, email, key, now, sign};
use crate::{Seed, test_data, with_miss};

pub(crate) fn seeds(world: &World) -> Vec<Seed> {
    [
        keys(),
        certificates(world),
        requests(),
        transparency(world),
        timestamps(world),
    ]
    .concat()
}

fn keys() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for algorithm in Algorithm::ALL
        .into_iter()
        .filter(|algorithm| *algorithm != Algorithm::Ed25519Ph)
    {
        let name = algorithm.key_details().to_ascii_lowercase();
        let signer = key(algorithm);
        let public = signer.public_key();
        seeds.extend(with_miss("public_key", &name, public.spki_der()));
        seeds.extend(with_miss(
            "public_key",
            &format!("{name}-pem"),
            public.to_pem(),
        ));
        let signature = sign(&signer, b"message");
        let parts = join(&[public.spki_der(), b"message", &signature]);
        seeds.extend(with_miss("signature", &name, parts));
    }
    seeds
}

/// The leaves of an instance: logged, unlogged, and of each kind of identity.
pub(crate) fn leaf(world: &World, san: SubjectAlternativeName) -> Certificate {
    let tbs = world.leaf(san).tbs_certificate().expect("a profile");
    certify(tbs.to_sign_unlogged().expect("a profile"), &world.ca.signer)
}

/// A precertificate, its SCT, and the certificate with it.
pub(crate) fn logged(world: &World) -> (Certificate, SignedCertificateTimestamp, Certificate) {
    let tbs = world.leaf(email()).tbs_certificate().expect("a profile");
    let unsigned = tbs.to_sign_precertificate().expect("a profile");
    let signature = sign(&world.ca.signer, unsigned.bytes_to_sign());
    let precertificate = unsigned.sign_with(signature).expect("it is a signature");
    let read = Certificate::from_der(precertificate.to_der()).expect("it was just written");
    let chain = AcceptedChain::check(
        vec![read.clone(), world.ca.certificate.clone()],
        std::slice::from_ref(&world.root.certificate),
        EntryKind::Precertificate,
    );
    let entry = TimestampedEntry {
        timestamp_millis: 1_700_000_000_000,
        entry: chain
            .and_then(|chain| chain.signed_entry())
            .expect("it is in order"),
        extensions: leaf_index_extension(LeafIndex::new(7)).expect("a small index"),
    };
    let signature = sign(&world.log, &entry.sct_input().expect("it is short"));
    let sct = SignedCertificateTimestamp {
        log_id: world.log.public_key().log_id(),
        timestamp_millis: entry.timestamp_millis,
        extensions: entry.extensions,
        signature: DigitallySigned::new(world.log.algorithm(), signature).expect("a key of a log"),
    };
    let list = encode_list(std::slice::from_ref(&sct)).expect("it is short");
    let certificate = certify(
        precertificate.with_scts(&list).expect("it is short"),
        &world.ca.signer,
    );
    (read, sct, certificate)
}

fn certificates(world: &World) -> Vec<Seed> {
    let (precertificate, _, final_certificate) = logged(world);
    let table = [
        ("root", world.root.certificate.clone()),
        ("issuing", world.ca.certificate.clone()),
        ("time", world.tsa.certificate.clone()),
        ("email", leaf(world, email())),
        (
            "uri",
            leaf(
                world,
                SubjectAlternativeName::Uri("https://example.com/a".to_owned()),
            ),
        ),
        (
            "other-name",
            leaf(
                world,
                SubjectAlternativeName::OtherName("alice!example.com".to_owned()),
            ),
        ),
        ("precertificate", precertificate),
        ("final", final_certificate.clone()),
    ];
    let mut seeds = Vec::new();
    for (name, certificate) in &table {
        seeds.extend(with_miss("certificate", name, certificate.to_der()));
    }
    seeds.push(Seed::new(
        "certificate",
        "pem",
        final_certificate.to_pem() + &world.ca.certificate.to_pem(),
    ));
    seeds.push(Seed::new(
        "certificate",
        "public-good-pem",
        test_data("ct/testdata/public-good-leaf.pem"),
    ));
    let [root, ca] = [&world.root, &world.ca].map(|party| party.certificate.to_der());
    let at = i32::try_from(now().unix_timestamp() + 60)
        .expect("before 2038")
        .to_be_bytes();
    let head = [at.as_slice(), &[1]].concat();
    let chain = join(&[&head, final_certificate.to_der(), root, ca]);
    seeds.extend(with_miss("certificate_chain", "code-signing", chain));
    let chain = join(&[&head, world.tsa.certificate.to_der(), root]);
    seeds.extend(with_miss("certificate_chain", "time-stamping", chain));
    let chain = join(&[&head, final_certificate.to_der(), ca, root]);
    seeds.push(Seed::new(
        "certificate_chain",
        "root-is-intermediate",
        chain,
    ));
    let stripped = join(&[&head, final_certificate.tbs_der(), table[6].1.tbs_der()]);
    seeds.push(Seed::new("certificate_chain", "to-strip", stripped));
    seeds
}

fn requests() -> Vec<Seed> {
    const ECDSA_SHA256: &[u8] = &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    const ED25519: &[u8] = &[6, 3, 0x2b, 0x65, 0x70];
    let mut seeds = Vec::new();
    for (algorithm, oid) in [
        (Algorithm::EcdsaP256Sha256, ECDSA_SHA256),
        (Algorithm::Ed25519, ED25519),
    ] {
        let signer = key(algorithm);
        let content = [
            &[2, 1, 0, 0x30, 0][..],
            signer.public_key().spki_der(),
            &[0xa0, 0],
        ]
        .concat();
        let information = element(0x30, &content);
        let signature = [vec![0], sign(&signer, &information)].concat();
        let der = element(
            0x30,
            &[information, element(0x30, oid), element(3, &signature)].concat(),
        );
        let name = algorithm.key_details().to_ascii_lowercase();
        let text = pem::encode("CERTIFICATE REQUEST", &der);
        seeds.extend(with_miss("certificate_request", &name, der));
        seeds.extend(with_miss(
            "certificate_request",
            &format!("{name}-pem"),
            text,
        ));
    }
    seeds
}

/// One element of DER.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len())
        .expect("it is short")
        .to_be_bytes();
    let head = match content.len() {
        0..128 => vec![tag, length[1]],
        128..256 => vec![tag, 0x81, length[1]],
        _ => vec![tag, 0x82, length[0], length[1]],
    };
    [head, content.to_vec()].concat()
}

fn transparency(world: &World) -> Vec<Seed> {
    let (precertificate, sct, final_certificate) = logged(world);
    let mut seeds = with_miss("ct", "sct", sct.encode().expect("it is short"));
    let list = encode_list(&[sct.clone(), sct.clone()]).expect("it is short");
    seeds.extend(with_miss("ct", "list", list));
    let head = TreeHeadSignature {
        timestamp_millis: 1,
        signature: sct.signature.clone(),
    };
    seeds.extend(with_miss(
        "ct",
        "tree-head",
        head.encode().expect("it is short"),
    ));
    let mut tile = Vec::new();
    for (kind, leaf) in [
        (EntryKind::Precertificate, precertificate),
        (EntryKind::Certificate, final_certificate),
    ] {
        let name = if kind == EntryKind::Certificate {
            "certificate"
        } else {
            "precertificate"
        };
        let [root, ca] = [&world.root, &world.ca].map(|party| party.certificate.clone());
        let parts = join(&[root.to_der(), leaf.to_der(), ca.to_der()]);
        seeds.extend(with_miss("ct_submission", name, parts));
        let chain = AcceptedChain::check(vec![leaf, ca], &[root], kind).expect("it is in order");
        let timestamped_entry = TimestampedEntry {
            timestamp_millis: sct.timestamp_millis,
            entry: chain.signed_entry().expect("it is in order"),
            extensions: sct.extensions.clone(),
        };
        let leaf = TileLeaf {
            timestamped_entry,
            precertificate: chain.precertificate().map(<[u8]>::to_vec),
            chain: chain.fingerprints(),
        };
        tile.extend(leaf.encode().expect("it is short"));
    }
    seeds.extend(with_miss("ct", "data-tile", tile));
    seeds
}

fn timestamps(world: &World) -> Vec<Seed> {
    let mut seeds = vec![Seed::new(
        "timestamp_request",
        "policy",
        "1.3.6.1.4.1.57264.2",
    )];
    let request = TimeStampReq::new(
        HashAlgorithm::Sha256,
        &HashAlgorithm::Sha256.digest(b"message"),
    );
    let request = request.expect("a digest of the hash");
    let policy = Policy::parse("1.2.3").expect("an object identifier");
    let nonce = Nonce::from_unsigned(&[0x80; 8]).expect("it is short");
    let full = request
        .clone()
        .with_policy(policy)
        .with_nonce(nonce)
        .with_certificates();
    let chain = [&world.tsa, &world.root].map(|party| party.certificate.to_der());
    for (name, request) in [("plain", request), ("full", full)] {
        seeds.extend(with_miss(
            "timestamp_request",
            name,
            request.to_der().expect("it is short"),
        ));
        let parts = join(&[&stamp(world, &request), b"message", chain[0], chain[1]]);
        seeds.extend(with_miss("timestamp_response", name, parts));
    }
    for name in ["staging", "virtual"] {
        let read = |suffix| test_data(&format!("tsp/testdata/{name}.{suffix}"));
        let text = String::from_utf8(read("pem")).expect("pem is text");
        let chain = Certificate::chain_from_pem(&text).expect("it is a chain");
        let (response, message) = (read("tsr"), read("message"));
        let mut parts = vec![response.as_slice(), &message];
        parts.extend(chain.iter().map(Certificate::to_der));
        seeds.push(Seed::new("timestamp_response", name, join(&parts)));
    }
    seeds
}

/// A granted response.
pub(crate) fn stamp(world: &World, request: &TimeStampReq) -> Vec<u8> {
    let authority = &world.tsa.certificate;
    let policy = Policy::parse("1.2.3").expect("an object identifier");
    let info = TstInfo::new(
        request,
        policy,
        SerialNumber::from_random([5; 20]),
        now(),
        authority,
    );
    let attributes =
        SignedAttributes::new(info.expect("a time"), authority).expect("a key for tokens");
    let signature = sign(&world.tsa.signer, attributes.bytes_to_sign());
    attributes
        .sign_with(&signature)
        .expect("it is short")
        .into_der()
}
