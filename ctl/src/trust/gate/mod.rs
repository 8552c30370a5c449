//! The gate before a publication: nothing is published that clients would refuse.
//!
//! `documents.rs` reads the draft as the strictest client does; `stored.rs` holds what was signed under each trust root so far,
//! which must verify under the draft; `sample.rs` signs what is missing there; `asked.rs` asks the clients that are installed
//! (`clients.rs`), for whom the draft is served (`served.rs`). `report.rs` says what was tried. A root, published by itself or with
//! targets, passes a gate of its own (`next_root.rs`, `refusal.rs`).

mod asked;
mod clients;
mod documents;
pub(crate) mod next_root;
mod refusal;
pub(crate) mod report;
pub(crate) mod root_report;
mod sample;
mod served;
mod stored;

use sigstead_kit::{Clock as _, SystemClock};
use sigstead_trust_root::{LogFace, Published, SigningConfig, Target, TrustState};

use crate::failure::Failure;
use crate::instance::Instance;
use crate::sign::Rekor;
use asked::Question;
use documents::{Documents, refused};
use report::Gate;
pub(super) use stored::FOLDER as SIGNED;
use stored::Stored;

/// What is about to be published, and what clients have.
pub(super) struct Draft<'a> {
    pub(super) instance: &'a Instance,
    pub(super) state: &'a TrustState,
    pub(super) files: &'a [Target],
    pub(super) published: &'a Published,
    /// The file of it; none if that is lost or damaged, which the publication mends.
    pub(super) signing_config: Option<Vec<u8>>,
}

/// A draft that may be published.
pub(super) struct Passed {
    found: Gate,
    samples: Vec<Stored>,
}

impl Draft<'_> {
    /// Refuses what clients would refuse.
    ///
    /// 1. The documents have no fault that is not published already.
    /// 2. What was signed under each trust root so far, and verifies under the one that is published, verifies under the draft.
    /// 3. If nothing is kept of this trust root, the running services sign something, once for each interface of Rekor that clients
    ///    write to, and that verifies too. If they do not answer, the publication is not held up: an end may have to be published
    ///    because one of them is lost.
    /// 4. Each official client that is installed agrees.
    pub(super) async fn check(self) -> Result<Passed, Failure> {
        let now = SystemClock.now();
        let (draft, published) = self.documents()?;
        draft.check(&published, &self.state.signature_logs, now)?;
        let stored = Stored::all(self.instance)?;
        let mut found = Gate::default();
        let mut bundles = Vec::new();
        for bundle in &stored {
            match verify_again(bundle, &published, &draft)? {
                Some(whose) => bundles.push((bundle, whose)),
                None => found.untried.push(format!(
                    "{}, which does not verify under what is published either",
                    bundle.name
                )),
            }
        }
        found.stored = bundles.len();
        let mut samples = Vec::new();
        for (name, rekor) in missing(self.state, &stored, &stored::era(&draft.trusted_root, now)) {
            let documents = (&published, &draft);
            samples.extend(signed(self.instance, (name, rekor), documents, &mut found).await?);
        }
        let signed = samples.iter();
        bundles.extend(signed.map(|(bundle, whose)| (bundle, whose.clone())));
        let certified = bundles.into_iter();
        let question = Question {
            instance: self.instance,
            state: self.state,
            files: self.files,
            published: &published,
            bundles: certified
                .filter_map(|(bundle, whose)| Some((bundle, whose?)))
                .collect(),
        };
        let asked = asked::ask(&question).await?;
        found.clients = asked.clients;
        found.untried.extend(asked.untried);
        let samples = samples.into_iter().map(|(bundle, _)| bundle).collect();
        Ok(Passed { found, samples })
    }

    /// Refuses what clients would refuse, but for what comes of an end that is meant: that nothing counts for a time, or in
    /// signatures of before.
    pub(super) fn check_end(self) -> Result<Passed, Failure> {
        let (draft, published) = self.documents()?;
        let logs = &self.state.signature_logs;
        draft.check_form(&published, logs, SystemClock.now())?;
        let untried = vec!["signatures, since an end is published".to_owned()];
        let found = Gate {
            untried,
            ..Gate::default()
        };
        Ok(Passed {
            found,
            samples: Vec::new(),
        })
    }

    /// Those of the draft and those that are published.
    fn documents(&self) -> Result<(Documents, Documents), Failure> {
        let draft = Documents::of(self.files)?;
        let config = self.signing_config.as_deref();
        let config = config.and_then(|bytes| SigningConfig::parse(bytes).ok());
        let published = Documents {
            trusted_root: self.published.trusted_root.clone(),
            signing_config: config.unwrap_or_else(|| draft.signing_config.clone()),
        };
        Ok((draft, published))
    }
}

