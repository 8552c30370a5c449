//! `sigstead.ct.v1.CtLog`.

use std::sync::Arc;

use sigstead_ct::{AcceptedChain, EntryKind, SignedCertificateTimestamp};
use sigstead_kit::{Budget, Method, PeerCertificate};
use sigstead_merkle::LeafIndex;
use sigstead_proto::ct::v1 as wire;
use sigstead_proto::ct::v1::ct_log_server::{CtLog as Rpc, CtLogServer};
use sigstead_x509::Certificate;
use tonic::{Request, Response, Status};

use crate::api::http::SUBMIT;
use crate::{CtLog, Error};

/// The gRPC service over a log.
pub(crate) fn service(log: Arc<CtLog>) -> CtLogServer<Face> {
    CtLogServer::new(Face(log))
}

/// The gRPC face.
pub(crate) struct Face(Arc<CtLog>);

impl Face {
    async fn submit(
        &self,
        request: Request<wire::AddChainRequest>,
        kind: EntryKind,
    ) -> Result<Response<wire::SignedCertificateTimestamp>, Error> {
        let shown = request.extensions().get::<PeerCertificate>();
        let submitter = self.0.submitters.admit(shown)?;
        let chain = self.decode_chain(request.get_ref())?;
        let sct = self.0.submit(submitter, chain, kind).await?;
        Ok(Response::new(encode_sct(&sct)?))
    }

    fn decode_chain(&self, request: &wire::AddChainRequest) -> Result<Vec<Certificate>, Error> {
        AcceptedChain::check_length(request.chain.len())?;
        let decode = |(position, der): (usize, &Vec<u8>)| {
            let read = self.0.known.read(der);
            read.map_err(|source| Error::Certificate { position, source })
        };
        request.chain.iter().enumerate().map(decode).collect()
    }
}

#[tonic::async_trait]
impl Rpc for Face {
    async fn add_chain(
        &self,
        request: Request<wire::AddChainRequest>,
    ) -> Result<Response<wire::SignedCertificateTimestamp>, Status> {
        self.submit(request, EntryKind::Certificate)
            .await
            .map_err(to_status)
    }

    async fn add_pre_chain(
        &self,
        request: Request<wire::AddChainRequest>,
    ) -> Result<Response<wire::SignedCertificateTimestamp>, Status> {
        self.submit(request, EntryKind::Precertificate)
            .await
            .map_err(to_status)
    }

    async fn get_checkpoint(&self, _: Request<()>) -> Result<Response<wire::Checkpoint>, Status> {
        let envelope = String::from_utf8_lossy(&self.0.checkpoint()).into_owned();
        Ok(Response::new(wire::Checkpoint { envelope }))
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<wire::InclusionProofRequest>,
    ) -> Result<Response<wire::InclusionProof>, Status> {
        let wire::InclusionProofRequest {
            leaf_index,
            tree_size,
        } = request.into_inner();
        let tree_size = Some(tree_size).filter(|size| *size > 0);
        let proof = self
            .0
            .inclusion_proof(LeafIndex::new(leaf_index), tree_size)
            .await;
        Ok(Response::new((&proof.map_err(to_status)?).into()))
    }

    async fn get_consistency_proof(
        &self,
        request: Request<wire::ConsistencyProofRequest>,
    ) -> Result<Response<wire::ConsistencyProof>, Status> {
        let wire::ConsistencyProofRequest {
            first_size,
            second_size,
        } = request.into_inner();
        let proof = self.0.consistency_proof(first_size, second_size).await;
        Ok(Response::new((&proof.map_err(to_status)?).into()))
    }

    async fn get_roots(&self, _: Request<()>) -> Result<Response<wire::Roots>, Status> {
        let certificates = self
            .0
            .roots
            .accepted()
            .iter()
            .map(|root| root.to_der().to_vec())
            .collect();
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
