use crate::world::{TestTlog, decode, request};
use serde_json::Value;
use sigstead_proto::rekor::v2::create_entry_request::Spec;
use sigstead_proto::rekor::v2::rekor_client::RekorClient;
use sigstead_proto::rekor::v2::{
    CreateEntryRequest, EntryBundleRequest, HashedRekordRequestV002, PublicKey, Signature,
    TileRequest, Verifier, verifier,
};
use tonic::{Code, Status};

pub(crate) fn wire(request: &Value) -> CreateEntryRequest {
    let submitted = &request["hashedRekordRequestV002"];
    let signature = &submitted["signature"];
    let raw_bytes = decode(&signature["verifier"]["publicKey"]["rawBytes"]);
    let verifier = Verifier {
        verifier: Some(verifier::Verifier::PublicKey(PublicKey { raw_bytes })),
        key_details: sigstead_proto::common::v1::PublicKeyDetails::PkixEcdsaP256Sha256.into(),
    };
    CreateEntryRequest {
        spec: Some(Spec::HashedRekordRequestV002(HashedRekordRequestV002 {
            digest: decode(&submitted["digest"]),
            signature: Some(Signature {
                content: decode(&signature["content"]),
                verifier: Some(verifier),
            }),
        })),
    }
}

fn code(status: &Status) -> &str {
    status
        .metadata()
        .get("sigstead-code")
        .unwrap()
        .to_str()
        .unwrap()
}

#[tokio::test]
async fn appends_and_reads_as_http_does() {
    let tlog = TestTlog::new().await;
    let mut client = RekorClient::new(tlog.router.clone());
    let request = request(b"artifact").await;
    let entry = client
        .create_entry(wire(&request))
        .await
        .unwrap()
        .into_inner();
    let over_http = tlog.append(&request).await;
    assert_eq!(
        entry.canonicalized_body,
        decode(&over_http["canonicalizedBody"])
    );
    assert_eq!(
        entry.log_id.unwrap().key_id,
        decode(&over_http["logId"]["keyId"])
    );
    let proof = entry.inclusion_proof.unwrap();
    assert_eq!((entry.log_index, proof.tree_size), (0, 1));
    assert_eq!(
        proof.root_hash,
        decode(&over_http["inclusionProof"]["rootHash"])
    );

    let checkpoint = client.get_checkpoint(()).await.unwrap().into_inner();
    assert_eq!(checkpoint.content_type, "text/plain; charset=utf-8");
    assert_eq!(
        checkpoint.data,
        proof.checkpoint.unwrap().envelope.into_bytes()
    );
    let n = "000.p/1".to_owned();
    let tile = client
        .get_tile(TileRequest { l: 0, n: n.clone() })
        .await
        .unwrap();
    assert_eq!(
        tile.into_inner().data,
        tlog.get("/tile/0/000.p/1").await.body
    );
    let bundle = client
        .get_entry_bundle(EntryBundleRequest { n })
        .await
        .unwrap();
    assert_eq!(
        bundle.into_inner().data,
        tlog.get("/tile/entries/000.p/1").await.body
    );
    tlog.verify_log().await;
}

#[tokio::test]
async fn refuses_with_the_codes_of_http() {
    let tlog = TestTlog::new().await;
    let mut client = RekorClient::new(tlog.router.clone());
    let empty = client
        .create_entry(CreateEntryRequest { spec: None })
        .await
        .unwrap_err();
    assert_eq!(
        (empty.code(), code(&empty)),
        (Code::InvalidArgument, "E-TLOG-001")
    );

    let mut unsigned = wire(&request(b"artifact").await);
    if let Some(Spec::HashedRekordRequestV002(request)) = &mut unsigned.spec {
        request.digest[0] ^= 1;
    }
    let refused = client.create_entry(unsigned).await.unwrap_err();
    assert_eq!(
        (refused.code(), code(&refused)),
        (Code::InvalidArgument, "E-TLOG-007")
    );

    let n = "000".to_owned();
    let missing = client
        .get_tile(TileRequest { l: 0, n: n.clone() })
        .await
        .unwrap_err();
    assert_eq!(
        (missing.code(), code(&missing)),
        (Code::NotFound, "E-TLOG-010")
    );
    let missing = client
        .get_entry_bundle(EntryBundleRequest { n })
        .await
        .unwrap_err();
    assert_eq!(
        (missing.code(), code(&missing)),
        (Code::NotFound, "E-TLOG-010")
    );
}