impl Passed {
    /// Keeps what was signed, once the draft is published.
    pub(super) fn keep(self, instance: &Instance) -> Result<Gate, Failure> {
        for sample in &self.samples {
            sample.keep(instance)?;
        }
        Ok(self.found)
    }
}

/// Whose signature it is, if it has a certificate, and who vouched.
type Whose = Option<(String, String)>;

/// Refuses a draft under which a bundle is refused that clients accept now; one that they refuse already says nothing.
fn verify_again(
    bundle: &Stored,
    published: &Documents,
    draft: &Documents,
) -> Result<Option<Whose>, Failure> {
    let Some(promises) = bundle.promises(&published.trusted_root) else {
        return Ok(None);
    };
    let verified = bundle.verify(&draft.trusted_root, promises);
    verified.map(Some).map_err(|why| {
        let why = format!("{}: {why}", bundle.name);
        refused(
            "E-CTL-455",
            "signatures that count now would not any more",
            &why,
        )
    })
}

/// The interfaces to which clients write and of which no signature is kept yet, each with the name that it would have.
fn missing(state: &TrustState, stored: &[Stored], era: &str) -> Vec<(String, Rekor)> {
    let faces = [
        (LogFace::RekorV2, era.to_owned(), Rekor::V2),
        (LogFace::RekorV1, format!("{era}-rekor-v1"), Rekor::V1),
    ];
    let is_used = |face| {
        let mut logs = state.signature_logs.iter();
        logs.any(|log| log.face == face && log.in_service)
    };
    let is_kept = |name: &str| stored.iter().any(|bundle| bundle.name == name);
    let faces = faces.into_iter();
    let missing = faces.filter(|(face, name, _)| is_used(*face) && !is_kept(name));
    missing.map(|(_, name, rekor)| (name, rekor)).collect()
}

async fn signed(
    instance: &Instance,
    (name, rekor): (String, Rekor),
    (published, draft): (&Documents, &Documents),
    found: &mut Gate,
) -> Result<Option<(Stored, Whose)>, Failure> {
    let sample = match sample::sign(instance, name, rekor).await {
        Ok(sample) => sample,
        Err(failure) => {
            let interface = match rekor {
                Rekor::V1 => "v1",
                Rekor::V2 => "v2",
            };
            let why = format!(
                "a new signature in Rekor {interface}, since {}",
                failure.whole()
            );
            found.untried.push(why);
            return Ok(None);
        }
    };
    let promises = usize::from(sample.key.is_none() && instance.manifest.ct_log.is_own());
    let whose = match sample.verify(&draft.trusted_root, promises) {
        Ok(whose) => whose,
        // As where a stolen key has an end, and the service signs with it until it has the next one.
        Err(why) if sample.promises(&published.trusted_root).is_none() => {
            let why = format!(
                "a new signature, which does not count under what is published either: {why}"
            );
            found.untried.push(why);
            return Ok(None);
        }
        Err(why) => {
            let what = "what the services sign now would not count";
            return Err(refused("E-CTL-456", what, &why));
        }
    };
    found.signed += 1;
    Ok(Some((sample, whose)))
}
