//! A change of the trust state, from the turn to the publication.

use sigstead_kit::Clock as _;
use sigstead_trust_root::tuf::{Role as _, Root, Signed, Targets};
use sigstead_trust_root::{
    AuthorityState, Base64Bytes, LogFace, LogState, Place, Publication, Published, TrustState,
};
use time::{Duration, OffsetDateTime};

use super::authority_kind::AuthorityKind;
use super::gate::root_report::RootGate;
use super::gate::{self, Draft};
use super::next_root::NextRoot;
use super::publication::{Keys, Purpose, Versions, not_allowed, sign, term};
use super::publications::{lay_out, write_kit};
use super::renewal;
use super::repository::{Repository, SignedPublication};
use super::root_key::RootKey;
use super::signer::{ROOT_KEY, TARGETS_KEY, TufSigner};
use super::state_file::{self, Turn};
use super::targets_key::TargetsKey;
use crate::failure::Failure;
use crate::instance::Instance;

/// The right to change and publish the trust state of an instance, with all that it takes. No other process has it until
/// this value goes.
///
/// It is begun before anything happens elsewhere that only a publication makes known: what is missing for that is refused
/// first.
pub(crate) struct Change<'a> {
    instance: &'a Instance,
    state: TrustState,
    repository: Repository,
    published: Published,
    keys: Keys,
    _turn: Turn,
}

impl<'a> Change<'a> {
    /// Takes the turn, reads the state and what clients have, and opens the keys of the root and targets roles.
    pub(crate) async fn begin(instance: &'a Instance) -> Result<Self, Failure> {
        let turn = Turn::take(instance)?;
        let state = state_file::read(instance)?;
        let repository = Repository::of(instance)?;
        let published = repository.published(&state)?;
        Ok(Self {
            keys: Keys {
                root: RootKey::open(instance, &published.root).await?,
                targets: TargetsKey::open(instance, &published.root, &published.targets).await?,
            },
            published,
            instance,
            state,
            repository,
            _turn: turn,
        })
    }

    /// The log with that identifier.
    pub(crate) fn log(&self, log_id: &[u8]) -> Option<&LogState> {
        let logs = self.state.signature_logs.iter();
        let mut logs = logs.chain(&self.state.certificate_logs);
        logs.find(|log| log.log_id.as_slice() == log_id)
    }

    /// Whether clients have a log of signatures to write to beside that one.
    pub(crate) fn has_other_in_service(&self, face: LogFace, log_id: &[u8]) -> bool {
        self.state
            .signature_logs
            .iter()
            .any(|log| log.face == face && log.in_service && log.log_id.as_slice() != log_id)
    }

    /// Adds a log, or puts one that the state has in or out of service; durable before it returns.
    ///
    /// If the log is in service, it follows the logs of its face that came before; clients write to them no more.
    pub(crate) fn append_log(&mut self, log: LogState) -> Result<(), Failure> {
        self.apply(|state| state.with_log(log))
    }

    /// Whether clients know a log of signatures: by what is published, and not by the state, which may be ahead of it.
    pub(crate) fn is_published(&self, log_id: &[u8]) -> bool {
        let mut logs = self.published.trusted_root.tlogs.iter();
        logs.any(|log| log.log_id.key_id.as_slice() == log_id)
    }

    /// The state with one more log beside those of its face, if it could be published so. Nothing is written.
    pub(crate) fn draft_beside(&self, log: LogState) -> Result<TrustState, Failure> {
        let draft = changed(&self.state, |state| state.with_log_beside(log))?;
        self.next(&draft, self.length())?;
        Ok(draft)
    }

    /// Adds a log beside those of its face; durable before it returns.
    pub(crate) fn append_beside(&mut self, log: LogState) -> Result<(), Failure> {
        self.apply(|state| state.with_log_beside(log))
    }

    /// The state with a log to which clients change over by its date, if it could be published so. Nothing is written.
    pub(crate) fn successor_draft(
        &self,
        log: LogState,
        until: OffsetDateTime,
    ) -> Result<TrustState, Failure> {
        let draft = changed(&self.state, |state| state.with_successor(log, until))?;
        self.next(&draft, self.length())?;
        Ok(draft)
    }

    /// Adds a log to which clients change over by its date; those before it are offered until `until`. Durable before it
    /// returns.
    pub(crate) fn append_successor(
        &mut self,
        log: LogState,
        until: OffsetDateTime,
    ) -> Result<(), Failure> {
        self.apply(|state| state.with_successor(log, until))
    }

    /// Calls clients back from a log to which they were to change over; durable before it returns.
    pub(crate) fn withdraw_log(&mut self, log_id: &[u8]) -> Result<(), Failure> {
        self.apply(|state| state.with_log_withdrawn(log_id))
    }

    /// Lets the signatures of a log count until `end`, if it has no end yet, and clients write to it no more; durable before
    /// it returns.
    pub(crate) fn end_log(&mut self, log_id: &[u8], end: OffsetDateTime) -> Result<(), Failure> {
        let is_open = |log: &LogState| log.valid_for.end.is_none();
        if self.log(log_id).is_some_and(is_open) {
            self.apply(|state| state.with_log_ended(log_id, end))?;
        }
        Ok(())
    }

