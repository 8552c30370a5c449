//! The services as they run.

use time::{Duration, OffsetDateTime};

use super::answers::{Answer, Answers};
use super::check::{Check, Look, Subject};
use super::finding::{Finding, Seen, Unseen};
use super::patient::Patient;
use crate::instance::Service;
use crate::issuer_states::ShownIssuer;
use crate::service_status::{ServiceStatus, State};
use crate::services;
use crate::version::VERSION;

pub(super) const RUNNING: Subject = Subject {
    name: "services",
    checks: &[
        Check::fault(
            "E-DOCTOR-110",
            "every service runs",
            Look::Services(running),
        ),
        Check::fault(
            "E-DOCTOR-111",
            "nobody else is on a port of the instance",
            Look::Services(strangers),
        ),
        Check::fault(
            "E-DOCTOR-112",
            "every service is ready",
            Look::Services(ready),
        ),
        Check::warning("E-DOCTOR-113", "no service warns", Look::Services(warnings)),
        Check::warning(
            "E-DOCTOR-114",
            "all programs are of one version",
            Look::Services(versions),
        ),
        Check::warning(
            "E-DOCTOR-115",
            "every service runs the program that is installed",
            Look::Services(replaced),
        ),
        Check::fault(
            "E-DOCTOR-116",
            "every service can be administered",
            Look::Services(administration),
        ),
        Check::fault(
            "E-DOCTOR-117",
            "every service answers clients",
            Look::Services(public),
        ),
        Check::fault(
            "E-DOCTOR-118",
            "the clocks of the services are ours",
            Look::Services(clocks),
        ),
        Check::fault(
            "E-DOCTOR-119",
            "the timestamp authority states the right time",
            Look::Services(stamped_time),
        ),
        Check::fault(
            "E-DOCTOR-120",
            "the authority has keys of every issuer",
            Look::Services(keyless_issuers),
        ),
        Check::warning(
            "E-DOCTOR-121",
            "every issuer answers",
            Look::Services(failing_issuers),
        ),
        Check::fault(
            "E-DOCTOR-161",
            "people can sign in through every connector",
            Look::Services(connectors),
        ),
    ],
};

fn running(_: &Patient, answers: &Answers) -> Seen {
    let statuses = answers.statuses.iter();
    // Those that died are told by what is left of them, those whose port is taken by who is there.
    let down = statuses.filter(|each| {
        matches!(each.state, State::Stopped | State::Starting) && each.stranger.is_none()
    });
    let findings = down.map(|each| {
        let name = each.service.name();
        match each.state {
            State::Starting => Finding::new(
                format!("{name} runs and does not answer"),
                format!(
                    "wait if it was just started; else see `sigctl logs DIR {name}` and restart it"
                ),
            ),
            _ => Finding::new(format!("{name} does not run"), "start it: `sigctl up DIR`"),
        }
    });
    Ok(findings.collect())
}

fn strangers(_: &Patient, answers: &Answers) -> Seen {
    let strange = answers.statuses.iter().filter_map(|each| {
        let stranger = each.stranger.as_ref()?;
        let finding = Finding::new(
            format!("the port of {} is not its own", each.service.name()),
            "stop what is named; two instances on one machine need ports of their own (`sigctl init --base-port`)",
        );
        Some(finding.because(stranger))
    });
    Ok(strange.collect())
}

fn ready(_: &Patient, answers: &Answers) -> Seen {
    let unready = answers
        .statuses
        .iter()
        .filter(|each| each.state == State::Unready);
    let findings = unready.map(|each| {
        let finding = Finding::new(
            format!("{} is not ready", each.service.name()),
            "mend what the reasons name; it becomes ready by itself",
        );
        finding.because(each.reasons.join("\n"))
    });
    Ok(findings.collect())
}

fn warnings(_: &Patient, answers: &Answers) -> Seen {
    let statuses = answers.statuses.iter();
    let warnings = statuses.flat_map(|each| each.warnings.iter().map(move |text| (each, text)));
    let findings = warnings.map(|(each, text)| {
        Finding::new(
            format!("{} warns: {text}", each.service.name()),
            "do what the warning says before the service stops to be ready",
        )
    });
    Ok(findings.collect())
}

fn versions(_: &Patient, answers: &Answers) -> Seen {
    each(answers, |status| {
        let version = status
            .version
            .as_deref()
            .filter(|version| *version != VERSION)?;
        Some(Finding::new(
            format!(
                "{} is of version {version}, and sigctl of {VERSION}",
                status.service.name()
            ),
            "install all programs of one release, and restart the services: `sigctl restart DIR`",
        ))
    })
}

fn replaced(_: &Patient, answers: &Answers) -> Seen {
    each(answers, |status| {
        let is_replaced = answers.replaced.contains(&status.service);
        is_replaced.then(|| {
            let name = status.service.name();
            Finding::new(
                format!("{name} runs a program that was replaced since"),
                format!("let it run the new one: `sigctl restart DIR {name}`"),
            )
        })
    })
}

