use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use url::Url;

use super::{Group, NONE, Policy, PolicyLog, Rule, Witness, WitnessName};
use crate::cosigner_key::CosignerKey;
use crate::error::{Error, MAX_POLICY_BYTES, PolicyError};
use crate::vkey::EncodedKey;

/// Reads the text of a policy (C2SP tlog-policy).
pub(super) fn read(text: &str) -> Result<Policy, Error> {
    if text.len() > MAX_POLICY_BYTES {
        return Err(Error::PolicyTooLong(text.len()));
    }
    let mut reader = Reader::default();
    for (line, text) in (1..).zip(text.split_inclusive('\n')) {
        let read = reader.line(text);
        read.map_err(|source| Error::Policy { line, source })?;
    }
    reader.finish()
}

#[derive(Default)]
struct Reader {
    logs: Vec<PolicyLog>,
    witnesses: Vec<Witness>,
    groups: Vec<Arc<Group>>,
    /// What names stand for; witnesses and groups share them.
    names: BTreeMap<String, Rule>,
    /// Names that are members of a group.
    members: BTreeSet<String>,
    quorum: Option<Quorum>,
}

enum Quorum {
    None,
    Rule(Rule),
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), PolicyError> {
        let line = line.strip_suffix('\n').ok_or(PolicyError::CutOff)?;
        let mut characters = line.chars();
        if let Some(wrong) = characters.find(|c| c.is_ascii_control() && *c != '\t') {
            return Err(PolicyError::ControlCharacter(wrong));
        }
        let words = line.split([' ', '\t']).filter(|word| !word.is_empty());
        let words: Vec<_> = words.collect();
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with('#') => Ok(()),
            ["log", key] => self.log(key, None),
            ["log", key, url] => self.log(key, Some(url)),
            ["log", ..] => Err(PolicyError::Words("log <key> [<url>]")),
            ["witness", name, key] => self.witness(name, key, None),
            ["witness", name, key, url] => self.witness(name, key, Some(url)),
            ["witness", ..] => Err(PolicyError::Words("witness <name> <key> [<url>]")),
            ["group", name, threshold, first, rest @ ..] => {
                self.group(name, threshold, &[&[*first], rest].concat())
            }
            ["group", ..] => Err(PolicyError::Words(
                "group <name> <any, all or number> <member>...",
            )),
            ["quorum", name] => self.quorum(name),
            ["quorum", ..] => Err(PolicyError::Words("quorum <witness, group or none>")),
            [other, ..] => Err(PolicyError::Keyword((*other).to_owned())),
        }
    }

    fn log(&mut self, key: &str, url: Option<&str>) -> Result<(), PolicyError> {
        expect_room("log", self.logs.len())?;
        let key = EncodedKey::parse(key).and_then(EncodedKey::into_log_key);
        let key = key.map_err(|error| PolicyError::Key(Box::new(error)))?;
        let is_same = |log: &PolicyLog| log.key.public_key() == key.public_key();
        if self.logs.iter().any(is_same) {
            return Err(PolicyError::DuplicateKey(key.name().to_string()));
        }
        let url = url.map(parse_url).transpose()?;
        self.logs.push(PolicyLog { key, url });
        Ok(())
    }

    fn witness(&mut self, name: &str, key: &str, url: Option<&str>) -> Result<(), PolicyError> {
        expect_room("witness", self.witnesses.len())?;
        let key = CosignerKey::parse(key).map_err(|error| PolicyError::Key(Box::new(error)))?;
        // Two names for one key would let one witness count twice.
        let is_same = |witness: &Witness| witness.key.public_key() == key.public_key();
        if self.witnesses.iter().any(is_same) {
            return Err(PolicyError::DuplicateKey(key.name().to_string()));
        }
        let url = url.map(parse_url).transpose()?;
        let name = WitnessName(name.to_owned());
        self.define(name.as_str(), Rule::Witness(name.clone()))?;
        self.witnesses.push(Witness { name, key, url });
        Ok(())
    }

    fn group(&mut self, name: &str, threshold: &str, members: &[&str]) -> Result<(), PolicyError> {
        expect_room("group", self.groups.len())?;
        let count = members.len();
        let threshold =
            parse_threshold(threshold, count).ok_or_else(|| PolicyError::Threshold {
                threshold: threshold.to_owned(),
                members: count,
            })?;
        let members = members.iter().map(|member| self.take_member(member));
        let members = members.collect::<Result<_, _>>()?;
        let group = Arc::new(Group {
            name: name.to_owned(),
            threshold,
            members,
        });
        self.define(name, Rule::Group(Arc::clone(&group)))?;
        self.groups.push(group);
        Ok(())
    }

    fn quorum(&mut self, name: &str) -> Result<(), PolicyError> {
        if self.quorum.is_some() {
            return Err(PolicyError::SecondQuorum);
        }
        self.quorum = Some(if name == NONE {
            Quorum::None
        } else {
            Quorum::Rule(self.resolve(name)?)
        });
        Ok(())
    }

    fn finish(self) -> Result<Policy, Error> {
        let quorum = match self.quorum.ok_or(Error::QuorumMissing)? {
            Quorum::None => None,
            Quorum::Rule(rule) => Some(rule),
        };
        Ok(Policy {
            logs: self.logs,
            witnesses: self.witnesses,
            groups: self.groups,
            quorum,
        })
    }

    fn define(&mut self, name: &str, rule: Rule) -> Result<(), PolicyError> {
        if name == NONE {
            return Err(PolicyError::ReservedName);
        }
        match self.names.insert(name.to_owned(), rule) {
            None => Ok(()),
            Some(_) => Err(PolicyError::DuplicateName(name.to_owned())),
        }
    }

    fn take_member(&mut self, name: &str) -> Result<Rule, PolicyError> {
        let rule = self.resolve(name)?;
        if self.members.insert(name.to_owned()) {
            Ok(rule)
        } else {
            Err(PolicyError::MemberTwice(name.to_owned()))
        }
    }

    fn resolve(&self, name: &str) -> Result<Rule, PolicyError> {
        let rule = self.names.get(name).cloned();
        rule.ok_or_else(|| PolicyError::UnknownName(name.to_owned()))
    }
}

fn expect_room(kind: &'static str, length: usize) -> Result<(), PolicyError> {
    if length < MAX_LINES_OF_A_KIND {
        return Ok(());
    }
    Err(PolicyError::TooMany {
        kind,
        limit: MAX_LINES_OF_A_KIND,
    })
}

fn parse_threshold(text: &str, members: usize) -> Option<usize> {
    match text {
        "any" => Some(1),
        "all" => Some(members),
        _ => {
            let number = text.parse::<usize>().ok()?;
            let is_plain = number.to_string() == text;
            (is_plain && (1..=members).contains(&number)).then_some(number)
        }
    }
}

fn parse_url(text: &str) -> Result<Url, PolicyError> {
    let is_prefix = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    };
    let url = Url::parse(text).ok().filter(is_prefix);
    url.ok_or_else(|| PolicyError::Url(text.to_owned()))
}

// Twice what the specification asks for (§Implementation limits). A note takes 100 signatures, and
// each witness costs a connection.
const MAX_LINES_OF_A_KIND: usize = 64;
