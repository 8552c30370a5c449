use std::collections::HashMap;
use std::io::BufRead;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::bytes::put_vector;
use crate::claims::Claims;
use crate::defect::Findings;
use crate::entry::leaf_index;
use crate::head::Head;
use crate::ledger::{self, Ack, LoggedEntry, Observation, Sct, Set};
use crate::note;
use crate::tree::{self, Hash, sha256};
use crate::{Defect, Error, Face, Log};

/// A leaf that the log acknowledged, to be found at its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Acked {
    pub(crate) index: u64,
    pub(crate) hash: Hash,
    /// Of the ledger.
    pub(crate) line: u64,
    /// Milliseconds, where the acknowledgement says one that is not in the leaf.
    pub(crate) time: Option<u64>,
}

/// What is known of the log from elsewhere. What can be verified without the tree is verified here.
#[derive(Debug)]
pub(crate) struct Inputs<'a> {
    log: &'a Log,
    findings: &'a mut Findings,
    opened: HashMap<Hash, Option<Head>>,
    pub(crate) claims: Claims,
    pub(crate) acked: Vec<Acked>,
    pub(crate) checkpoints: u64,
    /// When the last observed checkpoint was signed, or seen.
    pub(crate) last_time: Option<u64>,
}

impl<'a> Inputs<'a> {
    pub(crate) fn new(log: &'a Log, findings: &'a mut Findings) -> Self {
        Self {
            log,
            findings,
            opened: HashMap::new(),
            claims: Claims::new(log.face),
            acked: Vec::new(),
            checkpoints: 0,
            last_time: None,
        }
    }

    pub(crate) fn previous(&mut self, text: &str) {
        let whose = || "the checkpoint trusted before".to_owned();
        if let Some(head) = self.open(text, &whose) {
            self.claims.add(&head, head.time, &whose);
        }
    }

    pub(crate) fn observed(&mut self, lines: impl BufRead) -> Result<(), Error> {
        let mut last_size = 0;
        ledger::each_line("observations", lines, |line, seen: Observation| {
            let whose = || format!("the checkpoint of observation {line}");
            if let Some(head) = self.open(&seen.checkpoint, &whose) {
                let time = head.time.unwrap_or(seen.time_millis);
                self.go_on(&head, last_size, time, &whose);
                last_size = last_size.max(head.size);
                self.claims.add(&head, Some(time), &whose);
            }
            Ok(())
        })
    }

    fn go_on(&mut self, head: &Head, last_size: u64, time: u64, whose: &dyn Fn() -> String) {
        if head.size < last_size {
            let sentence = format!("{} has size {} after {last_size}", whose(), head.size);
            self.findings.add(Defect::SizeGoingBack, sentence);
        }
        let last_time = self.last_time.unwrap_or(time);
        if time < last_time {
            let sentence = format!("{} is of {time} after {last_time}", whose());
            self.findings.add(Defect::TimeGoingBack, sentence);
        }
        self.last_time = Some(last_time.max(time));
    }

    pub(crate) fn ledger(&mut self, lines: impl BufRead) -> Result<(), Error> {
        ledger::each_line("ledger", lines, |line, ack: Ack| self.ack(line, &ack))?;
        self.acked.sort_unstable();
        for pair in self.acked.windows(2) {
            if let [one, other] = pair
                && one.index == other.index
                && one.hash != other.hash
            {
                self.findings.add(
                    Defect::TwoLeavesForIndex,
                    format!(
                        "lines {} and {} of the ledger are different leaves for index {}",
                        one.line, other.line, one.index
                    ),
                );
            }
        }
        Ok(())
    }

    fn ack(&mut self, line: u64, ack: &Ack) -> Result<(), String> {
        let body = ack.body.as_deref();
        let body = body.map(|text| ledger::base64("body", text)).transpose()?;
        let promised = ack.sct.as_ref().map(sct_leaf).transpose()?;
        if let Some(set) = &ack.set {
            let body = body
                .as_ref()
                .ok_or("a set without body cannot be verified")?;
            self.set(line, ack.index, body, set);
        }
        if let (Some(sct), Some(leaf)) = (&ack.sct, &promised) {
            self.sct(line, ack.index, sct, leaf)?;
        }
        let hash = self.leaf_hash(line, ack, [body, promised])?;
        self.cover(line, ack, hash)?;
        let set = ack.set.as_ref();
        self.acked.push(Acked {
            index: ack.index,
            hash,
            line,
            time: set.map(|set| set.integrated_time.saturating_mul(1000)),
        });
        Ok(())
    }

    /// The one leaf that an acknowledgement speaks of, in as many ways as it does.
    fn leaf_hash(
        &mut self,
        line: u64,
        ack: &Ack,
        leaves: [Option<Vec<u8>>; 2],
    ) -> Result<Hash, String> {
        let given = ack.leaf_hash.as_deref();
        let given = given
            .map(|text| ledger::hex_hash("leaf_hash", text))
            .transpose()?;
        let leaves = leaves
            .into_iter()
            .flatten()
            .map(|leaf| tree::leaf_hash(&[&leaf]));
        let mut known = leaves.chain(given);
        let hash = known.next();
        let hash = hash.ok_or("neither body, sct nor leaf_hash says what the leaf is")?;
        if known.any(|other| other != hash) {
            let sentence = format!("line {line} of the ledger says one leaf in two ways");
            self.findings.add(Defect::AckContradiction, sentence);
        }
        Ok(hash)
    }

