//! What the state gives to clients.

use serde_json::{Value, json};
use sigstead_trust_root::{Error, LogFace, Target, TrustState, TrustedRoot};

use crate::world::{day, edit, range, state};

fn urls(services: &[sigstead_trust_root::Service]) -> Vec<(&str, u32)> {
    services
        .iter()
        .map(|service| (service.url.as_str(), service.major_api_version))
        .collect()
}

#[test]
fn the_trusted_root_has_all_of_history_newest_first_and_rekor_v1_before_rekor_v2() {
    let root = state().trusted_root().unwrap();
    let logs = |logs: &[sigstead_trust_root::TransparencyLogInstance]| {
        let urls = logs.iter().map(|log| log.base_url.clone());
        urls.collect::<Vec<_>>()
    };
    let authorities = |authorities: &[sigstead_trust_root::CertificateAuthority]| {
        let urls = authorities.iter().map(|authority| authority.uri.clone());
        urls.collect::<Vec<_>>()
    };
    let newest_first = |name: &str| [9, 0].map(|start| format!("https://{name}-{start}.example"));
    assert_eq!(
        logs(&root.tlogs),
        [
            "https://rekor-9.example",
            "https://rekor-0.example",
            "https://tiles-9.example",
            "https://tiles-0.example"
        ]
    );
    assert_eq!(logs(&root.ctlogs), newest_first("ctfe"));
    assert_eq!(
        authorities(&root.certificate_authorities),
        newest_first("ca")
    );
    assert_eq!(
        authorities(&root.timestamp_authorities),
        newest_first("tsa")
    );
    assert_eq!(root.ctlogs[1].public_key.valid_for, range(0, Some(10)));
    assert_eq!(root.ctlogs[0].public_key.valid_for, range(9, None));
    assert_eq!(
        root.certificate_authorities[1].valid_for,
        range(0, Some(10))
    );
}

#[test]
fn the_signing_config_has_only_what_is_in_service() {
    let config = state().signing_config();
    assert_eq!(urls(&config.ca_urls), [("https://ca-9.example", 1)]);
    assert_eq!(urls(&config.tsa_urls), [("https://tsa-9.example", 1)]);
    assert_eq!(urls(&config.oidc_urls), [("https://oidc-9.example", 1)]);
    assert_eq!(
        urls(&config.rekor_tlog_urls),
        [
            ("https://tiles-9.example", 2),
            ("https://rekor-9.example", 1)
        ],
        "the newest face first"
    );
    let v1 = state().signing_config_of_face(LogFace::RekorV1);
    assert_eq!(urls(&v1.rekor_tlog_urls), [("https://rekor-9.example", 1)]);
    assert_eq!(urls(&v1.ca_urls), urls(&config.ca_urls));
    let mut none = state();
    edit(&mut none.certificate_authorities, |chains| {
        chains[1].in_service = false
    });
    assert!(none.signing_config().ca_urls.is_empty());
}

#[test]
fn an_authority_is_named_as_its_root_is() {
    let root = state().trusted_root().unwrap();
    let subject = &root.timestamp_authorities[0].subject;
    assert_eq!(subject.organization, "example");
    assert_eq!(subject.common_name, "root 9");
    assert_eq!(root.timestamp_authorities[0].chain().unwrap().len(), 3);
}

#[test]
fn a_log_is_named_by_the_registry_name_of_its_key() {
    let root = state().trusted_root().unwrap();
    for log in root.tlogs.iter().chain(&root.ctlogs) {
        assert_eq!(log.hash_algorithm, "SHA2_256");
        assert_eq!(log.public_key.key_details, "PKIX_ECDSA_P256_SHA_256");
        let key =
            sigstead_key::PublicKey::from_spki_der(log.public_key.raw_bytes.as_slice()).unwrap();
        assert_eq!(log.log_id.key_id.as_slice(), key.log_id().as_bytes());
    }
}

