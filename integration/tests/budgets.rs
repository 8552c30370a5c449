//! Every route and every method of every service has a budget: all six are built as they would run, and all that they
//! mount is looked at.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::collections::BTreeSet;
use std::future::Future;
use std::path::Path;
use std::time::Duration;

use sigstead_integration::Instance;
use sigstead_kit::{Endpoint, Service, ServiceConfig, read_config};

async fn mounted<C, F, E>(
    instance: &Instance,
    name: &str,
    build: impl FnOnce(C) -> F,
) -> Vec<Endpoint>
where
    C: ServiceConfig,
    F: Future<Output = Result<Service, E>>,
    E: std::fmt::Debug,
{
    // Paths in a configuration are relative to it.
    std::env::set_current_dir(instance.directory().join(name)).unwrap();
    let config: C = read_config(Path::new("config.yaml")).unwrap();
    build(config).await.unwrap().into_endpoints().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_and_method_has_a_budget() {
    let instance = Instance::create("budgets", &[]).unwrap();
    let services = [
        ("ca", mounted(&instance, "ca", sigstead_ca::build).await),
        (
            "tlog",
            mounted(&instance, "tlog", sigstead_tlog::build).await,
        ),
        (
            "ctlog",
            mounted(&instance, "ctlog", sigstead_ctlog::build).await,
        ),
        ("tsa", mounted(&instance, "tsa", sigstead_tsa::build).await),
        ("tuf", mounted(&instance, "tuf", sigstead_tuf::build).await),
        (
            "oidc",
            mounted(&instance, "oidc", sigstead_oidc::build).await,
        ),
    ];
    for (service, endpoints) in &services {
        for endpoint in endpoints {
            check(service, endpoint);
        }
        for (listener, name) in ALWAYS {
            let is_it =
                |endpoint: &Endpoint| endpoint.listener == *listener && endpoint.name == *name;
            assert!(
                endpoints.iter().any(is_it),
                "{service} has no {name} on {listener}"
            );
        }
    }
    let all = services.iter().flat_map(|(_, endpoints)| endpoints);
    let mounted: BTreeSet<_> = all.map(|endpoint| endpoint.name.clone()).collect();
    let defined = sigstead_proto::method_paths();
    assert!(!defined.is_empty());
    for path in defined {
        assert!(
            mounted.contains(&path),
            "{path} is defined and has no budget, so nobody can call it"
        );
    }
}

fn check(service: &str, endpoint: &Endpoint) {
    let Endpoint { name, budget, .. } = endpoint;
    let is_within =
        |time: Duration, most: u64| !time.is_zero() && time <= Duration::from_secs(most);
    assert!(
        budget.body_bytes <= 8 << 20,
        "{service}: bytes in of {name}"
    );
    let most = if budget.is_streamed {
        64 << 20
    } else {
        24 << 20
    };
    assert!(
        (1..=most).contains(&budget.answer_bytes),
        "{service}: bytes out of {name}"
    );
    assert!(
        is_within(budget.read_time, 30),
        "{service}: time to read {name}"
    );
    assert!(
        is_within(budget.work_time, 60),
        "{service}: time to work on {name}"
    );
    assert!(
        is_within(budget.progress_time, 30),
        "{service}: time to take the answer of {name}"
    );
}

/// What the kit mounts by itself.
const ALWAYS: &[(&str, &str)] = &[
    ("ops", "GET /healthz"),
    ("ops", "GET /readyz"),
    ("ops", "GET /metrics"),
    ("public", "/grpc.health.v1.Health/Check"),
    ("public", "/grpc.health.v1.Health/Watch"),
    (
        "public",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    ),
    (
        "public",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    ),
    ("admin", "/grpc.health.v1.Health/Check"),
    (
        "admin",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    ),
];
