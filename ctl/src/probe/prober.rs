//! A prober: what it makes in each round, and what it remembers of the rounds before.

use reqwest::Client;
use sigstead_merkle::LeafHash;
use sigstead_trust_root::TransparencyLogInstance;
use sigstead_tsp::TimestampToken;
use sigstead_verify::json::{Bundle, TransparencyLogEntry};
use sigstead_verify::{Artifact, Thresholds};
use time::OffsetDateTime;

use super::growth::{Face, Log};
use super::head::{self, Head};
use super::memory::Memory;
use super::round::Round;
use super::step::Step;
use super::target::Target;
use super::trust::Trust;
use crate::failure::Failure;
use crate::sign::{Holder, Signed, expiry};
use crate::timestamp;
use crate::token_source::TokenSource;
use crate::verify;

/// Who probes an instance.
pub(super) struct Prober {
    pub(super) target: Target,
    pub(super) token: TokenSource,
    pub(super) memory: Memory,
    /// What was fetched last. While the repository cannot be believed, the other steps go on with it.
    pub(super) trust: Option<Trust>,
}

impl Prober {
    /// Makes a round.
    ///
    /// 1. What clients trust is fetched, as they do.
    /// 2. A blob is signed, and the bundle verified: the certificate, the timestamp and the entry each by a step of its own.
    /// 3. Each log shows its head, and proves that it continues the one of before.
    /// 4. The first entry that was ever made by this prober is read back.
    /// 5. All that was as it should be is remembered. A round that ends before leaves the memory as it was, which accepts
    ///    nothing that it would not have accepted.
    pub(super) async fn round(&mut self, now: OffsetDateTime) -> Round {
        let mut round = Round::begin(now);
        self.fetch(&mut round).await;
        let Some(trust) = self.trust.take() else {
            return round;
        };
        let entry = self.sign(&mut round, &trust).await;
        self.look_at_logs(&mut round, &trust, entry.as_ref()).await;
        self.trust = Some(trust);
        if let Err(failure) = self.memory.save() {
            let _ = round
                .take(Step::Growth, async { Err::<(), _>(failure) })
                .await;
        }
        round
    }

    async fn fetch(&mut self, round: &mut Round) {
        let (now, mut roles) = (round.began, Vec::new());
        let fetched = async {
            let trust = Trust::fetch(&self.target, now, &mut roles).await;
            // What went back says more than that it has ended, as what goes back mostly has.
            self.memory.check_roles(&roles)?;
            trust
        };
        let trust = round.take(Step::Tuf, fetched).await;
        if let Some(trust) = trust {
            self.memory.keep_roles(&roles);
            self.trust = Some(trust);
        }
        round.roles = roles;
    }

    /// Signs and verifies; gives the entry that came of it. The timestamp authority is asked whatever the others answer.
    async fn sign(&self, round: &mut Round, trust: &Trust) -> Option<TransparencyLogEntry> {
        let (client, places) = (&self.target.client, &trust.places);
        let signer = round.take(Step::Token, self.signer(round.began)).await;
        let certificate = match &signer {
            Some((holder, _)) => {
                let issued = holder.certificate(client, &places.ca);
                round.take(Step::Certificate, issued).await
            }
            None => None,
        };
        let message = signer
            .as_ref()
            .map_or(BLOB, |(_, signed)| &signed.signature);
        let stamped = stamp(client, &places.tsa, message);
        let timestamp = round.take(Step::Timestamp, stamped).await;
        let ((holder, signed), certificate) = (signer?, certificate?);
        let logged = holder.log(client, &places.tlog, &certificate, &signed);
        let entry = round.take(Step::Entry, logged).await?;
        let bundle = signed.bundle(&certificate, timestamp?, entry.clone());
        let checked = async { check(&bundle, &holder, trust) };
        round.take(Step::Verification, checked).await?;
        Some(entry)
    }

    /// Who signs, and the signature.
    async fn signer(&self, now: OffsetDateTime) -> Result<(Holder, Signed), Failure> {
        let token = self.token.token(self.target.instance.as_ref()).await?;
        let ends = expiry(&token);
        if let Some(ends) = ends.filter(|ends| *ends <= now) {
            return Err(unusable().because(format!("it was good until {ends}")));
        }
        let holder = Holder::open(token);
        let holder = holder.map_err(|failure| unusable().because(failure.whole()))?;
        let signed = holder.sign(BLOB).await?;
        Ok((holder, signed))
    }

