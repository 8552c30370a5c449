//! People with keys, and roots that they sign.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::executor::block_on;
use sigstead_ceremony::{
    Draft, Error, Holder, HolderName, Join, JoinStatement, Occasion, OnlineKey, OnlineKeys,
    Partial, Planned, Proposal, Signatures, TargetsBefore, ToSign, Transcript, Wish,
};
use sigstead_key::Algorithm;
use sigstead_signer::Signer;
use sigstead_trust_root::tuf::{Role, Root, Signed, Snapshot, Targets, Timestamp, TufKey};
use sigstead_trust_root::{
    CertificateAuthority, CertificateChain, RawCertificate, Target, TimeRange, TrustedRoot,
};
use time::{Duration, OffsetDateTime};

type Key = Arc<dyn Signer>;

pub(crate) struct World {
    keys: BTreeMap<String, Key>,
    holders: Vec<Holder>,
    pub(crate) before: Signed<Root>,
}

impl World {
    /// The root of an operator who signs alone.
    pub(crate) fn new() -> Self {
        let names = ["operator", "targets", "snapshot", "timestamp"];
        let keys = names.map(|name| (name.to_owned(), fresh()));
        let keys: BTreeMap<_, _> = keys.into_iter().collect();
        let mut root = Root::new(1, now() + Duration::days(100));
        for (role, name) in ["root", "targets", "snapshot", "timestamp"]
            .iter()
            .zip(names)
        {
            root = root.with_role(role, &[tuf(&keys[name])], 1);
        }
        let mut before = Signed::unsigned(root);
        let bytes = before.bytes_to_sign().unwrap();
        let key = &keys["operator"];
        before.add_signature(&tuf(key), &block_on(key.sign(&bytes)).unwrap());
        let holders = vec![Holder {
            name: name("operator"),
            key: tuf(key),
            until: None,
        }];
        Self {
            keys,
            holders,
            before,
        }
    }

    /// The root before has one more key in a role.
    pub(crate) fn before_names(&mut self, role: &str, key: &TufKey) {
        let root = self.before.signed.clone();
        let root = root.with_role(role, &[tuf(&self.keys[role]), key.clone()], 1);
        let mut before = Signed::unsigned(root);
        let bytes = before.bytes_to_sign().unwrap();
        let operator = &self.keys["operator"];
        before.add_signature(&tuf(operator), &block_on(operator.sign(&bytes)).unwrap());
        self.before = before;
    }

    /// Three people come in the operator's place, of whom two sign.
    pub(crate) fn first_ceremony(&mut self) -> Proposal {
        let wish = wish().replace("operator", "alice").add("bob").add("carol");
        let draft = self.draft(&wish.threshold(2));
        self.proposal(draft)
    }

    pub(crate) fn after_first_ceremony(mut self) -> Self {
        let proposal = self.first_ceremony();
        let signed = ["operator", "alice", "bob"].map(|name| self.sign(&proposal, name, now()));
        let finished = Transcript::finish(&proposal, signed.to_vec(), now()).unwrap();
        self.after(&proposal, &finished)
    }

    /// As things are once a ceremony is finished.
    pub(crate) fn after(mut self, proposal: &Proposal, finished: &Transcript) -> Self {
        self.before = finished.root.clone();
        self.holders = proposal.holders().cloned().collect();
        self
    }

    pub(crate) fn key(&self, name: &str) -> Key {
        Arc::clone(&self.keys[name])
    }

    pub(crate) fn draft(&self, wish: &Wished) -> Draft {
        self.try_draft(wish).unwrap()
    }

    pub(crate) fn try_draft(&self, wish: &Wished) -> Result<Draft, Error> {
        let occasion = Occasion {
            instance: "test".to_owned(),
            ceremony: self.ceremony(),
            number: 1,
            made_at: now(),
            sign_until: now() + Duration::days(30),
            before: self.before.clone(),
            holders_before: self.holders.clone(),
        };
        Draft::new(occasion, wish.0.clone())
    }

    /// What clients have of the targets: a trusted root with nothing in it, which the operator signed.
    pub(crate) fn targets_before(&self) -> TargetsBefore {
        let key = &self.keys["targets"];
        let files = vec![trusted_root(&[])];
        let mut targets = Signed::unsigned(Targets::new(1, now() + Duration::days(100), &files));
        let bytes = targets.bytes_to_sign().unwrap();
        targets.add_signature(&tuf(key), &block_on(key.sign(&bytes)).unwrap());
        TargetsBefore {
            targets,
            holders: vec![Holder {
                name: name("targets-key"),
                key: tuf(key),
                until: None,
            }],
            files,
            highest_version: 1,
        }
    }

    pub(crate) fn ceremony(&self) -> String {
        tuf(&self.keys["operator"]).id().to_string()
    }

    /// Fresh keys of the service, proven for a ceremony.
    pub(crate) fn online(&mut self, ceremony: &str) -> OnlineKeys {
        let [snapshot, timestamp] = [fresh(), fresh()];
        self.keys
            .insert("next snapshot".to_owned(), Arc::clone(&snapshot));
        OnlineKeys {
            snapshot: proven::<Snapshot>(ceremony, &snapshot),
            timestamp: proven::<Timestamp>(ceremony, &timestamp),
        }
    }

