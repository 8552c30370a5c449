mod reader;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use sigstead_note::{SignedNote, VerifierKey};
use url::Url;

use crate::vkey::encode_log_key;
use crate::{CosignerKey, Error};

/// Which logs and witnesses are known, and which witnesses suffice for a checkpoint (C2SP tlog-policy).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<PolicyLog>,
    witnesses: Vec<Witness>,
    groups: Vec<Arc<Group>>,
    quorum: Option<Rule>,
}

/// A log that a policy knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyLog {
    /// The key; its name is the origin of the log.
    pub key: VerifierKey,
    /// Where the log is, if the policy says so.
    pub url: Option<Url>,
}

/// A witness that a policy knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// How the policy calls it, which may differ from the name of its key.
    pub name: WitnessName,
    /// The key by which it cosigns.
    pub key: CosignerKey,
    /// Its submission prefix, if the policy says so.
    pub url: Option<Url>,
}

impl Witness {
    /// Where checkpoints are submitted.
    #[must_use]
    pub fn add_checkpoint_url(&self) -> Option<Url> {
        let mut url = self.url.clone()?;
        let prefix = url.path().trim_end_matches('/');
        let path = format!("{prefix}/add-checkpoint");
        url.set_path(&path);
        Some(url)
    }
}

/// How a policy calls a witness.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WitnessName(String);

impl WitnessName {
    /// The name as it stands in the policy.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WitnessName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Policy {
    /// Reads a policy. It is UTF-8; the specification would allow other octets in names.
    ///
    /// # Errors
    /// A line is not one of a policy, refers to something that is not defined above it, or defines something twice; or the
    /// policy has no quorum. The error names the line and says what to write.
    pub fn parse(text: &str) -> Result<Self, Error> {
        reader::read(text)
    }

    /// The logs, in the order of their lines. There may be none.
    #[must_use]
    pub fn logs(&self) -> &[PolicyLog] {
        &self.logs
    }

    /// The witnesses, in the order of their lines. There may be none, if the quorum is `none`.
    #[must_use]
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// Whether the policy is for a log: it lists the key, or no log at all.
    #[must_use]
    pub fn is_for(&self, log: &VerifierKey) -> bool {
        self.logs.is_empty() || self.logs.iter().any(|known| known.key == *log)
    }

    /// Whether a checkpoint without cosignatures is refused: the quorum is not `none`.
    #[must_use]
    pub const fn needs_cosignatures(&self) -> bool {
        self.quorum.is_some()
    }

    /// Whether these witnesses suffice.
    #[must_use]
    pub fn is_met(&self, cosigned: &BTreeSet<WitnessName>) -> bool {
        self.quorum
            .as_ref()
            .is_none_or(|rule| rule.is_met(cosigned))
    }

    /// The witnesses whose cosignatures on a note verify. Lines of others, and wrong ones, count for nothing.
    #[must_use]
    pub fn cosigned(&self, note: &SignedNote) -> BTreeSet<WitnessName> {
        let has_cosigned = |witness: &&Witness| matches!(witness.key.find(note), Ok(Some(_)));
        let witnesses = self.witnesses.iter().filter(has_cosigned);
        witnesses.map(|witness| witness.name.clone()).collect()
    }
}

impl FromStr for Policy {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for log in &self.logs {
            write!(f, "log {}", encode_log_key(&log.key))?;
            write_url(f, log.url.as_ref())?;
        }
        for Witness { name, key, url } in &self.witnesses {
            write!(f, "witness {name} {key}")?;
            write_url(f, url.as_ref())?;
        }
        for group in &self.groups {
            write!(f, "group {} {}", group.name, group.threshold)?;
            for member in &group.members {
                write!(f, " {}", member.name())?;
            }
            writeln!(f)?;
        }
        let quorum = self.quorum.as_ref().map_or(NONE, Rule::name);
        writeln!(f, "quorum {quorum}")
    }
}

fn write_url(f: &mut fmt::Formatter<'_>, url: Option<&Url>) -> fmt::Result {
    match url {
        Some(url) => writeln!(f, " {url}"),
        None => writeln!(f),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    Witness(WitnessName),
    Group(Arc<Group>),
}

#[derive(Debug, PartialEq, Eq)]
struct Group {
    name: String,
    threshold: usize,
    members: Vec<Rule>,
}

impl Rule {
    fn name(&self) -> &str {
        match self {
            Self::Witness(name) => name.as_str(),
            Self::Group(group) => &group.name,
        }
    }

    // A rule is a member once at most, so this visits each of them once.
    fn is_met(&self, cosigned: &BTreeSet<WitnessName>) -> bool {
        match self {
            Self::Witness(name) => cosigned.contains(name),
            Self::Group(group) => {
                let met = group.members.iter().filter(|rule| rule.is_met(cosigned));
                met.count() >= group.threshold
            }
        }
    }
}

const NONE: &str = "none";
