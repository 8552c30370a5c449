//! `sigstead.ct.v1.CtLog`.

use std::sync::Arc;

use ::http::uri::Authority;
use axum::extract::OriginalUri;
use sigstead_ct::{AcceptedChain, EntryKind, SignedCertificateTimestamp};
use sigstead_kit::{Budget, Method, PeerCertificate};
use sigstead_merkle::LeafIndex;
use sigstead_proto::ct::v1 as wire;
use sigstead_proto::ct::v1::ct_log_server::{CtLog as Rpc, CtLogServer};
use sigstead_x509::Certificate;
use tonic::{Request, Response, Status};

use crate::api::http::SUBMIT;
use crate::error::Error;
use crate::log::CtLog;
use crate::logs::CtLogs;

/// The gRPC service over the logs.
pub(crate) fn service(logs: Arc<CtLogs>) -> CtLogServer<Face> {
    CtLogServer::new(Face(logs))
}

/// The gRPC face. A call is for the log whose origin is the host that was dialled, else for the first one.
pub(crate) struct Face(Arc<CtLogs>);

impl Face {
    fn addressed<T>(&self, request: &Request<T>) -> Result<Arc<CtLog>, Status> {
        let uri = request.extensions().get::<OriginalUri>();
        let authority = uri.and_then(|OriginalUri(uri)| uri.authority());
        let log = self.0.for_host(authority.map(Authority::as_str));
        log.map_err(to_status)
    }

    async fn submit(
        &self,
        request: Request<wire::AddChainRequest>,
        kind: EntryKind,
    ) -> Result<Response<wire::SignedCertificateTimestamp>, Status> {
        let log = self.addressed(&request)?;
        let sct = submit(&log, request, kind).await;
        let sct = sct.and_then(|sct| encode_sct(&sct)).map_err(to_status)?;
        Ok(Response::new(sct))
    }
}

async fn submit(
    log: &CtLog,
    request: Request<wire::AddChainRequest>,
    kind: EntryKind,
) -> Result<SignedCertificateTimestamp, Error> {
    let shown = request.extensions().get::<PeerCertificate>();
    let submitter = log.acceptance.submitters.admit(shown)?;
    let chain = decode_chain(log, request.get_ref())?;
    log.submit(submitter, chain, kind).await
}

fn decode_chain(log: &CtLog, request: &wire::AddChainRequest) -> Result<Vec<Certificate>, Error> {
    AcceptedChain::check_length(request.chain.len())?;
    let decode = |(position, der): (usize, &Vec<u8>)| {
        let read = log.acceptance.known.read(der);
        read.map_err(|source| Error::Certificate { position, source })
    };
    request.chain.iter().enumerate().map(decode).collect()
}

#[tonic::async_trait]
impl Rpc for Face {
    async fn add_chain(
        &self,
        request: Request<wire::AddChainRequest>,
    ) -> Result<Response<wire::SignedCertificateTimestamp>, Status> {
        self.submit(request, EntryKind::Certificate).await
    }

    async fn add_pre_chain(
        &self,
        request: Request<wire::AddChainRequest>,
    ) -> Result<Response<wire::SignedCertificateTimestamp>, Status> {
        self.submit(request, EntryKind::Precertificate).await
    }

    async fn get_checkpoint(
        &self,
        request: Request<()>,
    ) -> Result<Response<wire::Checkpoint>, Status> {
        let log = self.addressed(&request)?;
        let checkpoint = log.checkpoint().map_err(to_status)?;
        let envelope = String::from_utf8_lossy(&checkpoint).into_owned();
        Ok(Response::new(wire::Checkpoint { envelope }))
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<wire::InclusionProofRequest>,
    ) -> Result<Response<wire::InclusionProof>, Status> {
        let log = self.addressed(&request)?;
        let wire::InclusionProofRequest {
            leaf_index,
            tree_size,
        } = request.into_inner();
        let tree_size = Some(tree_size).filter(|size| *size > 0);
        let leaf_index = LeafIndex::new(leaf_index);
        let proof = log.inclusion_proof(leaf_index, tree_size).await;
        Ok(Response::new((&proof.map_err(to_status)?).into()))
    }

    async fn get_consistency_proof(
        &self,
        request: Request<wire::ConsistencyProofRequest>,
    ) -> Result<Response<wire::ConsistencyProof>, Status> {
        let log = self.addressed(&request)?;
        let wire::ConsistencyProofRequest {
            first_size,
            second_size,
        } = request.into_inner();
        let proof = log.consistency_proof(first_size, second_size).await;
        Ok(Response::new((&proof.map_err(to_status)?).into()))
    }

    /// They are the same for all logs.
    async fn get_roots(&self, _: Request<()>) -> Result<Response<wire::Roots>, Status> {
        let roots = self.0.acceptance().roots.accepted();
        let certificates = roots.iter().map(|root| root.to_der().to_vec()).collect();
        Ok(Response::new(wire::Roots { certificates }))
    }
}

fn encode_sct(sct: &SignedCertificateTimestamp) -> Result<wire::SignedCertificateTimestamp, Error> {
    Ok(wire::SignedCertificateTimestamp {
        version: 0,
        log_id: sct.log_id.as_bytes().to_vec(),
        timestamp_millis: sct.timestamp_millis,
        extensions: sct.extensions.clone(),
        signature: sct.signature.encode()?,
    })
}

fn to_status(error: Error) -> Status {
    sigstead_kit::Problem::from(error).into()
}

/// The methods, with the budgets that they have over HTTP.
pub(crate) const METHODS: &[Method] = &[
    Method::unary("AddChain", SUBMIT),
    Method::unary("AddPreChain", SUBMIT),
    Method::unary("GetCheckpoint", Budget::read()),
    Method::unary("GetInclusionProof", Budget::read()),
    Method::unary("GetConsistencyProof", Budget::read()),
    Method::unary("GetRoots", Budget::read()),
];
