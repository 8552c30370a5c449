//! What `sigctl` does with the files of an instance, in a record of its own beside those of the services.

use std::collections::BTreeMap;

use sigstead_audit::{Acts, Event, Outcome, Place, Who};
use sigstead_kit::{Clock as _, Role, SystemClock};

use crate::failure::Failure;
use crate::hold::Hold;
use crate::instance::Instance;

/// An act that is recorded before it is done, and then with what came of it. In between others may be recorded.
pub(crate) struct Recorded<'a> {
    instance: &'a Instance,
    act: u64,
}

impl<'a> Recorded<'a> {
    /// Records that an act begins; what cannot be recorded is not done.
    pub(crate) async fn begin(
        instance: &'a Instance,
        method: &str,
        arguments: &[(&str, String)],
    ) -> Result<Self, Failure> {
        let arguments = arguments.iter();
        let arguments = arguments.map(|(name, value)| ((*name).to_owned(), value.clone()));
        let event = Event::Begun {
            who: here(),
            method: method.to_owned(),
            arguments: arguments.collect::<BTreeMap<_, _>>(),
            request_id: None,
        };
        let act = append(instance, event).await?;
        Ok(Self { instance, act })
    }

    /// Records what came of it.
    pub(crate) async fn end<T>(self, result: Result<T, Failure>) -> Result<T, Failure> {
        let (outcome, code) = match &result {
            Ok(_) => (Outcome::Done, None),
            Err(failure) => (Outcome::Failed, Some(failure.code().to_owned())),
        };
        let act = self.act;
        let ended = append(self.instance, Event::Ended { act, outcome, code }).await;
        let result = result?;
        ended?;
        Ok(result)
    }
}

/// Where that record is.
pub(crate) fn place(instance: &Instance) -> Place {
    let head = instance.manifest.audit_head("sigctl");
    Place::new(&instance.path(FOLDER), head.as_deref())
}

async fn append(instance: &Instance, event: Event) -> Result<u64, Failure> {
    let folder = instance.path(FOLDER);
    let made = sigstead_durable::create_private_directory(&folder);
    made.map_err(|error| Failure::file("make", &folder, error))?;
    let _hold = Hold::take(&folder, "the record of an act").await?;
    let appended = Acts::new(place(instance)).append(event, SystemClock.now());
    appended.map_err(|error| unrecorded(&error))
}

/// Who may write the files of an instance owns it.
fn here() -> Who {
    Who {
        name: format!(
            "user {} of this machine",
            rustix::process::getuid().as_raw()
        ),
        serial: String::new(),
        role: Role::Owner.to_string(),
    }
}

fn unrecorded(error: &sigstead_audit::Error) -> Failure {
    Failure::new(
        "E-CTL-371",
        "the record of what administrators do cannot be written, so nothing more was done",
        "mend what the cause names, such as the room on the disk, and run the command again",
    )
    .because(sigstead_kit::causes(error))
}

const FOLDER: &str = "trust/audit";
