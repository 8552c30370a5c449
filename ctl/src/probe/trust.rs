//! What clients of the instance trust, and which services they use.

use sigstead_trust_root::{Service, SigningConfig, TransparencyLogInstance, TrustedRoot};
use time::OffsetDateTime;

use super::target::{Source, Target};
use crate::failure::Failure;
use crate::input;
use crate::walk::{Met, Walk};

/// What a client has before it signs.
pub(super) struct Trust {
    pub(super) root: TrustedRoot,
    pub(super) places: Places,
    config: SigningConfig,
}

/// The services that a client signs with.
pub(super) struct Places {
    /// Without a path.
    pub(super) ca: String,
    /// With its path.
    pub(super) tsa: String,
    /// Without a path; a log of Rekor v2.
    pub(super) tlog: String,
}

/// A log that clients write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LogPlace {
    pub(super) is_v2: bool,
    /// Without a path.
    pub(super) url: String,
}

impl Trust {
    /// Fetches what clients trust; `met` is what the repository's roles say of themselves, also when it is refused.
    pub(super) async fn fetch(
        target: &Target,
        now: OffsetDateTime,
        met: &mut Vec<Met>,
    ) -> Result<Self, Failure> {
        let (root, config) = match &target.source {
            Source::Repository { root, url } => {
                let mut walk = Walk::new(&target.client, url, now);
                let targets = walk.targets(root).await;
                met.append(&mut walk.met);
                let targets = targets?;
                let root = walk.target(&targets, "trusted_root.json").await?;
                let config = walk.target(&targets, "signing_config.v0.2.json").await?;
                (root, config)
            }
            Source::Files {
                trusted_root,
                signing_config,
            } => (input::read(trusted_root)?, input::read(signing_config)?),
        };
        let unusable = |error| unusable(&target.name, &error);
        let config = SigningConfig::parse(&config).map_err(unusable)?;
        Ok(Self {
            root: TrustedRoot::parse(&root).map_err(unusable)?,
            places: Places::of(&config, now)?,
            config,
        })
    }

    /// The logs of certificates whose signatures count at `now`, the newest first.
    pub(super) fn certificate_logs(&self, now: OffsetDateTime) -> Vec<&TransparencyLogInstance> {
        let logs = self.root.ctlogs.iter();
        logs.filter(|log| log.public_key.valid_for.covers(now))
            .collect()
    }

    /// The logs of signatures that clients write to at `now`.
    pub(super) fn logs(&self, now: OffsetDateTime) -> Vec<LogPlace> {
        let mut places = Vec::new();
        for service in &self.config.rekor_tlog_urls {
            let place = LogPlace {
                is_v2: service.major_api_version == 2,
                url: service.url.trim_end_matches('/').to_owned(),
            };
            if is_in_use(service, now) && !places.contains(&place) {
                places.push(place);
            }
        }
        places
    }
}

impl Places {
    fn of(config: &SigningConfig, now: OffsetDateTime) -> Result<Self, Failure> {
        let named =
            |services, version, kind| newest(services, version, now).ok_or_else(|| none(kind));
        Ok(Self {
            ca: named(&config.ca_urls, 1, "certificate authority")?,
            tsa: named(&config.tsa_urls, 1, "timestamp authority")?,
            tlog: named(&config.rekor_tlog_urls, 2, "log of Rekor v2")?,
        })
    }
}

fn newest(services: &[Service], version: u32, now: OffsetDateTime) -> Option<String> {
    let services = services.iter();
    let usable = services.filter(|each| each.major_api_version == version && is_in_use(each, now));
    let newest = usable.max_by_key(|each| each.valid_for.start);
    newest.map(|service| service.url.trim_end_matches('/').to_owned())
}

fn is_in_use(service: &Service, now: OffsetDateTime) -> bool {
    let range = service.valid_for;
    range.start.is_none_or(|start| start <= now) && range.end.is_none_or(|end| now <= end)
}

fn none(kind: &str) -> Failure {
    Failure::new(
        "E-CTL-410",
        format!("the signing config names no {kind} that is in use"),
        "publish one that is: `sigctl trust publish`; a prober signs as clients of today do",
    )
}

fn unusable(name: &str, cause: &sigstead_trust_root::Error) -> Failure {
    Failure::new(
        "E-CTL-410",
        format!("what {name} publishes is of no use to clients"),
        "see what was published last: `sigctl trust show`, `sigctl doctor`",
    )
    .because(sigstead_kit::causes(cause))
}
