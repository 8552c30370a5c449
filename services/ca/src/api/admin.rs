//! `sigstead.admin.v1.CaAdmin`, for the admin listener.

use std::sync::Arc;

use sigstead_identity::{IssuerLocation, IssuerState};
use sigstead_issuance::{Issuance, Order, Outcome, Query, recorded_forms};
use sigstead_kit::{Budget, Method, Problem};
use sigstead_proto::admin::v1 as wire;
use sigstead_proto::admin::v1::ca_admin_server::{CaAdmin, CaAdminServer};
use sigstead_signer::RingKey;
use time::OffsetDateTime;
use tonic::{Request, Response, Status};

use super::token_test;
use crate::{CertificateAuthority, Error, IssuingKey};

/// The admin interface of an authority.
pub(crate) fn service(authority: Arc<CertificateAuthority>) -> CaAdminServer<AdminFace> {
    CaAdminServer::new(AdminFace(authority))
}

/// The administration of an authority.
pub(crate) struct AdminFace(Arc<CertificateAuthority>);

#[tonic::async_trait]
impl CaAdmin for AdminFace {
    async fn list_issuances(
        &self,
        request: Request<wire::ListIssuancesRequest>,
    ) -> Result<Response<wire::ListIssuancesResponse>, Status> {
        let query = query_of(request.into_inner()).map_err(status)?;
        let page = self.0.issuances(&query).await.map_err(status)?;
        Ok(Response::new(wire::ListIssuancesResponse {
            issuances: page.issuances.iter().map(message).collect(),
            next: page.next.map(|next| next.to_string()).unwrap_or_default(),
        }))
    }

    async fn get_issuance(
        &self,
        request: Request<wire::GetIssuanceRequest>,
    ) -> Result<Response<wire::Issuance>, Status> {
        let name = request.into_inner().id_or_serial;
        let found = self.0.issuance(&name).await.map_err(status)?;
        Ok(Response::new(message(&found)))
    }

    async fn test_token(
        &self,
        request: Request<wire::TestTokenRequest>,
    ) -> Result<Response<wire::TestTokenResponse>, Status> {
        let token = request.into_inner().token;
        let (seen, result) = self.0.examine(&token).await;
        let unused = match &result {
            Ok(principal) => self.0.examine_use(principal).await,
            Err(_) => None,
        };
        let response = token_test::response(&seen, &result, unused);
        Ok(Response::new(response))
    }

    async fn list_issuers(
        &self,
        _request: Request<wire::ListIssuersRequest>,
    ) -> Result<Response<wire::ListIssuersResponse>, Status> {
        let states = self.0.parts().issuers.states();
        let issuers = states.into_iter().map(issuer_state).collect();
        Ok(Response::new(wire::ListIssuersResponse { issuers }))
    }

    async fn list_keys(
        &self,
        _request: Request<wire::ListKeysRequest>,
    ) -> Result<Response<wire::ListKeysResponse>, Status> {
        let (keys, issuing) = self.0.keys();
        let keys = keys.all().map(|key| wire::AuthorityKey {
            signs: key.from == issuing,
            ..key_message(key)
        });
        Ok(Response::new(wire::ListKeysResponse {
            keys: keys.collect(),
        }))
    }

    async fn list_ct_logs(
        &self,
        _request: Request<wire::ListCtLogsRequest>,
    ) -> Result<Response<wire::ListCtLogsResponse>, Status> {
        let keys = self.0.parts().ct_logs.keys().into_iter();
        let logs = keys.map(|key| wire::CtLogInUse {
            log_id: key.log_id().as_bytes().to_vec(),
            public_key: key.spki_der().to_vec(),
        });
        let logs = logs.collect();
        Ok(Response::new(wire::ListCtLogsResponse { logs }))
    }
}

