use sigstead_proto::admin::v1::LogInfo;

use super::running::{Told, find};
use crate::doctor::answers::Answers;
use crate::doctor::page::Page;
use crate::instance::Service;

pub(super) const PLANTS: &[Told] = &[
    (
        &["E-DOCTOR-130"],
        "an authority with an old chain",
        |answers| {
            serve(answers, Service::Ca, r#"{"chains": []}"#);
        },
    ),
    (
        &["E-DOCTOR-131"],
        "a timestamp authority with an old chain",
        |answers| {
            serve(answers, Service::Tsa, "");
        },
    ),
    (&["E-DOCTOR-132"], "a log that is read-only", |answers| {
        rekor_v2(answers).read_only_reason = "its anchor is ahead".to_owned();
    }),
    (&["E-DOCTOR-132"], "a log that is frozen", |answers| {
        rekor_v2(answers).frozen = true;
    }),
    (&["E-DOCTOR-132"], "a log that is paused", |answers| {
        rekor_v2(answers).paused_reason = "maintenance".to_owned();
    }),
    (
        &["E-DOCTOR-133"],
        "a log with a key that nobody knows",
        |answers| {
            rekor_v2(answers).public_key = vec![7];
        },
    ),
    (
        &["E-DOCTOR-133"],
        "a checkpoint that was changed",
        |answers| {
            let info = rekor_v2(answers);
            info.checkpoint = info.checkpoint.replace("\n1\n", "\n2\n");
        },
    ),
    (
        &["E-DOCTOR-134"],
        "a log that serves less than is known",
        |answers| {
            rekor_v2(answers).size = 0;
        },
    ),
    (
        &["E-DOCTOR-134"],
        "a log that serves other entries",
        |answers| {
            rekor_v2(answers).root_hash = vec![7; 32];
        },
    ),
    (&["E-DOCTOR-135"], "a CT log that stands still", |answers| {
        let info = log(answers, |info| info.origin.contains(".ct."));
        info.published.as_mut().unwrap().seconds -= 86_400;
    }),
    (&["E-DOCTOR-136"], "a CT log with other roots", |answers| {
        serve(answers, Service::Ctlog, r#"{"certificates": []}"#);
    }),
    (
        &["E-DOCTOR-137"],
        "metadata that a client refuses",
        |answers| {
            answers.trusted_root = Err("the timestamp metadata has expired".to_owned());
        },
    ),
    (&["E-DOCTOR-138"], "another trusted root", |answers| {
        answers.trusted_root = Ok(b"{}".to_vec());
    }),
    (&["E-DOCTOR-139"], "an issuer of another name", |answers| {
        serve(
            answers,
            Service::Oidc,
            r#"{"issuer": "https://other.example.com"}"#,
        );
    }),
    (&["E-DOCTOR-140"], "an issuer with another key", |answers| {
        let page = answers.key_set.as_mut().unwrap();
        page.bytes = br#"{"keys": [{"kid": "other"}]}"#.to_vec();
    }),
];

#[test]
fn what_is_served_and_is_not_what_clients_trust_is_named() {
    find(PLANTS);
}

/// Lets a service show another page, to everybody.
fn serve(answers: &mut Answers, service: Service, text: &str) {
    let times = answers.pages[&service].as_ref().unwrap().times;
    let bytes = text.as_bytes().to_vec();
    let mut outside = answers.outside.iter_mut();
    outside.find(|each| each.service == service).unwrap().page = Ok(bytes.clone());
    answers.pages.insert(service, Ok(Page { bytes, times }));
}

fn rekor_v2(answers: &mut Answers) -> &mut LogInfo {
    log(answers, |info| {
        info.origin.starts_with("log") && info.origin.contains(".rekor.")
    })
}

fn log(answers: &mut Answers, is_it: impl Fn(&LogInfo) -> bool) -> &mut LogInfo {
    let logs = answers.logs.as_mut().unwrap();
    logs.iter_mut().find(|info| is_it(info)).unwrap()
}
