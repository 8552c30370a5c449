//! What the services of a healthy instance say.

use std::collections::BTreeMap;
use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sigstead_proto::admin::v1::{LogFace as WireFace, LogInfo};
use sigstead_trust_root::LogFace;
use sigstead_x509::Certificate;

use crate::doctor::answers::Answers;
use crate::doctor::key_ring::Role;
use crate::doctor::outside::Outside;
use crate::doctor::page::Page;
use crate::doctor::patient::Patient;
use crate::doctor::published;
use crate::instance::Service;
use crate::service_status::{ServiceStatus, State};
use crate::version::VERSION;
use crate::{services, token};

/// The answers of services that have read what is on disk.
pub(super) fn healthy(patient: &Patient) -> Answers {
    let services = services::of(&patient.instance.manifest);
    let pages: BTreeMap<_, _> = services
        .iter()
        .map(|service| (*service, Ok(page(patient, contents(patient, *service)))))
        .collect();
    let outside = services.iter().map(|service| Outside {
        service: *service,
        url: patient.instance.manifest.url(*service),
        name: Ok(()),
        page: Ok(contents(patient, *service)),
    });
    Answers {
        outside: outside.collect(),
        statuses: services.iter().map(|each| status(*each)).collect(),
        replaced: Vec::new(),
        admin: services.iter().map(|service| (*service, Ok(()))).collect(),
        pages,
        issuers: Ok(Vec::new()),
        connectors: Ok(Vec::new()),
        logs: Ok(infos(patient)),
        key_set: Ok(page(patient, key_set(patient))),
        trusted_root: Ok(published::target(patient, "trusted_root.json").unwrap_or_default()),
        stamp: Ok((patient.now, patient.now)),
        signed: Ok(Ok(())),
    }
}

fn page(patient: &Patient, bytes: Vec<u8>) -> Page {
    Page {
        bytes,
        times: Some((patient.now, patient.now)),
    }
}

fn status(service: Service) -> ServiceStatus {
    ServiceStatus {
        service,
        state: State::Ready,
        url: String::new(),
        pid: Some(1),
        started_by_sigctl: true,
        version: Some(VERSION.to_owned()),
        uptime_seconds: Some(7),
        reasons: Vec::new(),
        warnings: Vec::new(),
        stranger: None,
    }
}

fn contents(patient: &Patient, service: Service) -> Vec<u8> {
    let read = |path: &str| fs::read_to_string(patient.instance.path(path)).unwrap();
    let chain = |path: &str| Certificate::chain_from_pem(&read(path)).unwrap();
    match service {
        Service::Oidc => {
            let issuer = patient.instance.manifest.url(Service::Oidc);
            json!({"issuer": issuer}).to_string().into_bytes()
        }
        Service::Ctlog => {
            let roots = chain("ctlog/roots.pem");
            let roots: Vec<_> = roots
                .iter()
                .map(|root| STANDARD.encode(root.to_der()))
                .collect();
            json!({"certificates": roots}).to_string().into_bytes()
        }
        Service::Ca => {
            let chain: Vec<_> = chain("ca/chain.pem")
                .iter()
                .map(Certificate::to_pem)
                .collect();
            json!({"chains": [{"certificates": chain}]})
                .to_string()
                .into_bytes()
        }
        Service::Tsa => read("tsa/chain.pem").into_bytes(),
        Service::Tlog => b"a key".to_vec(),
        Service::Tuf => read("tuf/repository/1.root.json").into_bytes(),
    }
}

fn key_set(patient: &Patient) -> Vec<u8> {
    let key = patient.keys.of(&Role::Oidc).unwrap();
    let kid = token::key_id(key.spki_der()).unwrap();
    json!({"keys": [{"kid": kid, "kty": "RSA"}]})
        .to_string()
        .into_bytes()
}

fn infos(patient: &Patient) -> Vec<LogInfo> {
    let logs = patient.configs.logs().iter();
    let infos = logs.map(|log| {
        let round = log.stored().unwrap().unwrap();
        let key = patient.keys.of(&Role::Log(log.name.clone())).unwrap();
        LogInfo {
            origin: log.name.clone(),
            face: match log.face {
                LogFace::RekorV1 => WireFace::RekorV1,
                LogFace::RekorV2 => WireFace::RekorV2,
                LogFace::CertificateTransparency => WireFace::Ct,
            }
            .into(),
            size: round.head.size,
            root_hash: round.head.root.as_bytes().to_vec(),
            checkpoint: String::from_utf8(round.checkpoint.to_vec()).unwrap(),
            published: Some(prost_types::Timestamp {
                seconds: patient.now.unix_timestamp(),
                nanos: 0,
            }),
            public_key: key.spki_der().to_vec(),
            ..LogInfo::default()
        }
    });
    infos.collect()
}
