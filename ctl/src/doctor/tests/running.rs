use std::collections::BTreeSet;

use sigstead_proto::admin::v1::IssuerState;
use time::Duration;

use super::answers::healthy;
use super::world::{Base, Named, World, named};
use crate::doctor::answers::Answers;
use crate::doctor::outside::Unreached;
use crate::instance::Service;
use crate::issuer_states::ShownIssuer;
use crate::oidc::connector::ShownConnector;
use crate::service_status::{ServiceStatus, State};

/// What the doctor says, exactly, what for, and what is answered then.
pub(super) type Told = (&'static [&'static str], &'static str, fn(&mut Answers));

pub(super) const PLANTS: &[Told] = &[
    (&["E-DOCTOR-110"], "a service that was stopped", |answers| {
        silence(answers, State::Stopped);
    }),
    (
        &["E-DOCTOR-110"],
        "a service that does not answer",
        |answers| {
            silence(answers, State::Starting);
        },
    ),
    (&["E-DOCTOR-111"], "a stranger on a port", |answers| {
        silence(answers, State::Stopped);
        tsa(answers).stranger = Some("another program answers".to_owned());
    }),
    (
        &["E-DOCTOR-112"],
        "a service that is not ready",
        |answers| {
            let status = tsa(answers);
            (status.state, status.reasons) = (State::Unready, vec!["chain: it ended".to_owned()]);
        },
    ),
    (&["E-DOCTOR-113"], "a service that warns", |answers| {
        tsa(answers).warnings.push("chain: it ends soon".to_owned());
    }),
    (
        &["E-DOCTOR-114"],
        "a service of another version",
        |answers| {
            tsa(answers).version = Some("0.0.9".to_owned());
        },
    ),
    (
        &["E-DOCTOR-115"],
        "a program that was replaced",
        |answers| {
            answers.replaced.push(Service::Tsa);
        },
    ),
    (
        &["E-DOCTOR-116"],
        "a service that nobody can administer",
        |answers| {
            answers
                .admin
                .insert(Service::Tsa, Err("bad certificate".to_owned()));
        },
    ),
    (&["E-DOCTOR-117"], "a service without clients", |answers| {
        answers
            .pages
            .insert(Service::Tlog, Err("connection refused".to_owned()));
    }),
    (&["E-DOCTOR-118"], "a service of another time", |answers| {
        let page = answers.pages.get_mut(&Service::Tsa).unwrap();
        let (there, _) = page.as_mut().unwrap().times.as_mut().unwrap();
        *there += Duration::minutes(9);
    }),
    (&["E-DOCTOR-119"], "a wrong time in timestamps", |answers| {
        answers.stamp.as_mut().unwrap().0 -= Duration::minutes(2);
    }),
    (&["E-DOCTOR-120"], "an issuer without keys", |answers| {
        answers.issuers = Ok(vec![issuer(false)]);
    }),
    (&["E-DOCTOR-121"], "an issuer that is away", |answers| {
        answers.issuers = Ok(vec![issuer(true)]);
    }),
    (&["E-DOCTOR-150"], "a name that has no address", |answers| {
        let ca = outside(answers, Service::Ca);
        ca.name = Err("no such host".to_owned());
        ca.page = Err(Unreached::Other("no such host".to_owned()));
    }),
    (
        &["E-DOCTOR-151"],
        "a certificate that clients refuse",
        |answers| {
            outside(answers, Service::Ca).page = Err(Unreached::Certificate("expired".to_owned()));
        },
    ),
    (
        &["E-DOCTOR-152"],
        "a proxy that does not answer",
        |answers| {
            outside(answers, Service::Ca).page = Err(Unreached::Other("502".to_owned()));
        },
    ),
    (
        &["E-DOCTOR-153"],
        "a proxy that leads elsewhere",
        |answers| {
            outside(answers, Service::Tuf).page = Ok(b"{}".to_vec());
        },
    ),
    (
        &["E-DOCTOR-161"],
        "a directory that does not answer",
        |answers| {
            answers.connectors = Ok(vec![ShownConnector {
                id: "company".to_owned(),
                kind: "ldap".to_owned(),
                name: "Example Ltd".to_owned(),
                fault: Some("the directory does not answer".to_owned()),
            }]);
        },
    ),
    (&["E-DOCTOR-160"], "a signature that fails", |answers| {
        answers.signed = Ok(Err("E-CA-010: no".to_owned()));
    }),
];

#[test]
fn a_fault_of_a_running_service_is_named() {
    find(PLANTS);
}

#[test]
fn services_of_a_healthy_instance_have_no_finding() {
    for base in [Base::Plain, Base::Tls, Base::Proxy, Base::NoCtLog] {
        let world = World::new(base);
        let patient = world.patient();
        let answers = healthy(&patient);
        assert_eq!(named(&patient, Some(answers)), Named::default(), "{base:?}");
    }
}

#[test]
fn what_is_not_tried_is_said_and_no_finding() {
    let world = World::new(Base::Plain);
    let patient = world.patient();
    let mut answers = healthy(&patient);
    answers.signed = Err("--no-sign".to_owned());
    let unmade = (BTreeSet::new(), BTreeSet::from(["E-DOCTOR-160"]));
    assert_eq!(named(&patient, Some(answers)), unmade);
}

/// Gives each answer by itself and compares what the doctor says.
pub(super) fn find(plants: &[Told]) {
    let world = World::new(Base::Plain);
    let patient = world.patient();
    for (codes, what, plant) in plants {
        let mut answers = healthy(&patient);
        plant(&mut answers);
        let (found, _) = named(&patient, Some(answers));
        assert_eq!(found, codes.iter().copied().collect(), "{what}");
    }
}

fn tsa(answers: &mut Answers) -> &mut ServiceStatus {
    let mut statuses = answers.statuses.iter_mut();
    statuses.find(|each| each.service == Service::Tsa).unwrap()
}

/// Of a service that does not answer, nothing else is known.
fn silence(answers: &mut Answers, state: State) {
    tsa(answers).state = state;
    answers.pages.remove(&Service::Tsa);
    answers.admin.remove(&Service::Tsa);
    answers.stamp = Err("the service does not run".to_owned());
    answers.signed = Err("tsa does not run".to_owned());
    let other = "connection refused".to_owned();
    outside(answers, Service::Tsa).page = Err(Unreached::Other(other));
}

fn outside(answers: &mut Answers, service: Service) -> &mut crate::doctor::outside::Outside {
    let mut outside = answers.outside.iter_mut();
    outside.find(|each| each.service == service).unwrap()
}

fn issuer(is_usable: bool) -> ShownIssuer {
    ShownIssuer::from(IssuerState {
        issuer: "https://i.example".to_owned(),
        is_usable,
        failing_seconds: Some(77),
        last_error: "it is away".to_owned(),
        ..IssuerState::default()
    })
}
