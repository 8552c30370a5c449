/// The host and the port of the API server, as a Kubernetes cluster tells them to its pods. None outside
/// of a cluster.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the cluster tells its pods in the environment and nowhere else"
)]
pub fn kubernetes_api_server() -> Option<(String, String)> {
    let host = std::env::var("KUBERNETES_SERVICE_HOST").ok()?;
    let port = std::env::var("KUBERNETES_SERVICE_PORT").ok()?;
    (!host.is_empty()).then_some((host, port))
}