    /// Whether the state has a chain of an authority.
    pub(crate) fn has_chain(&self, of: AuthorityKind, chain: &[Base64Bytes]) -> bool {
        of.chains(&self.state).find(chain).is_some()
    }

    /// The state with one more chain of an authority, if it could be published so. Nothing is written.
    pub(crate) fn draft_with_chain(
        &self,
        of: AuthorityKind,
        chain: AuthorityState,
    ) -> Result<TrustState, Failure> {
        let draft = changed(&self.state, |state| of.change(state, |it| it.with(chain)))?;
        self.next(&draft, self.length())?;
        Ok(draft)
    }

    /// Adds a chain of an authority beside those that count; durable before it returns.
    pub(crate) fn append_chain(
        &mut self,
        of: AuthorityKind,
        chain: AuthorityState,
    ) -> Result<(), Failure> {
        self.apply(|state| of.change(state, |chains| chains.with(chain)))
    }

    /// Lets a chain of an authority count until `end`, or until the earlier end that it has; durable before it returns. Gives
    /// the end.
    pub(crate) fn end_chain(
        &mut self,
        of: AuthorityKind,
        chain: &[Base64Bytes],
        end: OffsetDateTime,
    ) -> Result<OffsetDateTime, Failure> {
        let known = of.chains(&self.state).find(chain);
        let ended = known.and_then(|known| known.valid_for.end);
        if let Some(ended) = ended.filter(|ended| *ended <= end) {
            return Ok(ended);
        }
        self.apply(|state| of.change(state, |chains| chains.with_ended(chain, end)))?;
        Ok(end)
    }

    /// The same, at the end that people signed ahead for the chain, unless that comes too early.
    pub(crate) fn end_chain_as_signed(
        &mut self,
        of: AuthorityKind,
        chain: &[Base64Bytes],
        end: OffsetDateTime,
    ) -> Result<OffsetDateTime, Failure> {
        let ahead = self.keys.targets.ahead();
        let signed = ahead.and_then(|ahead| ahead.end_of(of, chain));
        self.end_chain(of, chain, signed.map_or(end, |signed| signed.max(end)))
    }

    /// Offers an issuer to browsers from now on; durable before it returns.
    pub(crate) fn offer_issuer(&mut self, url: &str, place: Place) -> Result<(), Failure> {
        self.apply(|mut state| {
            state.issuers = state.issuers.with(url, place, this_second());
            Ok(state)
        })
    }

    /// Offers an issuer to browsers no longer; durable before it returns.
    pub(crate) fn withdraw_issuer(&mut self, url: &str) -> Result<(), Failure> {
        self.apply(|mut state| {
            state.issuers = state.issuers.without(url, this_second())?;
            Ok(state)
        })
    }

    /// Publishes the state, whether it changed or only time has passed.
    ///
    /// 1. The draft is compared with what clients have: nothing may be taken back.
    /// 2. It passes the gate: clients would refuse nothing of it, and accept by it what they accept now.
    /// 3. Root and targets are signed, one version on, and checked as clients check them. A root that several people sign
    ///    stays as it is, and of targets that they sign the version is taken that they signed ahead. The root passes its gate.
    /// 4. The repository is laid out, which is recorded first; its last file is the publication.
    /// 5. The client kit is written again, and its page.
    ///
    /// A crash before the end of 4 leaves clients the old publication, a crash in 5 an old kit beside the new one; running
    /// the command again finishes either.
    pub(crate) async fn publish(self) -> Result<Versions, Failure> {
        let length = self.length();
        self.publish_for(length).await
    }

    /// The same for another time than that of the instance.
    pub(crate) async fn publish_for(self, length: Duration) -> Result<Versions, Failure> {
        self.publish_draft(length, Purpose::GoOn).await
    }

    /// The same of a state in which something ends on purpose that was signed with, or that clients still use.
    pub(crate) async fn publish_end(self) -> Result<Versions, Failure> {
        let length = self.length();
        self.publish_draft(length, Purpose::End).await
    }

    async fn publish_draft(self, length: Duration, purpose: Purpose) -> Result<Versions, Failure> {
        let mut draft = self.next(&self.state, length)?;
        let ceremony_due_by = self.keys.root.ceremony_due_by();
        if ceremony_due_by.is_some() {
            draft.root = None;
        }
        let targets_signed_ahead = self.keys.targets.ahead().is_some();
        if targets_signed_ahead {
            let published = &self.published.targets.targets;
            draft.targets.take_if(|next| next.targets == *published);
        }
        let Self {
            instance,
            state,
            repository,
            published,
            keys,
            _turn,
        } = self;
        let gate = Draft {
            instance,
            state: &state,
            files: &draft.files,
            signing_config: repository
                .target(&published.targets, "signing_config.v0.2.json")
                .ok(),
            published: &published,
        };
        let passed = match purpose {
            Purpose::GoOn => gate.check().await?,
            Purpose::End => gate.check_end()?,
        };
        let signed = sign(&keys, draft, Some(&published.root)).await?;
        let root = renewal::try_root(instance, &repository, signed.root.as_ref(), purpose).await?;
        lay_out(instance, &repository, &signed).await?;
        write_kit(instance, &state, &repository).await?;
        let newest = signed.root.map_or(published.root, |root| root.signed);
        let targets = signed.targets.map_or(published.targets, |it| it.signed);
        Ok(Versions {
            root: newest.version,
            targets: targets.version,
            expires: newest.expires.min(targets.expires),
            gate: passed.keep(instance)?.with_root(root),
            ceremony_due_by,
            targets_signed_ahead,
        })
    }

