//! Which key is meant, and what the trust state has of it.

use sigstead_key::PublicKey;
use sigstead_trust_root::{AuthorityState, LogFace, LogState, TimeRange, TrustState};
use sigstead_x509::Certificate;
use time::{Duration, OffsetDateTime};

use crate::failure::Failure;
use crate::trust::{AuthorityKind, moment};

/// A key that signs what clients accept, and until when what it signed may be let count.
pub(super) struct Key {
    /// What it is for, as `sigctl keys` calls it.
    pub(super) subject: String,
    /// The URL of its service, or the name of its log.
    pub(super) place: String,
    /// SHA-256 of the public key, as `sigctl keys` shows it.
    pub(super) fingerprint: String,
    /// The word by which the one in use can be named.
    pub(super) role: Role,
    pub(super) held: Held,
}

/// The part of the trust state that ends with the key.
pub(super) enum Held {
    /// Chains of an authority that have its certificate.
    Chains(AuthorityKind, Vec<AuthorityState>),
    /// A log.
    Log(LogState),
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Intermediate,
    CaRoot,
    Tsa,
    TsaRoot,
    RekorV1,
    RekorV2,
    Ct,
}

impl Key {
    /// The key that a word means: its fingerprint or the beginning of it, or its role if it is the one in use.
    pub(super) fn find(
        state: &TrustState,
        word: &str,
        now: OffsetDateTime,
    ) -> Result<Self, Failure> {
        let keys = Self::all(state)?;
        if let Some(role) = Role::ALL.into_iter().find(|role| role.name() == word) {
            let of_role = keys.into_iter().filter(|key| key.role == role);
            let in_use = of_role.filter(|key| key.start().is_none_or(|start| start <= now));
            let newest = in_use.max_by_key(|key| (key.end().is_none(), key.start()));
            return newest.ok_or_else(|| unknown(word));
        }
        let digits = word.strip_prefix("SHA256:").unwrap_or(word).to_lowercase();
        let is_long_enough = digits.len() >= FEWEST_DIGITS;
        let begins = |key: &Self| {
            key.fingerprint
                .trim_start_matches("SHA256:")
                .starts_with(&digits)
        };
        let mut found = keys.into_iter().filter(|key| is_long_enough && begins(key));
        match (found.next(), found.next()) {
            (Some(key), None) => Ok(key),
            _ => Err(unknown(word)),
        }
    }

    /// All keys of the trust state.
    pub(super) fn all(state: &TrustState) -> Result<Vec<Self>, Failure> {
        let mut keys = Vec::new();
        for kind in [AuthorityKind::Certificate, AuthorityKind::Timestamp] {
            for chain in kind.chains(state).iter() {
                add_chain(&mut keys, kind, chain)?;
            }
        }
        for log in state.signature_logs.iter().chain(&state.certificate_logs) {
            keys.push(Self::of_log(log)?);
        }
        Ok(keys)
    }

    fn of_log(log: &LogState) -> Result<Self, Failure> {
        let key = PublicKey::from_spki_der(log.public_key.as_slice());
        let key = key.map_err(|error| unreadable(&error))?;
        let role = match log.face {
            LogFace::RekorV1 => Role::RekorV1,
            LogFace::RekorV2 => Role::RekorV2,
            LogFace::CertificateTransparency => Role::Ct,
        };
        Ok(Self {
            subject: role.subject().to_owned(),
            place: log.base_url.clone(),
            fingerprint: key.fingerprint(),
            role,
            held: Held::Log(log.clone()),
        })
    }

    /// The times in which what it signs counts, one for each chain.
    fn ranges(&self) -> Vec<TimeRange> {
        match &self.held {
            Held::Chains(_, chains) => chains.iter().map(|chain| chain.valid_for).collect(),
            Held::Log(log) => vec![log.valid_for],
        }
    }

    /// From when on it counts.
    pub(super) fn start(&self) -> Option<OffsetDateTime> {
        self.ranges()
            .into_iter()
            .filter_map(|range| range.start)
            .min()
    }

    /// Until when it counts; none while one of its chains has no end.
    pub(super) fn end(&self) -> Option<OffsetDateTime> {
        let ends: Option<Vec<_>> = self.ranges().into_iter().map(|range| range.end).collect();
        ends?.into_iter().max()
    }

    /// The state in which nothing counts that the key signed after `last`. What has ended before stays as it is.
    pub(super) fn ended(
        &self,
        mut state: TrustState,
        last: OffsetDateTime,
    ) -> Result<TrustState, sigstead_trust_root::Error> {
        let ends_later = |range: TimeRange| range.end.is_none_or(|end| end > last);
        match &self.held {
            Held::Log(log) => state.with_log_ended(log.log_id.as_slice(), last),
            Held::Chains(kind, chains) => {
                for chain in chains.iter().filter(|chain| ends_later(chain.valid_for)) {
                    // A chain that begins later ends where it begins, and counts for nothing.
                    let end = chain.valid_for.start.map_or(last, |start| start.max(last));
                    state = kind.change(state, |chains| chains.with_ended(&chain.chain, end))?;
                }
                Ok(state)
            }
        }
    }