    /// The checkpoint of an acknowledgement must cover its entry, and the proof must lead to it.
    fn cover(&mut self, line: u64, ack: &Ack, hash: Hash) -> Result<(), String> {
        let proof = ack.proof.iter().flatten();
        let proof: Result<Vec<_>, _> = proof.map(|text| ledger::any_hash("proof", text)).collect();
        let proof = proof?;
        let Some(text) = &ack.checkpoint else {
            return match ack.proof {
                Some(_) => Err("a proof without checkpoint cannot be verified".to_owned()),
                None => Ok(()),
            };
        };
        let whose = || format!("the checkpoint of line {line} of the ledger");
        let Some(head) = self.open(text, &whose) else {
            return Ok(());
        };
        let seen = match self.log.face {
            Face::StaticCt => head.time,
            Face::RekorV1 | Face::RekorV2 => ack.time_millis,
        };
        self.claims.add(&head, seen, &whose);
        let proven = ack.proof.is_none()
            || tree::is_included(hash, ack.index, head.size, &proof, &head.root);
        if head.size <= ack.index {
            let sentence = format!("{} does not reach to index {}", whose(), ack.index);
            self.findings.add(Defect::AckNotCovered, sentence);
        } else if !proven {
            let sentence = format!("the proof of line {line} of the ledger does not verify");
            self.findings.add(Defect::ProofInvalid, sentence);
        }
        Ok(())
    }

    fn set(&mut self, line: u64, index: u64, body: &[u8], set: &Set) {
        if Some(set.log_index) != self.log.first_index.checked_add(index) {
            let sentence = format!(
                "line {line} of the ledger is index {index}, its set says {}",
                set.log_index
            );
            self.findings.add(Defect::SetIndex, sentence);
        }
        // RFC 8785 for these four members: in this order, and nothing in them to escape.
        let message = format!(
            r#"{{"body":"{}","integratedTime":{},"logID":"{}","logIndex":{}}}"#,
            STANDARD.encode(body),
            set.integrated_time,
            set.log_id,
            set.log_index
        );
        let own = set.log_id == hex::encode(self.log.key.log_id());
        let verified = STANDARD
            .decode(&set.signature)
            .is_ok_and(|signature| self.log.key.verifies(message.as_bytes(), &signature));
        if !own || !verified {
            let sentence = format!("the set of line {line} of the ledger does not verify");
            self.findings.add(Defect::SetInvalid, sentence);
        }
    }

    fn sct(&mut self, line: u64, index: u64, sct: &Sct, leaf: &[u8]) -> Result<(), String> {
        let extensions = ledger::base64("extensions", &sct.extensions)?;
        if leaf_index(&extensions) != Some(index) {
            let sentence =
                format!("line {line} of the ledger is index {index}, its sct says another or none");
            self.findings.add(Defect::SctIndex, sentence);
        }
        // RFC 6962 §3.2 and §3.4 begin alike: version 1, then a zero for what follows.
        let own = STANDARD
            .decode(&sct.id)
            .is_ok_and(|id| id == self.log.key.log_id());
        let verified = STANDARD
            .decode(&sct.signature)
            .is_ok_and(|signed| self.log.key.verifies_digitally_signed(leaf, &signed));
        if !own || !verified {
            let sentence = format!("the sct of line {line} of the ledger does not verify");
            self.findings.add(Defect::SctInvalid, sentence);
        }
        Ok(())
    }

    /// A checkpoint of the log, if it is one. The same text is verified once.
    fn open(&mut self, text: &str, whose: &dyn Fn() -> String) -> Option<Head> {
        self.checkpoints += 1;
        let name = sha256(text.as_bytes());
        if let Some(known) = self.opened.get(&name) {
            return *known;
        }
        let head = match note::parse(text.as_bytes()) {
            Ok(note) => self.log.verify(&note),
            Err(reason) => Err((Defect::MalformedNote, reason.to_owned())),
        };
        let head = head.map_err(|(defect, reason)| {
            self.findings.add(defect, format!("{}: {reason}", whose()));
        });
        self.opened.insert(name, head.ok());
        head.ok()
    }
}

/// The leaf that a signed certificate timestamp promises (RFC 6962 §3.4), which is also what it signs.
fn sct_leaf(sct: &Sct) -> Result<Vec<u8>, String> {
    let mut leaf = vec![0, 0];
    leaf.extend_from_slice(&sct.timestamp.to_be_bytes());
    let der = match &sct.entry {
        LoggedEntry::Certificate { certificate } => {
            leaf.extend_from_slice(&[0, 0]);
            ledger::base64("certificate", certificate)?
        }
        LoggedEntry::Precertificate {
            issuer_key_hash,
            tbs,
        } => {
            leaf.extend_from_slice(&[0, 1]);
            leaf.extend_from_slice(&ledger::hex_hash("issuer_key_hash", issuer_key_hash)?);
            ledger::base64("tbs", tbs)?
        }
    };
    let extensions = ledger::base64("extensions", &sct.extensions)?;
    put_vector(&mut leaf, 3, &der).ok_or("the certificate is too long")?;
    put_vector(&mut leaf, 2, &extensions).ok_or("the extensions are too long")?;
    Ok(leaf)
}
