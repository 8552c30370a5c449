//! `sigstead.trustroot.v1.TrustRoot`.

use std::pin::Pin;
use std::sync::Arc;

use sigstead_kit::{Budget, Method, Problem};
use sigstead_proto::json::Unknown;
use sigstead_proto::trust_root_service::v1 as wire;
use sigstead_proto::trust_root_service::v1::trust_root_server::{
    TrustRoot as Rpc, TrustRootServer,
};
use sigstead_proto::trustroot::v1::{SigningConfig, TrustedRoot};
use tokio_stream::wrappers::WatchStream;
use tokio_stream::{Stream, StreamExt as _};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::error::Error;
use crate::publish::TrustRootRepository;
use crate::published::Published;

/// The gRPC service over a repository. Streams end when the service begins to stop.
pub(crate) fn service(
    repository: Arc<TrustRootRepository>,
    draining: CancellationToken,
) -> TrustRootServer<Face> {
    TrustRootServer::new(Face {
        repository,
        draining,
    })
}

/// The gRPC face.
pub(crate) struct Face {
    repository: Arc<TrustRootRepository>,
    draining: CancellationToken,
}

#[tonic::async_trait]
impl Rpc for Face {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<wire::Versions, Status>> + Send>>;

    async fn get_trusted_root(&self, _: Request<()>) -> Result<Response<TrustedRoot>, Status> {
        self.document("trusted_root.json")
    }

    async fn get_signing_config(&self, _: Request<()>) -> Result<Response<SigningConfig>, Status> {
        self.document("signing_config.v0.2.json")
    }

    async fn get_metadata(
        &self,
        request: Request<wire::MetadataRequest>,
    ) -> Result<Response<wire::Metadata>, Status> {
        self.repository.publish_if_due().await.map_err(status)?;
        let wire::MetadataRequest { role, version } = request.into_inner();
        let file_name = self.file_name(&role, version).map_err(status)?;
        let json = self.repository.file(&file_name).map_err(status)?;
        let json = json.ok_or_else(|| {
            status(Error::NotFound {
                path: file_name.clone(),
            })
        })?;
        Ok(Response::new(wire::Metadata { file_name, json }))
    }

    async fn watch(&self, _: Request<()>) -> Result<Response<Self::WatchStream>, Status> {
        let stop = self.draining.clone().cancelled_owned();
        let versions = WatchStream::new(self.repository.follow());
        let answers = versions.map(|published| Ok(wire::Versions::from(published)));
        Ok(Response::new(Box::pin(futures::StreamExt::take_until(
            answers,
            Box::pin(stop),
        ))))
    }
}

impl Face {
    fn document<M>(&self, target: &str) -> Result<Response<M>, Status>
    where
        M: sigstead_proto::json::Document,
    {
        let json = self.repository.target(target).map_err(status)?;
        let message = sigstead_proto::json::decode(&json, Unknown::Refuse)
            .map_err(|error| status(Error::Document(error)))?;
        Ok(Response::new(message))
    }

    fn file_name(&self, role: &str, version: u64) -> Result<String, Error> {
        let current = *self.repository.follow().borrow();
        let newest = match role {
            "root" => current.root.version,
            "targets" => current.targets.version,
            "snapshot" => current.snapshot.version,
            // Only one timestamp is kept: a client has no use for an older one.
            "timestamp" => return Ok("timestamp.json".to_owned()),
            _ => {
                return Err(Error::RoleUnknown {
                    role: role.chars().take(40).collect(),
                });
            }
        };
        let version = if version == 0 { newest } else { version };
        Ok(format!("{version}.{role}.json"))
    }
}

impl From<Published> for wire::Versions {
    fn from(published: Published) -> Self {
        Self {
            root: published.root.version,
            targets: published.targets.version,
            snapshot: published.snapshot.version,
            timestamp: published.timestamp.version,
        }
    }
}

fn status(error: Error) -> Status {
    Problem::from(error).into()
}

/// A request is a role and a number; a document may have grown for years.
const DOCUMENT: Budget = Budget::new(4096, 10).answering(4 * 1024 * 1024);

/// The methods.
pub(crate) const METHODS: &[Method] = &[
    Method::unary("GetTrustedRoot", DOCUMENT),
    Method::unary("GetSigningConfig", DOCUMENT),
    Method::unary("GetMetadata", DOCUMENT),
    Method::watch("Watch", DOCUMENT),
];