    /// The last second that counts of a key that was in other hands since `since`.
    ///
    /// # Errors
    /// If the time is to come or before the key's own, or the key has ended by then.
    pub(super) fn last_safe(
        &self,
        since: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<OffsetDateTime, Failure> {
        if since > now {
            return Err(Failure::new(
                "E-CTL-433",
                format!("{} is a time to come", moment(since)),
                "name the time since when the key is in other hands; if that is not known, the last at which it surely was not",
            ));
        }
        let start = self.start().unwrap_or(since);
        if since < start {
            return Err(Failure::new(
                "E-CTL-433",
                format!(
                    "the key counts from {} on, and {} is before that",
                    moment(start),
                    moment(since)
                ),
                format!(
                    "to let nothing count that it signed: --since {}",
                    moment(start)
                ),
            ));
        }
        // The documents tell times by the second, and an end is part of the time.
        let last = (whole_second(since) - Duration::SECOND).max(start);
        match self.end() {
            Some(end) if end <= last => Err(Failure::new(
                "E-CTL-434",
                format!(
                    "the key has ended at {}, which lets nothing count since then",
                    moment(end)
                ),
                "if clients do not have that yet, publish it: sigctl trust publish",
            )),
            _ => Ok(last),
        }
    }
}

/// The key of the first certificate of a chain, and that of its root, which other chains may have too.
fn add_chain(
    keys: &mut Vec<Key>,
    kind: AuthorityKind,
    chain: &AuthorityState,
) -> Result<(), Failure> {
    let certificates = chain.certificates().map_err(|error| unreadable(&error))?;
    let (signer, root) = match kind {
        AuthorityKind::Certificate => (Role::Intermediate, Role::CaRoot),
        AuthorityKind::Timestamp => (Role::Tsa, Role::TsaRoot),
    };
    let (Some(first), Some(last)) = (certificates.first(), certificates.last()) else {
        return Ok(());
    };
    for (role, certificate) in [(signer, first), (root, last)] {
        let fingerprint = fingerprint(certificate);
        let known = keys
            .iter_mut()
            .find(|key| key.role == role && key.fingerprint == fingerprint);
        match known.map(|key| &mut key.held) {
            Some(Held::Chains(_, chains)) => chains.push(chain.clone()),
            _ => keys.push(Key {
                subject: role.subject().to_owned(),
                place: chain.url.clone(),
                fingerprint,
                role,
                held: Held::Chains(kind, vec![chain.clone()]),
            }),
        }
    }
    Ok(())
}

impl Role {
    pub(super) const ALL: [Self; 7] = [
        Self::Intermediate,
        Self::CaRoot,
        Self::Tsa,
        Self::TsaRoot,
        Self::RekorV1,
        Self::RekorV2,
        Self::Ct,
    ];

    /// As it is typed.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Intermediate => "ca-intermediate",
            Self::CaRoot => "ca-root",
            Self::Tsa => "tsa",
            Self::TsaRoot => "tsa-root",
            Self::RekorV1 => "rekor-v1",
            Self::RekorV2 => "rekor-v2",
            Self::Ct => "ct",
        }
    }

    const fn subject(self) -> &'static str {
        match self {
            Self::Intermediate => "certificate authority",
            Self::CaRoot => "root of the certificate authority",
            Self::Tsa => "timestamp authority",
            Self::TsaRoot => "root of the timestamp authority",
            Self::RekorV1 => "log of Rekor v1",
            Self::RekorV2 => "log of Rekor v2",
            Self::Ct => "CT log",
        }
    }

    /// The roles of which no rotation may be open, because it would give the key another end.
    pub(super) const fn rotations(self) -> &'static [&'static str] {
        match self {
            Self::Intermediate | Self::CaRoot => &["ca-intermediate", "ca-root"],
            Self::Tsa | Self::TsaRoot => &["tsa"],
            Self::RekorV1 => &["rekor-v1"],
            Self::RekorV2 => &["rekor-v2"],
            Self::Ct => &["ct"],
        }
    }
}

fn fingerprint(certificate: &Certificate) -> String {
    certificate.public_key().fingerprint()
}

fn whole_second(time: OffsetDateTime) -> OffsetDateTime {
    time.truncate_to_second()
}

fn unknown(word: &str) -> Failure {
    let roles: Vec<_> = Role::ALL.into_iter().map(Role::name).collect();
    Failure::new(
        "E-CTL-432",
        format!("{word} is not one key of what clients trust"),
        format!(
            "name its fingerprint as `sigctl keys --all` shows it, or {FEWEST_DIGITS} digits of it and more; or {}, if it is the \
             one in use",
            roles.join(", ")
        ),
    )
}

fn unreadable(error: &dyn std::error::Error) -> Failure {
    Failure::new(
        "E-CTL-030",
        "a part of the trust state cannot be read",
        "restore trust/state.json from a copy",
    )
    .because(sigstead_kit::causes(error))
}

/// Fewer may mean several keys tomorrow.
const FEWEST_DIGITS: usize = 8;
