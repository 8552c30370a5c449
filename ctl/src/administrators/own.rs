//! The certificate with which the instance's own tools administer it, and those that were it.

use std::collections::BTreeMap;

use sigstead_kit::{Clock as _, SystemClock};
use sigstead_x509::Certificate;
use time::OffsetDateTime;

use super::authority::{self, Terms};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::output::one_line;
use crate::recorded::Recorded;
use crate::replace::replace;
use crate::rotations::Turn;
use crate::tls_files;

/// Issues another certificate for the same key, with what the one of now says, and puts it in its place.
///
/// The key stays, so that the file of the certificate is all that is replaced, in one step.
pub(crate) async fn renew_own(instance: &Instance, former: &Certificate) -> Result<(), Failure> {
    let holder = authority::administrator(former)?;
    let known = authority::issued(instance)?;
    if known.get(&holder.serial).is_some_and(|of| of.is_revoked) {
        return Err(Failure::new(
            "E-CTL-343",
            "the certificate of these tools was revoked",
            "replace it and its key: sigctl rotate admin start",
        ));
    }
    // A rotation may be about to replace the pair; the next command renews what is there then.
    let Some(_turn) = Turn::if_free(instance)? else {
        return Ok(());
    };
    if tls_files::certificate(&instance.path(authority::OWN))? != *former {
        return Ok(());
    }
    let asked = [("name", holder.name.clone()), ("serial", holder.serial)];
    let recorded = Recorded::begin(instance, "sigctl renews its certificate", &asked).await?;
    let terms = Terms {
        name: holder.name,
        role: holder.role,
        days: DAYS,
        key: former.public_key().clone(),
    };
    let renewed = async {
        let next = authority::issue(instance, terms).await?;
        keep_former(instance, former)?;
        let path = instance.path(authority::OWN);
        replace(&path, next.to_pem().as_bytes())
            .map_err(|error| Failure::file("write", &path, error))
    };
    let renewed = renewed.await;
    recorded.end(renewed).await
}

/// Keeps a certificate that was the tools' own among those that can be listed and revoked.
pub(crate) fn keep_former(instance: &Instance, certificate: &Certificate) -> Result<(), Failure> {
    let former = authority::administrator(certificate)?;
    match authority::kept(instance, &former.serial).exists() {
        true => Ok(()),
        false => authority::keep(instance, certificate).map(drop),
    }
}

/// Revokes all certificates of the key of one that was the tools' own: who has a copy of the key has them as well.
pub(crate) async fn end_key_of(instance: &Instance, serial: &str) -> Result<(), Failure> {
    let issued = authority::issued(instance)?;
    let Some(former) = issued.get(serial) else {
        return Ok(());
    };
    let key = former.certificate.public_key();
    let own = tls_files::certificate(&instance.path(authority::OWN))?;
    if key == own.public_key() {
        return end(instance, &[serial.to_owned()]).await;
    }
    let same = issued
        .iter()
        .filter(|(_, each)| each.certificate.public_key() == key);
    let serials: Vec<_> = same.map(|(serial, _)| serial.clone()).collect();
    end(instance, &serials).await
}

/// Revokes certificates that others have taken the place of.
pub(crate) async fn end(instance: &Instance, serials: &[String]) -> Result<(), Failure> {
    let issued = authority::issued(instance)?;
    for serial in serials {
        let Some(of) = issued.get(serial).filter(|of| !of.is_revoked) else {
            continue;
        };
        let asked = [("serial", serial.clone())];
        let recorded = Recorded::begin(instance, "sigctl rotate", &asked).await?;
        let name = &of.administrator.name;
        let line = one_line(&format!("{serial} {name}"));
        let revoked = authority::revoke(instance, &line);
        recorded.end(revoked).await?;
    }
    Ok(())
}

/// What an authority issued and still counts: serial numbers, and when each ends.
pub(crate) fn good_of(
    instance: &Instance,
    authority: &Certificate,
) -> Result<BTreeMap<String, OffsetDateTime>, Failure> {
    let now = SystemClock.now();
    let issued = authority::issued(instance)?.into_iter();
    let good = issued.filter(|(_, issued)| {
        let ends = issued.administrator.not_after;
        !issued.is_revoked && ends > now && issued.certificate.verify_signed_by(authority).is_ok()
    });
    Ok(good
        .map(|(serial, issued)| (serial, issued.administrator.not_after))
        .collect())
}

/// The serial number of a certificate of an administrator, as lists name it.
pub(crate) fn serial_of(certificate: &Certificate) -> Result<String, Failure> {
    authority::administrator(certificate).map(|of| of.serial)
}

/// As long as `init` gives it.
const DAYS: u16 = 730;
