//! The log over gRPC.

use sigstead_merkle::{ConsistencyProof, InclusionProof, LeafIndex, NodeHash};
use sigstead_proto::ct::v1 as wire;
use sigstead_proto::ct::v1::ct_log_client::CtLogClient;
use tonic::Code;

use crate::authorities::ephemeral;
use crate::world::TestCtLog;

#[tokio::test]
async fn speaks_grpc_over_the_same_verbs() {
    let log = TestCtLog::new().await;
    let mut client = CtLogClient::new(log.router.clone());
    let first = log.authorities.precertificate(1).await;
    let chain = log.authorities.chain(first.to_der());
    let request = wire::AddChainRequest { chain };
    let sct = client
        .add_pre_chain(request.clone())
        .await
        .unwrap()
        .into_inner();
    let over_http = log.log(&first).await;
    assert_eq!(sct.timestamp_millis, over_http.timestamp_millis);
    assert_eq!(sct.extensions, over_http.extensions);
    assert_eq!(sct.log_id, over_http.log_id.as_bytes());
    sigstead_ct::DigitallySigned::parse(&sct.signature).unwrap();

    let certificate = log.authorities.certificate(ephemeral().as_ref()).await;
    let chain = log.authorities.chain(certificate.to_der());
    client
        .add_chain(wire::AddChainRequest { chain })
        .await
        .unwrap();
    let leaves = log.verify_log().await;
    let checkpoint = client
        .get_checkpoint(())
        .await
        .unwrap()
        .into_inner()
        .envelope;
    assert_eq!(checkpoint, log.get("/checkpoint").await.text());
    let root = sigstead_checkpoint::SignedCheckpoint::parse(&checkpoint)
        .unwrap()
        .checkpoint
        .head
        .root;
    let hashes = |hashes: Vec<Vec<u8>>| {
        hashes
            .iter()
            .map(|hash| NodeHash::try_from(hash.as_slice()).unwrap())
            .collect()
    };
    let asked = wire::InclusionProofRequest {
        leaf_index: 1,
        tree_size: 0,
    };
    let proof = client
        .get_inclusion_proof(asked)
        .await
        .unwrap()
        .into_inner();
    let leaf_hash = leaves[1].timestamped_entry.leaf_hash().unwrap();
    let proof = InclusionProof {
        leaf_index: LeafIndex::new(proof.leaf_index),
        tree_size: proof.tree_size,
        hashes: hashes(proof.hashes),
    };
    proof.verify(&leaf_hash, &root).unwrap();
    let asked = wire::ConsistencyProofRequest {
        first_size: 1,
        second_size: 2,
    };
    let proof = client
        .get_consistency_proof(asked)
        .await
        .unwrap()
        .into_inner();
    let first = leaves[0].timestamped_entry.leaf_hash().unwrap();
    let proof = ConsistencyProof {
        first_size: 1,
        second_size: 2,
        hashes: hashes(proof.hashes),
    };
    proof.verify(&NodeHash::from(first).into(), &root).unwrap();
    let roots = client
        .get_roots(())
        .await
        .unwrap()
        .into_inner()
        .certificates;
    assert_eq!(roots, [log.authorities.root.to_der()]);

    let chain = vec![vec![0]];
    let refused = client
        .add_chain(wire::AddChainRequest { chain })
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(
        refused.metadata().get("sigstead-code").unwrap(),
        "E-CTLOG-002"
    );
    let refused = client.add_chain(request).await.unwrap_err();
    assert_eq!(
        refused.metadata().get("sigstead-code").unwrap(),
        "E-CTLOG-005"
    );
    let asked = wire::InclusionProofRequest {
        leaf_index: 2,
        tree_size: 0,
    };
    let refused = client.get_inclusion_proof(asked).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let asked = wire::ConsistencyProofRequest {
        first_size: 2,
        second_size: 9,
    };
    let refused = client.get_consistency_proof(asked).await.unwrap_err();
    assert_eq!(
        refused.metadata().get("sigstead-code").unwrap(),
        "E-CTLOG-010"
    );
}
