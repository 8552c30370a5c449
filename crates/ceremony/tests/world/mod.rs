//! People with keys, and roots that they sign.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::executor::block_on;
use sigstead_ceremony::{
    Draft, Error, Holder, HolderName, Join, JoinStatement, Occasion, Partial, Proposal, ToSign,
    Transcript, Wish,
};
use sigstead_key::Algorithm;
use sigstead_signer::Signer;
use sigstead_trust_root::tuf::{Root, Signed, TufKey};
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
        self.before = finished.root;
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
            ceremony: tuf(&self.keys["operator"]).id().to_string(),
            number: 1,
            made_at: now(),
            sign_until: now() + Duration::days(30),
            before: self.before.clone(),
            holders_before: self.holders.clone(),
        };
        Draft::new(occasion, wish.0.clone())
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
        let root = block_on(key.sign(&to_sign.root)).unwrap();
        let attested = block_on(key.sign(&to_sign.attested)).unwrap();
        Ok(to_sign.signed(&root, &attested))
    }
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
