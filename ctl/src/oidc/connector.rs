//! `sigctl oidc connector`: where people sign in whose accounts are elsewhere.

use clap::Subcommand;
use serde::Serialize;
use sigstead_proto::admin::v1::oidc_admin_client::OidcAdminClient;
use sigstead_proto::admin::v1::{Connector, ProbeConnectorsRequest};

use crate::admin::{self, Reach, refused};
use crate::failure::Failure;
use crate::instance::Service;
use crate::output::Output;
use crate::reach::Reachable;

/// What is done with connectors.
#[derive(Subcommand)]
pub(super) enum Command {
    /// List all connectors, with whether people could sign in there now.
    List(Reachable),
}

/// A connector, and how it does.
#[derive(Debug, Serialize)]
pub(crate) struct ShownConnector {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    /// Why nobody could sign in there now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fault: Option<String>,
}

pub(super) async fn run(command: Command, output: Output) -> Result<(), Failure> {
    let Command::List(instance) = command;
    let connectors = ask(&instance.open()?).await?;
    output.print(&connectors, |connectors| table(connectors));
    Ok(())
}

/// Asks the issuer, which asks them.
pub(crate) async fn ask(instance: &dyn Reach) -> Result<Vec<ShownConnector>, Failure> {
    let channel = admin::connect(instance, Service::Oidc).await?;
    let mut client = OidcAdminClient::new(channel);
    let answer = client.probe_connectors(ProbeConnectorsRequest {}).await;
    let connectors = answer.map_err(refused)?.into_inner().connectors;
    Ok(connectors.into_iter().map(ShownConnector::from).collect())
}

impl From<Connector> for ShownConnector {
    fn from(connector: Connector) -> Self {
        Self {
            id: connector.id,
            kind: connector.kind,
            name: connector.name,
            fault: Some(connector.fault).filter(|fault| !fault.is_empty()),
        }
    }
}

fn table(connectors: &[ShownConnector]) -> String {
    let line = |connector: &ShownConnector| {
        let ShownConnector { id, kind, name, .. } = connector;
        let state = match &connector.fault {
            None => "people can sign in".to_owned(),
            Some(fault) => format!("nobody can sign in: {fault}"),
        };
        format!("{id} ({kind}, {name}): {state}")
    };
    connectors.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connectors_are_listed_with_what_is_wrong() {
        let connector = |id: &str, fault: &str| {
            ShownConnector::from(Connector {
                id: id.to_owned(),
                kind: "ldap".to_owned(),
                name: "Example Ltd".to_owned(),
                fault: fault.to_owned(),
            })
        };
        let listed = table(&[connector("a", ""), connector("b", "it does not answer")]);
        let lines = [
            "a (ldap, Example Ltd): people can sign in",
            "b (ldap, Example Ltd): nobody can sign in: it does not answer",
        ];
        assert_eq!(listed, lines.join("\n"));
    }
}
