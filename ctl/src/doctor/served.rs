//! Whether what the services serve is what their files say and what clients trust.

use serde::Deserialize;
use sigstead_x509::Certificate;

use super::answers::{self, Answers};
use super::check::{Check, Look, Subject};
use super::finding::{Finding, Seen, Unseen, if_so};
use super::key_ring::Role;
use super::patient::Patient;
use super::published;
use crate::instance::Service;
use crate::token;

pub(super) const SERVED: Subject = Subject {
    name: "what is served",
    checks: &[
        Check::fault(
            "E-DOCTOR-130",
            "the authority serves its chain",
            Look::Services(ca_chain),
        ),
        Check::fault(
            "E-DOCTOR-131",
            "the timestamp authority serves its chain",
            Look::Services(tsa_chain),
        ),
        Check::fault(
            "E-DOCTOR-137",
            "a client with the kit finds its way to the trusted root",
            Look::Services(walk),
        ),
        Check::fault(
            "E-DOCTOR-138",
            "it finds the trusted root that is published",
            Look::Services(trusted_root),
        ),
        Check::fault(
            "E-DOCTOR-139",
            "the issuer calls itself as its tokens do",
            Look::Services(issuer),
        ),
        Check::fault(
            "E-DOCTOR-140",
            "the issuer shows the key that it signs with",
            Look::Services(issuer_key),
        ),
    ],
};

#[derive(Deserialize)]
struct TrustBundle {
    chains: Vec<Chain>,
}

#[derive(Deserialize)]
struct Chain {
    certificates: Vec<String>,
}

fn ca_chain(patient: &Patient, answers: &Answers) -> Seen {
    let path = patient.at(Service::Ca, &patient.configs.ca()?.chain);
    let chain = patient.certificates(&path)?;
    let page = answers.page(Service::Ca)?;
    let served = serde_json::from_slice::<TrustBundle>(&page.bytes).ok();
    let served = served.and_then(|bundle| bundle.chains.into_iter().next());
    let served =
        served.and_then(|chain| Certificate::chain_from_pem(&chain.certificates.concat()).ok());
    if_so(served != Some(chain), || stale_chain(patient, &path, "ca"))
}

fn tsa_chain(patient: &Patient, answers: &Answers) -> Seen {
    let path = patient.at(Service::Tsa, &patient.configs.tsa()?.chain);
    let chain = patient.certificates(&path)?;
    let page = answers.page(Service::Tsa)?;
    let served = Certificate::chain_from_pem(&String::from_utf8_lossy(&page.bytes)).ok();
    if_so(served != Some(chain), || stale_chain(patient, &path, "tsa"))
}

fn stale_chain(patient: &Patient, path: &std::path::Path, service: &str) -> Finding {
    Finding::new(
        format!(
            "{service} serves another chain than {}",
            patient.shown(path)
        ),
        format!(
            "if the file is the right one, restart the service: `sigctl restart DIR {service}`"
        ),
    )
}

fn walk(_: &Patient, answers: &Answers) -> Seen {
    let is_down = !answers::is_up(&answers.statuses, Service::Tuf);
    match &answers.trusted_root {
        Ok(_) => Ok(Vec::new()),
        Err(why) if is_down => Err(Unseen::new(why.clone())),
        Err(why) => {
            let finding = Finding::new(
                "a client that has the kit's root does not come to a trusted root",
                "mend what the cause names; see also what `sigctl trust show` says",
            );
            Ok(vec![finding.because(why)])
        }
    }
}

fn trusted_root(patient: &Patient, answers: &Answers) -> Seen {
    let found = answers.trusted_root.as_ref();
    let found = found.map_err(|why| Unseen::new(why.clone()))?;
    let published = published::target(patient, "trusted_root.json")?;
    if_so(*found != published, || {
        Finding::new(
            "clients find another trusted root than the one that was published last",
            "the service takes a publication up within seconds unless it refuses it: `sigctl logs DIR tuf`",
        )
    })
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
}

fn issuer(patient: &Patient, answers: &Answers) -> Seen {
    let expected = patient.configs.oidc()?.issuer.as_str();
    let page = answers.page(Service::Oidc)?;
    let served = serde_json::from_slice::<Discovery>(&page.bytes).ok();
    let served = served.map_or_else(String::new, |discovery| discovery.issuer);
    if_so(served != expected, || {
        Finding::new(
            format!("the issuer calls itself {served}, and its configuration {expected}"),
            "restart the issuer if its configuration is right: `sigctl restart DIR oidc`",
        )
    })
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<NamedKey>,
}

#[derive(Deserialize)]
struct NamedKey {
    kid: String,
}

fn issuer_key(patient: &Patient, answers: &Answers) -> Seen {
    let key = patient.keys.of(&Role::Oidc)?;
    let id = token::key_id(key.spki_der());
    let id = id.ok_or_else(|| Unseen::new("the issuer's key is not RSA"))?;
    let page = answers.key_set.as_ref();
    let page = page.map_err(|why| Unseen::new(why.clone()))?;
    let served = serde_json::from_slice::<KeySet>(&page.bytes).ok();
    let served = served.map_or_else(Vec::new, |set| set.keys);
    if_so(!served.iter().any(|key| key.kid == id), || {
        Finding::new(
            format!("the issuer does not show the key {id} of its file"),
            "restart the issuer if the file is the right one: `sigctl restart DIR oidc`",
        )
    })
}
