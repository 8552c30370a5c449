//! The way of clients to the services, and a whole signature.

use super::answers::Answers;
use super::check::{Check, Look, Subject};
use super::finding::{Finding, Seen, Unseen};
use super::outside::{Outside, Unreached};
use super::patient::Patient;

pub(super) const REACH: Subject = Subject {
    name: "clients",
    checks: &[
        Check::fault(
            "E-DOCTOR-150",
            "the names of the services have addresses",
            Look::Services(names),
        ),
        Check::fault(
            "E-DOCTOR-151",
            "clients take the TLS certificates that they meet",
            Look::Services(certificates),
        ),
        Check::fault(
            "E-DOCTOR-152",
            "the URLs that clients have lead to the services",
            Look::Services(urls),
        ),
        Check::fault(
            "E-DOCTOR-153",
            "they lead to those of this instance",
            Look::Services(same),
        ),
        Check::fault(
            "E-DOCTOR-160",
            "a signature is made and verifies",
            Look::Services(signature),
        ),
    ],
};

fn names(_: &Patient, answers: &Answers) -> Seen {
    let outside = answers.outside.iter();
    let nameless = outside.filter_map(|each| Some((each, each.name.as_ref().err()?)));
    let findings = nameless.map(|(each, why)| {
        let finding = Finding::new(
            format!("the name in {} has no address here", each.url),
            "enter it into the DNS, or into /etc/hosts where only some machines shall have it",
        );
        finding.because(why)
    });
    Ok(findings.collect())
}

fn certificates(_: &Patient, answers: &Answers) -> Seen {
    let outside = answers.outside.iter();
    let findings = outside.filter_map(|each| match &each.page {
        Err(Unreached::Certificate(why)) => {
            let finding = Finding::new(
                format!("clients refuse the certificate at {}", each.url),
                "let the reverse proxy have a certificate for that name, in its time, of an authority that clients have; this \
                 machine trusts what is in its own store",
            );
            Some(finding.because(why))
        }
        _ => None,
    });
    Ok(findings.collect())
}

fn urls(_: &Patient, answers: &Answers) -> Seen {
    let mut findings = Vec::new();
    for each in &answers.outside {
        let Err(Unreached::Other(why)) = &each.page else {
            continue;
        };
        // Nothing can be said of the way where there is nobody, or nowhere to go.
        if each.name.is_err() || inside(answers, each).is_err() {
            continue;
        }
        let finding = Finding::new(
            format!(
                "{} answers on this machine, and not at {}",
                each.service.name(),
                each.url
            ),
            "see to the reverse proxy and to what is before it; `sigctl proxy nginx` writes a configuration",
        );
        findings.push(finding.because(why));
    }
    Ok(findings)
}

fn same(_: &Patient, answers: &Answers) -> Seen {
    let mut findings = Vec::new();
    for each in &answers.outside {
        let Ok(page) = &each.page else { continue };
        if page != inside(answers, each)? {
            findings.push(Finding::new(
                format!("at {} is another {} than this instance's", each.url, each.service.name()),
                "let the reverse proxy lead that name or port to this instance: each service has its own",
            ));
        }
    }
    Ok(findings)
}

/// The page of the service that is looked at from outside, by the address that only this machine knows.
fn inside<'a>(answers: &'a Answers, outside: &Outside) -> Result<&'a Vec<u8>, Unseen> {
    let service = outside.service;
    let page = answers
        .pages
        .get(&service)
        .and_then(|page| page.as_ref().ok());
    page.map(|page| &page.bytes)
        .ok_or_else(|| Unseen::new(format!("{} does not answer", service.name())))
}

fn signature(_: &Patient, answers: &Answers) -> Seen {
    let signed = answers.signed.as_ref();
    let signed = signed.map_err(|why| Unseen::new(why.clone()))?;
    let failed = signed.as_ref().err();
    let findings = failed.map(|why| {
        let finding = Finding::new(
            "a signature through all services fails",
            "do what `sigctl explain` says of the code in the cause",
        );
        finding.because(why)
    });
    Ok(findings.into_iter().collect())
}
