//! `sigctl airgap repair-list`: what to bring again, for whoever goes back outside.

use std::collections::BTreeSet;

use clap::Args;
use serde::Serialize;
use sigstead_airgap::{Fault, Finding, volume_name};

use super::belief::Believed;
use super::refusal;
use crate::failure::Failure;
use crate::output::Output;

/// Which archive, and who is believed.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    believed: Believed,
}

/// What has to be done before the archive is whole.
#[derive(Serialize)]
pub(super) struct Repair {
    words: String,
    /// Volumes of which everything is missing.
    volumes: Vec<String>,
    /// Paths on the media, to be copied again from the archive as it was made.
    bring: BTreeSet<String>,
    /// Paths on the media, to be taken away after somebody looked at them.
    remove: BTreeSet<String>,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let repair = repair(&arguments.believed)?;
    output.print(&repair, Repair::text);
    Ok(())
}

/// What is found to be done.
pub(super) fn repair(believed: &Believed) -> Result<Repair, Failure> {
    let opened = believed.open()?;
    let findings = opened.medium.verify();
    let findings = findings.map_err(|error| refusal::unreadable(&error))?;
    Ok(Repair::of(&findings, opened.fingerprint.words))
}

impl Repair {
    fn of(findings: &[Finding], words: String) -> Self {
        let mut repair = Self {
            words,
            volumes: Vec::new(),
            bring: BTreeSet::new(),
            remove: BTreeSet::new(),
        };
        for finding in findings {
            let place = refusal::place(finding);
            match finding.fault {
                Fault::VolumeAbsent => repair.volumes.push(volume_name(finding.volume)),
                Fault::Missing | Fault::Damaged => {
                    repair.bring.insert(place);
                }
                Fault::Twice | Fault::Foreign => {
                    repair.remove.insert(place);
                }
            }
        }
        repair
    }

    fn text(&self) -> String {
        if self.volumes.is_empty() && self.bring.is_empty() && self.remove.is_empty() {
            return "nothing has to be brought again".to_owned();
        }
        let mut text = format!("of the archive {}\n", self.words);
        let lines = [
            ("bring the volume", self.volumes.iter().collect::<Vec<_>>()),
            ("bring again", self.bring.iter().collect()),
            ("take away", self.remove.iter().collect()),
        ];
        for (verb, paths) in lines {
            for path in paths {
                text.push_str(&format!("  {verb}: {path}\n"));
            }
        }
        text
    }
}