fn key_message(key: &RingKey<Arc<IssuingKey>>) -> wire::AuthorityKey {
    let chain = key.key.chain().certificates().iter();
    wire::AuthorityKey {
        chain: chain.map(|each| each.to_der().to_vec()).collect(),
        from: key.from.map(|from| prost_types::Timestamp {
            seconds: from.unix_timestamp(),
            nanos: from.nanosecond().try_into().unwrap_or(0),
        }),
        signs: false,
    }
}

fn issuer_state(state: IssuerState) -> wire::IssuerState {
    let (issuer, is_pattern) = match state.location {
        IssuerLocation::Url(url) => (url, false),
        IssuerLocation::Wildcard(pattern) => (pattern, true),
    };
    let keys = state.keys.as_ref();
    let failing = keys.and_then(|keys| keys.failing.as_ref());
    let last_error = failing.map(|failing| sigstead_kit::causes(&failing.error));
    wire::IssuerState {
        issuer,
        is_pattern,
        is_usable: keys.is_none_or(|keys| keys.is_usable),
        is_pinned: keys.is_some_and(|keys| keys.is_pinned),
        key_age_seconds: keys.and_then(|keys| Some(keys.age?.as_secs())),
        failing_seconds: failing.map(|failing| failing.since.as_secs()),
        last_error: last_error.unwrap_or_default(),
        remembered: state.remembered as u64,
    }
}

fn query_of(request: wire::ListIssuancesRequest) -> Result<Query, Error> {
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    let outcome = match request.outcome() {
        wire::IssuanceOutcome::Unspecified => None,
        wire::IssuanceOutcome::Open => Some(Outcome::Open),
        wire::IssuanceOutcome::Issued => Some(Outcome::Issued),
        wire::IssuanceOutcome::Failed => Some(Outcome::Failed),
        wire::IssuanceOutcome::Interrupted => Some(Outcome::Interrupted),
    };
    let after = given(request.after).map(|text| text.parse());
    let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
    Ok(Query {
        since: request.since.map(time).transpose()?,
        until: request.until.map(time).transpose()?,
        identities: given(request.identity)
            .map(|identity| recorded_forms(&identity))
            .unwrap_or_default(),
        issuer: given(request.issuer),
        serial: given(request.serial),
        id: None,
        request_id: given(request.request_id),
        outcome,
        order: if request.oldest_first {
            Order::OldestFirst
        } else {
            Order::NewestFirst
        },
        after: after.transpose().map_err(Error::ReadRecord)?,
        limit: Some(limit).filter(|limit| *limit > 0),
    })
}

fn time(timestamp: prost_types::Timestamp) -> Result<OffsetDateTime, Error> {
    let nanos = i128::from(timestamp.seconds) * 1_000_000_000 + i128::from(timestamp.nanos);
    OffsetDateTime::from_unix_timestamp_nanos(nanos)
        .map_err(|_| Error::RequestMalformed("a time is beyond all calendars"))
}

fn message(issuance: &Issuance) -> wire::Issuance {
    let outcome = match issuance.outcome {
        Outcome::Open => wire::IssuanceOutcome::Open,
        Outcome::Issued => wire::IssuanceOutcome::Issued,
        Outcome::Failed => wire::IssuanceOutcome::Failed,
        Outcome::Interrupted => wire::IssuanceOutcome::Interrupted,
    };
    wire::Issuance {
        id: issuance.id.clone(),
        outcome: outcome.into(),
        // It was read from JSON.
        json: serde_json::to_string(issuance).unwrap_or_default(),
    }
}

fn status(error: Error) -> Status {
    Problem::from(error).into()
}

/// Years of issuances are looked through a page at a time.
const ADMIN: Budget = Budget::new(64 * 1024, 30).answering(8 * 1024 * 1024);

/// The methods of the admin interface.
pub(crate) const METHODS: &[Method] = &[
    Method::unary("ListIssuances", ADMIN),
    Method::unary("GetIssuance", ADMIN),
    Method::unary("TestToken", ADMIN),
    Method::unary("ListIssuers", ADMIN),
    Method::unary("ListCtLogs", ADMIN),
    Method::unary("ListKeys", ADMIN),
];
