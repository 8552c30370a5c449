use serde_json::Value;

use super::link::Link;
use crate::failure::Failure;
use crate::instance::{Instance, Service};

/// The instance once for each process of a service: each asks another pod. On this machine that is the instance itself.
pub(crate) async fn each_pod(
    instance: &Instance,
    service: Service,
) -> Result<Vec<Instance>, Failure> {
    let Some(link) = &instance.manifest.cluster else {
        return Ok(vec![instance.clone()]);
    };
    let pods = running(link, service).await?;
    let each = pods.into_iter().map(|pod| {
        let mut instance = instance.clone();
        instance.manifest.cluster = Some(Link {
            pod: Some(pod),
            ..link.clone()
        });
        instance
    });
    Ok(each.collect())
}

/// The names of the pods of a service that run; at least one. One that is about to start reads everything when it does.
pub(super) async fn running(link: &Link, service: Service) -> Result<Vec<String>, Failure> {
    let pods = objects(link, service).await?;
    let names = pods.iter().filter_map(name);
    Ok(names.collect())
}

/// A pod of a service that runs and has a port of this name, and the number of the port.
pub(super) async fn with_port(
    link: &Link,
    service: Service,
    port: &str,
) -> Result<Option<(String, u16)>, Failure> {
    let pods = objects(link, service).await?;
    let found = pods.iter().find_map(|pod| {
        let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
        let ports = containers.flat_map(|each| each["ports"].as_array().into_iter().flatten());
        let mut ports = ports.filter(|each| each["name"] == port);
        let number = ports.find_map(|each| each["containerPort"].as_u64())?;
        Some((name(pod)?, u16::try_from(number).ok()?))
    });
    Ok(found)
}

/// The pods of a service that run; at least one with a name.
async fn objects(link: &Link, service: Service) -> Result<Vec<Value>, Failure> {
    let selector = format!(
        "app.kubernetes.io/instance={},app.kubernetes.io/component={}",
        link.release,
        service.name()
    );
    let arguments = ["get", "pods", "--selector", &selector, "--output", "json"];
    let listed = link.kubectl().json(&arguments).await;
    let listed = listed.map_err(|said| unreachable(link, service).because(said))?;
    let pods = listed["items"].as_array().into_iter().flatten();
    let running = pods.filter(|pod| pod["status"]["phase"] == "Running" && is_staying(pod));
    let named: Vec<_> = running.filter(|pod| name(pod).is_some()).cloned().collect();
    match named.is_empty() {
        false => Ok(named),
        true => Err(unreachable(link, service)),
    }
}

fn name(pod: &Value) -> Option<String> {
    pod["metadata"]["name"].as_str().map(str::to_owned)
}

fn is_staying(pod: &Value) -> bool {
    pod["metadata"]["deletionTimestamp"].is_null()
}

fn unreachable(link: &Link, service: Service) -> Failure {
    Failure::new(
        "E-CTL-534",
        format!(
            "no pod of {} of the release {} in {} is seen to run",
            service.name(),
            link.release,
            link.namespace
        ),
        "see `kubectl get pods`, the context and the namespace, and the names that `sigctl kubernetes attach` was given",
    )
}
