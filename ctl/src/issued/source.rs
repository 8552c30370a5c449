//! Where the record is read: from the service, or from its files.

use std::path::PathBuf;

use sigstead_issuance::{Issuance, Order, Outcome, Query, recorded_forms};
use sigstead_proto::admin::v1 as wire;
use sigstead_proto::admin::v1::ca_admin_client::CaAdminClient;
use time::OffsetDateTime;
use tonic::transport::Channel;

use super::decoded;
use crate::admin::{self, Reach, refused};
use crate::failure::Failure;
use crate::instance::{Instance, Service};

/// What is looked for, and where to go on.
#[derive(Default)]
pub(super) struct Filter {
    pub(super) since: Option<OffsetDateTime>,
    pub(super) until: Option<OffsetDateTime>,
    pub(super) identity: Option<String>,
    pub(super) issuer: Option<String>,
    pub(super) serial: Option<String>,
    pub(super) request: Option<String>,
    pub(super) outcome: Option<Outcome>,
    pub(super) oldest_first: bool,
    pub(super) limit: usize,
    pub(super) after: Option<String>,
}

/// Some of what is looked for.
pub(super) struct Found {
    pub(super) issuances: Vec<Issuance>,
    pub(super) next: Option<String>,
}

pub(super) enum Source {
    Service(CaAdminClient<Channel>),
    Files(PathBuf),
}

impl Source {
    pub(super) async fn service(instance: &dyn Reach) -> Result<Self, Failure> {
        let channel = admin::connect(instance, Service::Ca).await?;
        Ok(Self::Service(
            CaAdminClient::new(channel).max_decoding_message_size(MESSAGE_BYTES),
        ))
    }

    /// The directory that the service's configuration names.
    pub(super) fn files(instance: &Instance) -> Result<Self, Failure> {
        let path = instance.path("ca/config.yaml");
        let config: sigstead_config::ca::Config = sigstead_kit::read_config(&path)
            .map_err(|error| Failure::file("read", &path, error))?;
        Ok(Self::Files(
            instance.service(Service::Ca).join(config.record.path),
        ))
    }

    pub(super) async fn page(&mut self, filter: &Filter) -> Result<Found, Failure> {
        match self {
            Self::Service(client) => {
                let page = client.list_issuances(request_of(filter)).await;
                let page = page.map_err(refused)?.into_inner();
                let issuances = page.issuances.iter().map(|each| decoded(&each.json));
                Ok(Found {
                    issuances: issuances.collect::<Result<_, _>>()?,
                    next: Some(page.next).filter(|next| !next.is_empty()),
                })
            }
            Self::Files(directory) => {
                let failed = |error| Failure::file("read", directory, error);
                let query = query_of(filter).map_err(failed)?;
                let page = sigstead_issuance::read_page(directory, &query).map_err(failed)?;
                Ok(Found {
                    issuances: page.issuances,
                    next: page.next.map(|next| next.to_string()),
                })
            }
        }
    }

    /// The issuance of an identifier or a serial number.
    pub(super) async fn one(&mut self, name: &str) -> Result<Issuance, Failure> {
        match self {
            Self::Service(client) => {
                let request = wire::GetIssuanceRequest {
                    id_or_serial: name.to_owned(),
                };
                let found = client.get_issuance(request).await.map_err(refused)?;
                decoded(&found.into_inner().json)
            }
            Self::Files(directory) => {
                let directory = directory.clone();
                one_of_files(&directory, name)
            }
        }
    }
}

fn one_of_files(directory: &std::path::Path, name: &str) -> Result<Issuance, Failure> {
    let failed = |error| Failure::file("read", directory, error);
    let is_id = name.len() == 32;
    let mut query = Query {
        id: is_id.then(|| name.to_owned()),
        serial: (!is_id).then(|| name.to_owned()),
        limit: Some(1),
        ..Query::default()
    };
    loop {
        let page = sigstead_issuance::read_page(directory, &query).map_err(failed)?;
        if let Some(found) = page.issuances.into_iter().next() {
            return Ok(found);
        }
        query.after = Some(page.next.ok_or_else(unknown)?);
    }
}

fn unknown() -> Failure {
    Failure::new(
        "E-CTL-061",
        "no such issuance is in the record",
        "list them with `sigctl issued list`; those beyond the retention are gone",
    )
}

fn request_of(filter: &Filter) -> wire::ListIssuancesRequest {
    let outcome = match filter.outcome {
        None => wire::IssuanceOutcome::Unspecified,
        Some(Outcome::Open) => wire::IssuanceOutcome::Open,
        Some(Outcome::Issued) => wire::IssuanceOutcome::Issued,
        Some(Outcome::Failed) => wire::IssuanceOutcome::Failed,
        Some(Outcome::Interrupted) => wire::IssuanceOutcome::Interrupted,
    };
    wire::ListIssuancesRequest {
        since: filter.since.map(timestamp),
        until: filter.until.map(timestamp),
        identity: filter.identity.clone().unwrap_or_default(),
        issuer: filter.issuer.clone().unwrap_or_default(),
        serial: filter.serial.clone().unwrap_or_default(),
        request_id: filter.request.clone().unwrap_or_default(),
        outcome: outcome.into(),
        oldest_first: filter.oldest_first,
        limit: u32::try_from(filter.limit).unwrap_or(u32::MAX),
        after: filter.after.clone().unwrap_or_default(),
    }
}

fn query_of(filter: &Filter) -> Result<Query, sigstead_issuance::Error> {
    let after = filter.after.as_deref().map(str::parse).transpose()?;
    Ok(Query {
        since: filter.since,
        until: filter.until,
        identities: filter
            .identity
            .as_deref()
            .map(recorded_forms)
            .unwrap_or_default(),
        issuer: filter.issuer.clone(),
        serial: filter.serial.clone(),
        id: None,
        request_id: filter.request.clone(),
        outcome: filter.outcome,
        order: if filter.oldest_first {
            Order::OldestFirst
        } else {
            Order::NewestFirst
        },
        after,
        limit: Some(filter.limit).filter(|limit| *limit > 0),
    })
}

fn timestamp(time: OffsetDateTime) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: time.unix_timestamp(),
        nanos: i32::try_from(time.nanosecond()).unwrap_or_default(),
    }
}

/// A page of issuances with long names.
const MESSAGE_BYTES: usize = 8 * 1024 * 1024;