fn administration(_: &Patient, answers: &Answers) -> Seen {
    each(answers, |status| {
        let why = failure(answers.admin.get(&status.service))?;
        let finding = Finding::new(
            format!("{} does not let the operator in", status.service.name()),
            "see whether trust/ and the service have their files from one copy, and the admin port is the one of the manifest",
        );
        Some(finding.because(why))
    })
}

fn public(_: &Patient, answers: &Answers) -> Seen {
    each(answers, |status| {
        let why = failure(answers.pages.get(&status.service))?;
        let finding = Finding::new(
            format!(
                "{} is ready and does not answer clients",
                status.service.name()
            ),
            "see whether it listens where the manifest says, and whether something is between (a firewall, an address that \
             is gone)",
        );
        Some(finding.because(why))
    })
}

fn failure<T>(answer: Option<&Answer<T>>) -> Option<&str> {
    match answer? {
        Ok(_) => None,
        Err(why) => Some(why),
    }
}

fn clocks(_: &Patient, answers: &Answers) -> Seen {
    each(answers, |status| {
        let page = answers.pages.get(&status.service)?.as_ref().ok()?;
        let off = off(page.times?)?;
        Some(Finding::new(
            format!("the clock of {} is off by {off}", status.service.name()),
            "set the clocks of this machine and of the service's, and let a time server keep them",
        ))
    })
}

fn stamped_time(_: &Patient, answers: &Answers) -> Seen {
    let times = answers.stamp.clone().map_err(Unseen)?;
    Ok(off(times)
        .map(|off| {
            Finding::new(
                format!("the timestamp authority states a time that is off by {off}"),
                "stop the timestamp authority until its clock is right: what it states is believed for years",
            )
        })
        .into_iter()
        .collect())
}

/// By how much two times differ, if that is more than a slow answer.
fn off((there, here): (OffsetDateTime, OffsetDateTime)) -> Option<String> {
    let difference = (there - here).abs();
    (difference > TOLERANCE).then(|| format!("{} s", difference.whole_seconds()))
}

fn keyless_issuers(_: &Patient, answers: &Answers) -> Seen {
    let issuers = answers.issuers.as_ref();
    let issuers = issuers.map_err(|why| Unseen::new(why.clone()))?;
    let keyless = issuers.iter().filter(|issuer| issuer.has_no_keys());
    Ok(keyless.map(no_keys).collect())
}

fn no_keys(issuer: &ShownIssuer) -> Finding {
    Finding::new(
        format!("nobody of an issuer can sign: {}", issuer.line()),
        "see to the issuer or to the way to it; `sigctl issuer test` walks the way, `sigctl issuer pin` does without it",
    )
}

fn failing_issuers(_: &Patient, answers: &Answers) -> Seen {
    let issuers = answers.issuers.as_ref();
    let issuers = issuers.map_err(|why| Unseen::new(why.clone()))?;
    let failing = issuers.iter();
    let failing = failing.filter(|issuer| issuer.is_failing() && !issuer.has_no_keys());
    let findings = failing.map(|issuer| {
        Finding::new(
            format!("an issuer is away: {}", issuer.line()),
            "see to it before its keys are too old to be used, a day after they were fetched last",
        )
    });
    Ok(findings.collect())
}

fn connectors(patient: &Patient, answers: &Answers) -> Seen {
    if !services::of(&patient.instance.manifest).contains(&Service::Oidc) {
        return Ok(Vec::new());
    }
    let connectors = answers.connectors.as_ref();
    let connectors = connectors.map_err(|why| Unseen::new(why.clone()))?;
    let closed = connectors
        .iter()
        .filter_map(|connector| Some((connector, connector.fault.as_ref()?)));
    let findings = closed.map(|(connector, fault)| {
        let finding = Finding::new(
            format!("nobody can sign in through the connector {}", connector.id),
            "see to the directory and to the way to it from the oidc service, or correct its entry in oidc/config.yaml",
        );
        finding.because(fault)
    });
    Ok(findings.collect())
}

/// What is found of each service that answers; those that do not are told by other checks, and keep this one from being
/// whole.
pub(super) fn each(answers: &Answers, find: impl Fn(&ServiceStatus) -> Option<Finding>) -> Seen {
    let statuses = answers.statuses.iter();
    let (up, down): (Vec<_>, Vec<_>) = statuses.partition(|each| each.state.answers());
    let findings: Vec<_> = up.into_iter().filter_map(find).collect();
    match (findings.is_empty(), down.first()) {
        (true, Some(down)) => Err(Unseen::new(format!("{} does not run", down.service.name()))),
        _ => Ok(findings),
    }
}

/// More than a second's fraction that is cut off and an answer that is slow.
const TOLERANCE: Duration = Duration::seconds(5);
