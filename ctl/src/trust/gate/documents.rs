//! The documents of a draft, by the strictest reading of any client.

use sigstead_trust_root::{Fault, LogState, SigningConfig, Target, TrustedRoot, faults};
use time::OffsetDateTime;

use crate::failure::Failure;

/// The two documents that clients decide by.
pub(super) struct Documents {
    pub(super) trusted_root: TrustedRoot,
    pub(super) signing_config: SigningConfig,
}

impl Documents {
    /// Those among the files of a publication, read from the bytes that clients get.
    pub(super) fn of(files: &[Target]) -> Result<Self, Failure> {
        let bytes = |name: &str| {
            let file = files.iter().find(|file| file.name == name);
            file.map(|file| file.bytes.as_slice()).unwrap_or_default()
        };
        let unread = |error: sigstead_trust_root::Error| {
            let why = sigstead_kit::causes(&error);
            refused("E-CTL-450", "no client can read it", &why)
        };
        Ok(Self {
            trusted_root: TrustedRoot::parse(bytes(TRUSTED_ROOT)).map_err(unread)?,
            signing_config: SigningConfig::parse(bytes(SIGNING_CONFIG)).map_err(unread)?,
        })
    }

    /// Refuses faults that are not published yet; those that are cannot be mended, since trust is only added to.
    pub(super) fn check(
        &self,
        published: &Self,
        logs: &[LogState],
        now: OffsetDateTime,
    ) -> Result<(), Failure> {
        refuse(&self.new_faults(published, logs, now))
    }

    /// The same of those faults alone that do not come of times.
    pub(super) fn check_form(
        &self,
        published: &Self,
        logs: &[LogState],
        now: OffsetDateTime,
    ) -> Result<(), Failure> {
        let mut faults = self.new_faults(published, logs, now);
        faults.retain(|fault| matches!(fault, Fault::Chain { .. } | Fault::LogId { .. }));
        refuse(&faults)
    }

    fn new_faults(&self, published: &Self, logs: &[LogState], now: OffsetDateTime) -> Vec<Fault> {
        let known = published.faults(logs, now);
        let mut faults = self.faults(logs, now);
        faults.retain(|fault| {
            !known.contains(fault) && !fault.is_left_by(&published.trusted_root, now)
        });
        faults
    }

    fn faults(&self, logs: &[LogState], now: OffsetDateTime) -> Vec<Fault> {
        faults(&self.trusted_root, &self.signing_config, logs, now)
    }
}

fn refuse(faults: &[Fault]) -> Result<(), Failure> {
    let Some(first) = faults.first() else {
        return Ok(());
    };
    let all: Vec<_> = faults.iter().map(ToString::to_string).collect();
    Err(named(first, &all.join("; ")))
}

fn named(fault: &Fault, why: &str) -> Failure {
    match fault {
        Fault::Chain { .. } => refused("E-CTL-451", "a chain cannot sign what it is for", why),
        Fault::LogId { .. } => refused("E-CTL-452", "a log is named by a wrong identifier", why),
        Fault::Hole { .. } => refused("E-CTL-453", "there is a time in which nothing counts", why),
        Fault::Unknown { .. } => refused(
            "E-CTL-454",
            "clients would sign with what none of them trusts",
            why,
        ),
    }
}

/// A refusal of the gate.
pub(super) fn refused(code: &'static str, what: &str, why: &str) -> Failure {
    Failure::new(
        code,
        format!("the draft of the trust root is refused, {what}; nothing was published"),
        "mend what the cause names, or bring trust/state.json back from a copy; the former trust root stays published",
    )
    .because(why)
}

/// The targets' names.
pub(super) const TRUSTED_ROOT: &str = "trusted_root.json";
pub(super) const SIGNING_CONFIG: &str = "signing_config.v0.2.json";