    /// Everybody joins who is invited.
    pub(crate) fn proposal(&mut self, draft: Draft) -> Proposal {
        let names = draft.invited.clone();
        let joins = names
            .iter()
            .map(|name| self.join(&draft, &name.to_string()));
        let joins = joins.collect();
        Proposal::new(draft, joins).unwrap()
    }

    pub(crate) fn join(&mut self, draft: &Draft, name: &str) -> Join {
        self.join_until(draft, name, None)
    }

    pub(crate) fn join_until(
        &mut self,
        draft: &Draft,
        name: &str,
        until: Option<OffsetDateTime>,
    ) -> Join {
        let key = fresh();
        self.keys.insert(name.to_owned(), Arc::clone(&key));
        join(draft, name, &key, until)
    }

    pub(crate) fn join_with(&self, draft: &Draft, name: &str, key: &Key) -> Join {
        join(draft, name, key, None)
    }

    pub(crate) fn sign(&self, proposal: &Proposal, name: &str, at: OffsetDateTime) -> Partial {
        self.sign_with(proposal, &self.keys[name], at)
    }

    pub(crate) fn sign_with(&self, proposal: &Proposal, key: &Key, at: OffsetDateTime) -> Partial {
        self.try_sign(proposal, key, at).unwrap()
    }

    pub(crate) fn try_sign(
        &self,
        proposal: &Proposal,
        key: &Key,
        at: OffsetDateTime,
    ) -> Result<Partial, Error> {
        let to_sign = ToSign::new(proposal, &tuf(key), at)?;
        let sign = |bytes: &Vec<u8>| block_on(key.sign(bytes)).unwrap();
        let signatures = Signatures {
            root: to_sign.root.as_ref().map(sign),
            targets: to_sign.targets.iter().map(sign).collect(),
            attested: sign(&to_sign.attested),
        };
        Ok(to_sign.signed(&signatures))
    }
}

/// A trusted root with these authorities.
fn trusted_root(authorities: &[&str]) -> Target {
    let authorities = authorities.iter().map(|uri| CertificateAuthority {
        uri: (*uri).to_owned(),
        cert_chain: CertificateChain {
            certificates: vec![RawCertificate {
                raw_bytes: uri.as_bytes().into(),
            }],
        },
        valid_for: TimeRange::since(now()),
        ..CertificateAuthority::default()
    });
    let trusted_root = TrustedRoot {
        media_type: TrustedRoot::MEDIA_TYPE.to_owned(),
        certificate_authorities: authorities.collect(),
        ..TrustedRoot::default()
    };
    Target {
        name: "trusted_root.json".to_owned(),
        bytes: trusted_root.encode(),
        custom: None,
    }
}

pub(crate) fn planned(what: &str, in_days: i64, authorities: &[&str]) -> Planned {
    Planned {
        what: what.to_owned(),
        planned_for: now() + Duration::days(in_days),
        files: vec![trusted_root(authorities)],
    }
}

pub(crate) fn proven<T: Role>(ceremony: &str, key: &Key) -> OnlineKey {
    let bytes = OnlineKey::bytes_to_sign::<T>(ceremony, &tuf(key)).unwrap();
    OnlineKey::proven_by(tuf(key), &block_on(key.sign(&bytes)).unwrap())
}

fn join(draft: &Draft, holder: &str, key: &Key, until: Option<OffsetDateTime>) -> Join {
    let statement = JoinStatement::new(draft, &name(holder), tuf(key), until, now()).unwrap();
    let bytes = statement.bytes_to_sign().unwrap();
    statement.proven_by(&block_on(key.sign(&bytes)).unwrap())
}

/// What shall change, said in few words.
pub(crate) struct Wished(Wish);

pub(crate) fn wish() -> Wished {
    Wished(Wish {
        add: Vec::new(),
        remove: Vec::new(),
        replace: Vec::new(),
        threshold: None,
        expires: now() + Duration::days(365),
        online: None,
        targets: None,
    })
}

impl Wished {
    pub(crate) fn add(mut self, who: &str) -> Self {
        self.0.add.push(name(who));
        self
    }

    pub(crate) fn remove(mut self, who: &str) -> Self {
        self.0.remove.push(name(who));
        self
    }

    pub(crate) fn replace(mut self, old: &str, new: &str) -> Self {
        self.0.replace.push((name(old), name(new)));
        self
    }

    pub(crate) fn threshold(mut self, threshold: u32) -> Self {
        self.0.threshold = Some(threshold);
        self
    }

    pub(crate) fn online(mut self, keys: OnlineKeys) -> Self {
        self.0.online = Some(keys);
        self
    }

    pub(crate) fn targets(mut self, before: TargetsBefore, planned: &[Planned]) -> Self {
        self.0.targets = Some((before, planned.to_vec()));
        self
    }

    pub(crate) fn days(mut self, days: i64) -> Self {
        self.0.expires = now() + Duration::days(days);
        self
    }
}

pub(crate) fn name(name: &str) -> HolderName {
    name.parse().unwrap()
}

pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap()
}

fn tuf(key: &Key) -> TufKey {
    TufKey::new(key.public_key()).unwrap()
}

fn fresh() -> Key {
    sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap()
}