    /// How long clients accept what is published.
    fn length(&self) -> Duration {
        self.instance.manifest.lifetimes.publication.time()
    }

    /// Refuses if the next root takes a ceremony.
    pub(crate) fn check_root_key(&self) -> Result<(), Failure> {
        self.keys.root.operators().map(drop)
    }

    /// The next root, with other keys, signed with the key of the root role and `also`. Nothing is written.
    ///
    /// # Errors
    /// If clients of the root of now would not accept it.
    pub(crate) async fn next_root(
        &self,
        change: impl FnOnce(Root) -> Root,
        also: Option<&TufSigner>,
    ) -> Result<Signed<Root>, Failure> {
        let before = &self.published.root;
        let root = change(before.successor(term(self.length()).expires()));
        let mut root = self.keys.root.operators()?.sign(root).await?;
        if let Some(also) = also {
            also.add_to(&mut root).await?;
        }
        let verified = root.verify_successor(before);
        verified.map_err(|error| not_allowed(Root::NAME, ROOT_KEY, &error))?;
        Ok(root)
    }

    /// Targets that say the same, one version on, which verify by the root of now and by `next`: they are signed with the key
    /// of the targets role and `also`. Nothing is written.
    pub(crate) async fn same_targets(
        &self,
        also: &TufSigner,
        next: &Root,
    ) -> Result<Signed<Targets>, Failure> {
        let before = self.published.targets.clone();
        let targets = before.successor(term(self.length()).expires());
        let mut targets = self.keys.targets.operators()?.sign(targets).await?;
        also.add_to(&mut targets).await?;
        let verified = targets.verify(&self.published.root);
        let verified = verified.and_then(|()| targets.verify(next));
        verified.map_err(|error| not_allowed(Targets::NAME, TARGETS_KEY, &error))?;
        Ok(targets)
    }

    /// Refuses a root that clients would. Nothing is published.
    pub(crate) async fn try_root(&self, next: &NextRoot) -> Result<RootGate, Failure> {
        gate::next_root::check(self.instance, &self.repository, next).await
    }

    /// Publishes targets that say the same, which [`Self::same_targets`] gave.
    pub(crate) async fn publish_same(&self, targets: Signed<Targets>) -> Result<(), Failure> {
        let publication = SignedPublication {
            files: Vec::new(),
            root: None,
            targets: Some(targets),
        };
        lay_out(self.instance, &self.repository, &publication).await
    }

    /// Publishes what [`Self::next_root`] gave, unless the gate refuses it, and writes the client kit, which begins with it. Its
    /// targets must be there before.
    pub(crate) async fn publish_root(self, next: NextRoot) -> Result<RootGate, Failure> {
        let passed = self.try_root(&next).await?;
        let publication = SignedPublication {
            files: Vec::new(),
            root: Some(next.root),
            targets: None,
        };
        lay_out(self.instance, &self.repository, &publication).await?;
        write_kit(self.instance, &self.state, &self.repository).await?;
        Ok(passed)
    }

    /// What a publication of a state would write, which takes nothing back that clients have.
    fn next(&self, state: &TrustState, length: Duration) -> Result<Publication, Failure> {
        Publication::next(state, &self.published, term(length)).map_err(|error| {
            Failure::new(
                "E-CTL-032",
                "the trust state cannot be published",
                "compare trust/state.json with a copy of it; trust is only added to",
            )
            .because(error)
        })
    }

    /// Changes the state, durably before it returns.
    pub(crate) fn apply(
        &mut self,
        change: impl FnOnce(TrustState) -> Changed,
    ) -> Result<(), Failure> {
        let state = changed(&self.state, change)?;
        state_file::write(self.instance, &state)?;
        self.state = state;
        Ok(())
    }
}

fn changed(
    state: &TrustState,
    change: impl FnOnce(TrustState) -> Changed,
) -> Result<TrustState, Failure> {
    change(state.clone()).map_err(|error| {
        Failure::new(
            "E-CTL-032",
            "the trust state cannot be changed so",
            "trust is only added to; the cause says what does not fit",
        )
        .because(error)
    })
}

type Changed = Result<TrustState, sigstead_trust_root::Error>;

/// The documents tell times by the second.
fn this_second() -> OffsetDateTime {
    sigstead_kit::SystemClock.now().truncate_to_second()
}
