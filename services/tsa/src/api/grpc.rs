//! `sigstead.timestamp.v1.TimestampAuthority`.

use std::sync::Arc;

use sigstead_kit::{Budget, Method};
use sigstead_proto::timestamp::v1 as wire;
use sigstead_proto::timestamp::v1::timestamp_authority_server::{
    TimestampAuthority as Rpc, TimestampAuthorityServer,
};
use sigstead_tsp::TimeStampReq;
use tonic::{Request, Response, Status};

use crate::TimestampAuthority;
use crate::api::http::STAMP;
use crate::error::Error;

/// The gRPC service over an authority.
pub(crate) fn service(authority: Arc<TimestampAuthority>) -> TimestampAuthorityServer<Face> {
    TimestampAuthorityServer::new(Face(authority))
}

/// The gRPC face.
pub(crate) struct Face(Arc<TimestampAuthority>);

#[tonic::async_trait]
impl Rpc for Face {
    async fn stamp(
        &self,
        request: Request<wire::StampRequest>,
    ) -> Result<Response<wire::StampResponse>, Status> {
        let request = TimeStampReq::from_der(&request.get_ref().request)
            .map_err(|error| problem(error.into()))?;
        let response = self.0.stamp(&request).await.map_err(problem)?;
        Ok(Response::new(wire::StampResponse {
            response: response.into_der(),
        }))
    }

    async fn get_chain(&self, _: Request<()>) -> Result<Response<wire::Chain>, Status> {
        Ok(Response::new(wire::Chain {
            certificates: self.0.chain_der(),
        }))
    }
}

fn problem(error: Error) -> Status {
    sigstead_kit::Problem::from(error).into()
}

/// The methods, with the budgets that they have over HTTP.
pub(crate) const METHODS: &[Method] = &[
    Method::unary("Stamp", STAMP),
    Method::unary("GetChain", Budget::read()),
];
