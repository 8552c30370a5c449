//! One holder's signature.

use serde::{Deserialize, Serialize};
use sigstead_trust_root::tuf::{TufKey, TufKeyId};
use time::OffsetDateTime;

use crate::encoding::{encode, is_signed, message, parse};
use crate::error::Error;
use crate::name::HolderName;
use crate::proposal::Proposal;
use crate::statement::Statement;

/// A signature over the next root, and one over the statement of what its holder saw when she signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partial {
    /// What is said.
    pub statement: Statement<TufKeyId>,
    /// Over the next root, in hex: this is what clients see. Only the key that signed targets alone has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
    /// Over the versions of the targets that the key signs, in their order, in hex.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    targets: Vec<String>,
    /// Over the statement, in hex: this is for the transcript.
    attestation: String,
}

/// What a key has to sign.
#[derive(Debug)]
pub struct ToSign {
    statement: Statement<TufKeyId>,
    /// The canonical form of the next root, if the key signs it.
    pub root: Option<Vec<u8>>,
    /// Those of the versions of the targets that it signs.
    pub targets: Vec<Vec<u8>>,
    /// The statement.
    pub attested: Vec<u8>,
}

/// What a key signed of what it has to.
#[derive(Debug)]
pub struct Signatures {
    /// Over the root.
    pub root: Option<Vec<u8>>,
    /// Over the versions of the targets, in their order.
    pub targets: Vec<Vec<u8>>,
    /// Over the statement.
    pub attested: Vec<u8>,
}

impl ToSign {
    /// What the holder of `key` has to sign of a proposal.
    ///
    /// # Errors
    /// If the key is nobody's here or has ended, or the clock is off, or it is too late.
    pub fn new(proposal: &Proposal, key: &TufKey, now: OffsetDateTime) -> Result<Self, Error> {
        proposal.check_clock(now)?;
        let holder = proposal.holder_of(&key.id())?;
        holder.check_end(now)?;
        let name = holder.name.clone();
        let statement = Statement::new(proposal.subject(), name, key.id(), now);
        Ok(Self {
            root: proposal.root_bytes(&statement.key)?,
            targets: proposal.targets_bytes(&statement.key)?,
            attested: message(KIND, &statement)?,
            statement,
        })
    }

    /// Who signs.
    #[must_use]
    pub const fn name(&self) -> &HolderName {
        &self.statement.name
    }

    /// All signatures, with what they are over.
    #[must_use]
    pub fn signed(self, signatures: &Signatures) -> Partial {
        Partial {
            statement: self.statement,
            signature: signatures.root.as_ref().map(hex::encode),
            targets: signatures.targets.iter().map(hex::encode).collect(),
            attestation: hex::encode(&signatures.attested),
        }
    }
}

impl Partial {
    /// Reads the file of a signature, which is not checked yet.
    ///
    /// # Errors
    /// If it is of another shape.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        parse("the file of a signature", json)
    }

    /// The file's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// The name of its file, without an ending.
    #[must_use]
    pub fn file_stem(&self) -> String {
        self.statement.file_stem()
    }

    /// Whether it is over this proposal, and not over another draft.
    #[must_use]
    pub fn is_over(&self, proposal: &Proposal) -> bool {
        self.statement.is_about(proposal.subject())
    }

    /// Checks that its holder signed the proposal, in time.
    pub(crate) fn check(&self, proposal: &Proposal) -> Result<(), Error> {
        let statement = &self.statement;
        let refused = |why| statement.refused(why);
        let holder = proposal.holder_of(&statement.key)?;
        statement.check_name(&holder.name)?;
        let attested = message(KIND, statement)?;
        if !is_signed(&holder.key, &attested, &self.attestation) {
            return Err(refused("does not verify: its file was changed"));
        }
        statement.check_subject(proposal.subject())?;
        if !self.verifies_over(proposal.root_bytes(&statement.key)?, &holder.key) {
            return Err(refused("does not verify over the next root"));
        }
        let targets = proposal.targets_bytes(&statement.key)?;
        let mut each = targets.iter().zip(&self.targets);
        let are_signed = each.all(|(bytes, signature)| is_signed(&holder.key, bytes, signature));
        if !are_signed || targets.len() != self.targets.len() {
            return Err(refused("does not verify over the targets"));
        }
        proposal.check_clock(statement.signed_at)?;
        holder.check_end(statement.signed_at)
    }

    /// Whether the key signed the root, if it has to.
    fn verifies_over(&self, root: Option<Vec<u8>>, key: &TufKey) -> bool {
        match (root, &self.signature) {
            (Some(root), Some(signature)) => is_signed(key, &root, signature),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }

    /// Over the next root.
    pub(crate) fn signature(&self) -> Option<Vec<u8>> {
        hex::decode(self.signature.as_ref()?).ok()
    }

    /// Over one version of the targets, counted from the first.
    pub(crate) fn over_targets(&self, at: usize) -> Option<Vec<u8>> {
        hex::decode(self.targets.get(at)?).ok()
    }
}

const KIND: &str = "sigstead ceremony signature";
