//! The trust root over gRPC.

use std::sync::Arc;
use std::time::Duration;

use sigstead_proto::trust_root_service::v1 as wire;
use sigstead_proto::trust_root_service::v1::trust_root_client::TrustRootClient;
use sigstead_trust_root::tuf::{Signed, Snapshot};
use tokio_stream::StreamExt as _;
use tonic::Code;

use crate::DAY;
use crate::world::{World, documents, trusted_root};

#[tokio::test]
async fn tells_the_trusted_root_over_grpc() {
    let world = World::new().await;
    let face = world.start().await;
    let mut client = TrustRootClient::new(face.0.clone());
    let root = client.get_trusted_root(()).await.unwrap().into_inner();
    let expected = trusted_root(&documents("first"));
    assert_eq!(root.media_type, expected.media_type);
    let config = client.get_signing_config(()).await.unwrap().into_inner();
    assert_eq!(
        config.media_type,
        sigstead_trust_root::SigningConfig::MEDIA_TYPE
    );
}

#[tokio::test]
async fn gives_metadata_over_grpc_as_it_is() {
    let world = World::new().await;
    let face = world.start().await;
    world.clock.advance(45 * DAY);
    let mut client = TrustRootClient::new(face.0.clone());
    for (role, version, file) in [
        ("timestamp", 0, "timestamp.json"),
        ("timestamp", 7, "timestamp.json"),
        ("root", 0, "1.root.json"),
        ("root", 1, "1.root.json"),
        ("targets", 0, "1.targets.json"),
        ("snapshot", 0, "2.snapshot.json"),
        ("snapshot", 1, "1.snapshot.json"),
    ] {
        let answer = client.get_metadata(request(role, version)).await.unwrap();
        let wire::Metadata { file_name, json } = answer.into_inner();
        assert_eq!(file_name, file);
        assert_eq!(json, face.file(&format!("/{file}")).await);
    }
    let newest = face.file("/2.snapshot.json").await;
    Signed::<Snapshot>::parse(&newest)
        .unwrap()
        .verify(&world.root(1))
        .unwrap();

    for (role, version, code) in [
        ("root", 2, Code::NotFound),
        ("", 0, Code::InvalidArgument),
        ("../root", 1, Code::InvalidArgument),
        ("mirrors", 0, Code::InvalidArgument),
    ] {
        let refused = client
            .get_metadata(request(role, version))
            .await
            .unwrap_err();
        assert_eq!(refused.code(), code, "{role} {version}");
    }
}

#[tokio::test]
async fn tells_the_versions_at_once_and_then_each_change() {
    let world = World::new().await;
    let face = world.start().await;
    let mut client = TrustRootClient::new(face.0.clone());
    let mut versions = client.watch(()).await.unwrap().into_inner();
    let first = versions.next().await.unwrap().unwrap();
    let expected = wire::Versions {
        root: 1,
        targets: 1,
        snapshot: 1,
        timestamp: 1,
    };
    assert_eq!(first, expected);

    world.put_targets(5, &documents("fifth")).await;
    world.clock.advance(6 * DAY);
    face.file("/timestamp.json").await;
    let next = versions.next().await.unwrap().unwrap();
    let expected = wire::Versions {
        targets: 5,
        snapshot: 2,
        timestamp: 2,
        ..expected
    };
    assert_eq!(next, expected);
}

#[tokio::test]
async fn a_running_service_finds_new_targets_by_itself() {
    let world = World::new().await;
    let mut config = world.config();
    config.listeners = sigstead_kit::Listeners::for_test();
    let service = sigstead_tuf::build_at(config, Arc::clone(&world.clock) as _);
    let bound = service.await.unwrap().bind().await.unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let address = bound.public_address();
    let running = tokio::spawn(bound.run(stop.clone()));
    let channel = tonic::transport::Endpoint::from_shared(format!("http://{address}")).unwrap();
    let mut client = TrustRootClient::new(channel.connect().await.unwrap());
    let mut versions = client.watch(()).await.unwrap().into_inner();
    assert_eq!(versions.next().await.unwrap().unwrap().targets, 1);

    world.put_targets(2, &documents("second")).await;
    let next = tokio::time::timeout(Duration::from_secs(30), versions.next()).await;
    assert_eq!(next.unwrap().unwrap().unwrap().targets, 2);
    stop.cancel();
    assert!(
        versions.next().await.is_none(),
        "a stream ends with the service"
    );
    running.await.unwrap();
}

fn request(role: &str, version: u64) -> wire::MetadataRequest {
    wire::MetadataRequest {
        role: role.to_owned(),
        version,
    }
}
