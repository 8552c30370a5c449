//! What happened to other authorities, each told by the name that it is public under.

use std::collections::BTreeSet;

use crate::draft::Base;
use crate::route::{Answer, Route};
use crate::world::World;

/// CVE-2026-30836, CVE-2025-44005: a second protocol gave certificates without the checks of the first. Every route and method
/// of the authority is known here: either it gives what everybody may have, or it is a route of the table, and gives nothing
/// without a token.
#[tokio::test]
async fn no_way_in_gives_a_certificate_without_a_token() {
    let world = World::new().await;
    let mounted = world.endpoints.iter().map(String::as_str);
    let mounted: BTreeSet<&str> = mounted.filter(|name| !name.starts_with("HEAD ")).collect();
    let known: BTreeSet<&str> = OPEN.into_iter().chain(TAKING).chain(ADMIN).collect();
    assert_eq!(mounted, known, "a way in that nobody has looked at");
    for route in Route::ALL {
        let sound = Base::People.draft().sign(&world.keys);
        let name = Base::People.name();
        assert_eq!(
            route.ask(&world, &sound, &name).await,
            Answer::Accepted,
            "{route:?}"
        );
        let issued = world.record.states().len();
        for without in [
            route.ask_without_token(&world, &name).await,
            route.ask(&world, "", &name).await,
        ] {
            assert!(matches!(without, Answer::Refused { .. }), "{route:?}");
        }
        assert_eq!(world.record.states().len(), issued, "{route:?}");
    }
}

/// What everybody may have, and nothing is issued for.
const OPEN: [&str; 11] = [
    "GET /api/v1/rootCert",
    "GET /api/v2/configuration",
    "GET /api/v2/trustBundle",
    "GET /healthz",
    "/dev.sigstore.fulcio.v2.CA/GetConfiguration",
    "/dev.sigstore.fulcio.v2.CA/GetTrustBundle",
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/List",
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];
/// What takes a token.
const TAKING: [&str; 3] = [
    "POST /api/v1/signingCert",
    "POST /api/v2/signingCert",
    "/dev.sigstore.fulcio.v2.CA/CreateSigningCertificate",
];
/// What is on the administrators' listener, behind certificates of their own.
const ADMIN: [&str; 6] = [
    "/sigstead.admin.v1.CaAdmin/GetIssuance",
    "/sigstead.admin.v1.CaAdmin/ListCtLogs",
    "/sigstead.admin.v1.CaAdmin/ListIssuances",
    "/sigstead.admin.v1.CaAdmin/ListIssuers",
    "/sigstead.admin.v1.CaAdmin/ListKeys",
    "/sigstead.admin.v1.CaAdmin/TestToken",
];
