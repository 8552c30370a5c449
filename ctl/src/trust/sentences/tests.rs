use sigstead_trust_root::{CertificateChain, LogId, RawCertificate};

use super::*;

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_800_000_000 + seconds).unwrap()
}

fn until(end: Option<i64>) -> TimeRange {
    TimeRange {
        start: Some(at(0)),
        end: end.map(at),
    }
}

fn log(key: u8, end: Option<i64>) -> TransparencyLogInstance {
    let mut log = TransparencyLogInstance {
        base_url: format!("https://log-{key}.example"),
        log_id: LogId {
            key_id: vec![key].into(),
        },
        ..TransparencyLogInstance::default()
    };
    log.public_key.raw_bytes = vec![key].into();
    log.public_key.valid_for = until(end);
    log
}

fn authority(chain: u8, end: Option<i64>) -> CertificateAuthority {
    CertificateAuthority {
        uri: "https://ca.example".to_owned(),
        cert_chain: CertificateChain {
            certificates: vec![RawCertificate {
                raw_bytes: vec![chain].into(),
            }],
        },
        valid_for: until(end),
        ..CertificateAuthority::default()
    }
}

#[test]
fn each_change_of_a_trusted_root_is_one_sentence() {
    let root =
        |authorities: &[CertificateAuthority], logs: &[TransparencyLogInstance]| TrustedRoot {
            certificate_authorities: authorities.to_vec(),
            ctlogs: logs.to_vec(),
            ..TrustedRoot::default()
        };
    let key = "the key (unreadable) of the certificate authority https://ca.example";
    let log_key = "the key (unreadable) of the log of certificates https://log-1.example";
    let (start, end) = ("2027-01-15T08:00:00Z", "2027-01-15T08:01:00Z");
    for (earlier, later, expected) in [
        (root(&[], &[]), root(&[], &[]), vec![]),
        (
            root(&[], &[]),
            root(&[authority(1, None)], &[]),
            vec![format!("what {key} signs counts from {start} on")],
        ),
        (
            root(&[authority(1, None)], &[]),
            root(&[authority(2, None), authority(1, Some(60))], &[]),
            vec![
                format!("what {key} signs counts from {start} on"),
                format!(
                    "what {key} signed counts from {start} until {end}; it was from {start} on"
                ),
            ],
        ),
        (
            root(&[authority(1, None)], &[]),
            root(&[authority(1, Some(0))], &[]),
            vec![format!(
                "{key} is taken back: nothing that it signed counts"
            )],
        ),
        (
            root(&[], &[log(1, None)]),
            root(&[], &[log(2, None)]),
            vec![
                format!(
                    "what {} signs counts from {start} on",
                    log_key.replace("log-1", "log-2")
                ),
                format!("{log_key} is gone, so that nothing that it signed counts"),
            ],
        ),
    ] {
        assert_eq!(of_trusted_roots(&earlier, &later), expected);
        assert!(of_trusted_roots(&later, &later).is_empty());
    }
}

#[test]
fn clients_are_told_to_use_a_service_or_to_stop() {
    let config = |urls: &[(&str, Option<i64>)]| {
        let mut config = SigningConfig {
            media_type: SigningConfig::MEDIA_TYPE.to_owned(),
            ca_urls: Vec::new(),
            oidc_urls: Vec::new(),
            rekor_tlog_urls: Vec::new(),
            rekor_tlog_config: sigstead_trust_root::ServiceConfiguration::ANY,
            tsa_urls: Vec::new(),
            tsa_config: sigstead_trust_root::ServiceConfiguration::ANY,
        };
        let services = urls.iter().map(|(url, end)| Service {
            url: (*url).to_owned(),
            major_api_version: 2,
            valid_for: until(*end),
            operator: String::new(),
        });
        config.rekor_tlog_urls = services.collect();
        config
    };
    let start = "2027-01-15T08:00:00Z";
    let first = config(&[("https://a", None)]);
    let second = config(&[("https://a", Some(60)), ("https://b", None)]);
    assert_eq!(
        of_signing_configs(Some(&first), &second),
        [
            format!(
                "clients use the log of Rekor v2 https://a from {start} until 2027-01-15T08:01:00Z"
            ),
            format!("clients use the log of Rekor v2 https://b from {start} on"),
        ]
    );
    assert_eq!(
        of_signing_configs(Some(&second), &first),
        [
            format!("clients use the log of Rekor v2 https://a from {start} on"),
            "clients use the log of Rekor v2 https://b no more".to_owned(),
        ]
    );
    assert!(of_signing_configs(Some(&first), &first).is_empty());
    assert_eq!(of_signing_configs(None, &first).len(), 1);
}

#[test]
fn other_keys_of_a_role_are_told_with_those_before() {
    let root = |version, threshold| {
        let mut root = Root::new(version, at(0));
        let keys = RoleKeys {
            keyids: Vec::new(),
            threshold,
        };
        root.roles.insert("targets".to_owned(), keys);
        root
    };
    let ends = "root 2 is accepted until 2027-01-15T08:00:00Z";
    assert_eq!(of_roots(Some(&root(1, 1)), &root(2, 1)), [ends]);
    let changed = of_roots(Some(&root(1, 1)), &root(2, 2));
    assert_eq!(
        changed,
        ["the targets role is signed by 2 of ; it was 1 of ", ends]
    );
}
