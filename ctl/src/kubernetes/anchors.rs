//! The anchors of a trial's logs, on a volume that all its services share.

use std::path::Path;

use sigstead_sequencer::{Anchor as _, FileAnchor};

use crate::configured_log::ConfiguredLog;
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::private;

/// Moves the anchors that `sigctl init` made with the instance to where the services look for them, each in one step. There is
/// one anchor to be moved, once: a lost one is not made again here, and its log takes no entries.
pub(super) fn move_to(folder: &Path, instance: &Instance) -> Result<(), Failure> {
    for service in [Service::Tlog, Service::Ctlog] {
        let places = folder.join(service.name());
        private::create_folders(&places)?;
        for log in ConfiguredLog::of_service(service, &instance.service(service))? {
            let place = places.join(log.anchor.file_name().unwrap_or_default());
            if log.anchor.is_file() && is_free(&place)? {
                let moved = sigstead_durable::rename(&log.anchor, &place);
                moved.map_err(|error| Failure::file("move", &log.anchor, error))?;
            }
        }
    }
    Ok(())
}

/// Whether no log that was ever opened has its anchor at a place.
fn is_free(place: &Path) -> Result<bool, Failure> {
    let anchored = FileAnchor::new(place).load();
    let anchored =
        anchored.map_err(|error| Failure::file("use", place, sigstead_kit::causes(&error)))?;
    Ok(anchored.is_none_or(|anchored| anchored.is_beginning()))
}

#[cfg(test)]
mod tests {
    use sigstead_sequencer::Anchored;

    use super::*;

    #[test]
    fn a_place_is_free_until_a_log_was_opened() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("log");
        assert!(is_free(&place).unwrap());
        let mut anchor = FileAnchor::new(&place);
        anchor.begin().unwrap();
        assert!(is_free(&place).unwrap());
        let opened = Anchored {
            time_millis: 1,
            ..Anchored::beginning()
        };
        anchor.store(&opened).unwrap();
        assert!(!is_free(&place).unwrap());
        std::fs::write(&place, [0x5a; 1024]).unwrap();
        assert!(is_free(&place).is_err());
    }
}