    async fn look_at_logs(
        &mut self,
        round: &mut Round,
        trust: &Trust,
        entry: Option<&TransparencyLogEntry>,
    ) {
        for place in trust.logs(round.began) {
            let face = match place.is_v2 {
                true => Face::RekorV2,
                false => Face::RekorV1,
            };
            let grown = round
                .take(Step::Growth, self.grow(face, &place.url, trust))
                .await;
            let Some(head) = grown else { continue };
            self.keep(round, &head);
            if face == Face::RekorV2 {
                self.read(round, &place.url, &head, entry).await;
            }
        }
        let certificate_logs = trust.certificate_logs(round.began);
        for (url, log) in self.target.ct_urls(certificate_logs) {
            let grown = round.take(Step::Growth, self.grow_ct(&url, log)).await;
            if let Some(head) = grown {
                self.keep(round, &head);
            }
        }
    }

    fn keep(&mut self, round: &mut Round, head: &Head) {
        round.logs.push((head.origin.clone(), head.head.size));
        self.memory.keep_head(&head.log, &head.origin, head.head);
    }

    async fn grow(&self, face: Face, url: &str, trust: &Trust) -> Result<Head, Failure> {
        let client = &self.target.client;
        let head = match face {
            Face::RekorV2 => head::of_rekor_v2(client, url, &trust.root).await?,
            _ => head::of_rekor_v1(client, url, &trust.root).await?,
        };
        self.check_growth(face, url, head).await
    }

    async fn grow_ct(&self, url: &str, log: &TransparencyLogInstance) -> Result<Head, Failure> {
        let head = head::of_certificates(&self.target.client, url, log).await?;
        self.check_growth(Face::Certificates, url, head).await
    }

    async fn check_growth(&self, face: Face, url: &str, now: Head) -> Result<Head, Failure> {
        if let Some(before) = self.memory.head(&now.log) {
            self.log(face, url, &now).check_growth(before).await?;
        }
        Ok(now)
    }

    /// Reads the first entry back that was made in this log; in the first round it is the one just made.
    async fn read(
        &mut self,
        round: &mut Round,
        url: &str,
        now: &Head,
        entry: Option<&TransparencyLogEntry>,
    ) {
        if let Some((index, leaf)) = entry.and_then(|entry| place_in(now, entry)) {
            self.memory.keep_entry(&now.log, index, leaf);
        }
        if let Some(made) = self.memory.entry(&now.log) {
            let log = self.log(Face::RekorV2, url, now);
            let _ = round.take(Step::Reading, log.check_entry(&made)).await;
        }
    }

    fn log<'a>(&'a self, face: Face, url: &'a str, now: &'a Head) -> Log<'a> {
        Log {
            client: &self.target.client,
            face,
            url,
            now,
        }
    }
}

/// Where an entry is, if it is in this log.
fn place_in(log: &Head, entry: &TransparencyLogEntry) -> Option<(u64, LeafHash)> {
    let id = entry.log_id.as_ref()?;
    let body = entry.canonicalized_body.as_ref()?;
    let is_in = id.key_id.as_slice() == log.log_id;
    is_in.then(|| (entry.log_index, LeafHash::of(body.as_slice())))
}

async fn stamp(client: &Client, url: &str, message: &[u8]) -> Result<Vec<u8>, Failure> {
    let response = timestamp::ask_at(client, url, message).await?;
    // A refusal is a response too.
    TimestampToken::from_response(&response)
        .map_err(|error| Failure::service("tsa", url, sigstead_kit::causes(&error)))?;
    Ok(response)
}

/// The verification that a careful client makes: with a timestamp, and with the word of a log that the certificate is known.
fn check(bundle: &Bundle, holder: &Holder, trust: &Trust) -> Result<(), Failure> {
    let thresholds = Thresholds {
        timestamps: 1,
        scts: usize::from(!trust.root.ctlogs.is_empty()),
        ..Thresholds::default()
    };
    let policy = holder.policy("")?.with_thresholds(thresholds);
    let roots = vec![trust.root.clone()];
    verify::check_with(roots, &bundle.encode(), Artifact::Bytes(BLOB), &policy).map(drop)
}

fn unusable() -> Failure {
    Failure::new(
        "E-CTL-405",
        "the identity token cannot be used",
        "see to what renews it: a token is good for minutes, and each round needs one",
    )
}

/// What is signed: small, and known for what it is to who finds it in a log.
const BLOB: &[u8] = b"signed by sigctl probe\n";