#[test]
fn the_single_files_have_the_names_that_older_clients_look_for() {
    let targets = state().targets().unwrap();
    let names: Vec<_> = targets.iter().map(|target| target.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "trusted_root.json",
            "signing_config.v0.2.json",
            "fulcio_v1.crt.pem",
            "fulcio_intermediate_v1.crt.pem",
            "fulcio_v1_1.crt.pem",
            "fulcio_intermediate_v1_1.crt.pem",
            "tsa_leaf.crt.pem",
            "tsa_intermediate_0.crt.pem",
            "tsa_root.crt.pem",
            "tsa_leaf_1.crt.pem",
            "tsa_intermediate_1.crt.pem",
            "tsa_root_1.crt.pem",
            "ctfe.pub",
            "ctfe_1.pub",
            "rekor.pub",
            "rekor_1.pub",
        ]
    );
    let found = |name: &str| targets.iter().find(|target| target.name == name).unwrap();
    let status = |name: &str| found(name).custom.clone().unwrap();
    assert_eq!(
        status("fulcio_v1.crt.pem"),
        json!({ "sigstore": { "usage": "Fulcio", "status": "Expired", "uri": "https://ca-0.example" } })
    );
    assert_eq!(
        status("rekor_1.pub"),
        json!({ "sigstore": { "usage": "Rekor", "status": "Active", "uri": "https://rekor-9.example" } })
    );
    assert_eq!(found("trusted_root.json").custom, None);
    TrustedRoot::parse(&found("trusted_root.json").bytes).unwrap();
    assert!(
        found("ctfe.pub")
            .bytes
            .starts_with(b"-----BEGIN PUBLIC KEY-----\n")
    );
    assert!(
        found("tsa_leaf.crt.pem")
            .bytes
            .starts_with(b"-----BEGIN CERTIFICATE-----\n")
    );
}

#[test]
fn no_two_targets_have_one_name_however_deep_the_chains_are() {
    let mut state = state();
    // Two intermediates, as after a chain was grown.
    edit(&mut state.certificate_authorities, |chains| {
        for authority in chains {
            let intermediate = authority.chain[0].clone();
            authority.chain.insert(0, intermediate);
        }
    });
    edit(&mut state.timestamp_authorities, |chains| {
        for authority in chains {
            let intermediate = authority.chain[1].clone();
            authority.chain.insert(1, intermediate);
        }
    });
    let targets = state.targets().unwrap();
    let mut names: Vec<_> = targets.iter().map(|Target { name, .. }| name).collect();
    names.sort();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "{names:?}");
}

#[test]
fn the_state_reads_back_as_it_was_written_and_refuses_unknown_members() {
    let state = state();
    let mut json = serde_json::to_value(&state).unwrap();
    assert_eq!(
        serde_json::from_value::<TrustState>(json.clone()).unwrap(),
        state
    );
    assert_eq!(json["signature_logs"][0]["face"], json!("rekor-v1"));
    json["signature_logs"][0]["unknown"] = Value::Null;
    assert!(serde_json::from_value::<TrustState>(json).is_err());
}

#[test]
fn a_state_with_an_unreadable_part_gives_no_document() {
    let mut no_chain = state();
    edit(&mut no_chain.timestamp_authorities, |chains| {
        chains[0].chain.clear()
    });
    assert!(matches!(
        no_chain.trusted_root(),
        Err(Error::EmptyChain { .. })
    ));
    let mut no_certificate = state();
    edit(&mut no_certificate.certificate_authorities, |chains| {
        chains[1].chain[0] = vec![1].into()
    });
    assert!(matches!(
        no_certificate.trusted_root(),
        Err(Error::Certificate { .. })
    ));
    let mut no_key = state();
    no_key.certificate_logs[0].public_key = vec![1].into();
    assert!(matches!(
        no_key.trusted_root(),
        Err(Error::PublicKey { .. })
    ));
    for state in [no_chain, no_certificate, no_key] {
        assert!(state.client_trust_config().is_err());
        assert!(state.targets().is_err());
    }
    assert!(
        state().trusted_root().unwrap().tlogs[0]
            .public_key
            .valid_for
            .covers(day(9))
    );
}
