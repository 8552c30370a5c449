//! An instance with two generations of everything.

use std::sync::Arc;

use futures::executor::block_on;
use sigstead_key::Algorithm;
use sigstead_signer::Signer;
use sigstead_trust_root::{
    AuthorityChains, AuthorityState, BrowserIssuers, LogFace, LogState, ServiceState, TimeRange,
    TrustState,
};
use sigstead_x509::{
    CaKind, CaProfile, Certificate, Name, SerialNumber, TimestampingProfile, UnsignedCertificate,
    Validity,
};
use time::{Duration, OffsetDateTime};

pub(crate) fn day(day: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap() + Duration::days(day)
}

pub(crate) fn ephemeral() -> Arc<dyn Signer> {
    sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap()
}

/// The first generation ended on day 10, the second began on day 9 and is in service.
pub(crate) fn state() -> TrustState {
    let generations = [(0, Some(10), false), (9, None, true)];
    let log = |face, url: &str| {
        generations
            .map(|(start, end, in_service)| {
                log(face, &at(url, start), range(start, end), in_service)
            })
            .to_vec()
    };
    let authority = |chain: fn(&str) -> Vec<Certificate>, url: &str| {
        let chains = generations
            .map(|(start, end, in_service)| AuthorityState {
                url: at(url, start),
                chain: chain(&format!("root {start}"))
                    .iter()
                    .map(|certificate| certificate.to_der().into())
                    .collect(),
                valid_for: range(start, end),
                in_service,
            })
            .to_vec();
        AuthorityChains::new(chains)
    };
    let issuers = generations.map(|(start, end, in_service)| ServiceState {
        url: at("oidc", start),
        valid_for: range(start, end),
        in_service,
        operator: None,
    });
    let mut signature_logs = log(LogFace::RekorV1, "rekor");
    signature_logs.extend(log(LogFace::RekorV2, "tiles"));
    TrustState {
        operator: "example".to_owned(),
        certificate_authorities: authority(issuing_chain, "ca"),
        timestamp_authorities: authority(timestamping_chain, "tsa"),
        certificate_logs: log(LogFace::CertificateTransparency, "ctfe"),
        signature_logs,
        issuers: BrowserIssuers::new(issuers.to_vec()),
    }
}

pub(crate) fn range(start: i64, end: Option<i64>) -> TimeRange {
    TimeRange {
        start: Some(day(start)),
        end: end.map(day),
    }
}

fn at(name: &str, start: i64) -> String {
    format!("https://{name}-{start}.example")
}

pub(crate) fn log(face: LogFace, url: &str, valid_for: TimeRange, in_service: bool) -> LogState {
    let key = ephemeral();
    LogState {
        face,
        base_url: url.to_owned(),
        url: url.to_owned(),
        public_key: key.public_key().spki_der().into(),
        log_id: key.public_key().log_id().as_bytes().as_slice().into(),
        valid_for,
        in_service,
        offered: None,
    }
}

/// Intermediate, root.
fn issuing_chain(root_name: &str) -> Vec<Certificate> {
    let (root, root_key) = root(root_name);
    let intermediate = authority("intermediate", ephemeral().as_ref(), CaKind::CodeSigning);
    let intermediate = sign(intermediate.issued_by(&root).unwrap(), root_key.as_ref());
    vec![intermediate, root]
}

/// Leaf, intermediate, root.
pub(crate) fn timestamping_chain(root_name: &str) -> Vec<Certificate> {
    let (root, root_key) = root(root_name);
    let key = ephemeral();
    let intermediate = authority("intermediate", key.as_ref(), CaKind::TimeStamping);
    let intermediate = sign(intermediate.issued_by(&root).unwrap(), root_key.as_ref());
    let leaf = TimestampingProfile {
        subject: name("tsa"),
        public_key: ephemeral().public_key().clone(),
        validity: validity(),
        serial: SerialNumber::from_random([3; 20]),
    };
    let leaf = sign(leaf.issued_by(&intermediate).unwrap(), key.as_ref());
    vec![leaf, intermediate, root]
}

fn root(common_name: &str) -> (Certificate, Arc<dyn Signer>) {
    let key = ephemeral();
    let root = authority(common_name, key.as_ref(), CaKind::Root);
    (sign(root.self_signed().unwrap(), key.as_ref()), key)
}

fn authority(common_name: &str, key: &dyn Signer, kind: CaKind) -> CaProfile {
    CaProfile {
        subject: name(common_name),
        public_key: key.public_key().clone(),
        validity: validity(),
        kind,
        serial: SerialNumber::from_random([1; 20]),
    }
}

fn name(common_name: &str) -> Name {
    Name {
        organization: "example".into(),
        common_name: common_name.into(),
    }
}

fn validity() -> Validity {
    Validity {
        not_before: day(-1),
        not_after: day(100),
    }
}

fn sign(unsigned: UnsignedCertificate, signer: &dyn Signer) -> Certificate {
    let signature = block_on(signer.sign(unsigned.bytes_to_sign())).unwrap();
    unsigned.sign_with(signature).unwrap()
}

/// Changes what only a test changes: the chains that are there.
pub(crate) fn edit<T>(
    chains: &mut AuthorityChains,
    edit: impl FnOnce(&mut Vec<AuthorityState>) -> T,
) {
    let mut edited = chains.to_vec();
    edit(&mut edited);
    *chains = AuthorityChains::new(edited);
}
