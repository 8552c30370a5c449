//! `sigctl oidc`: accounts of the embedded issuer, over its admin listener.

use std::io::Read as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use proto::admin::v1::oidc_admin_client::OidcAdminClient;
use proto::admin::v1::{AddUserRequest, ListUsersRequest, RemoveUserRequest, SetPasswordRequest};
use serde::Serialize;
use tonic::Status;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity};

use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::output::Output;

/// What is administered.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Subcommand)]
enum Subject {
    /// People's accounts.
    #[command(subcommand)]
    User(User),
}

#[derive(Subcommand)]
enum User {
    /// Add a person.
    Add(WithPassword),
    /// Set a person's password and end their sessions.
    SetPassword(WithPassword),
    /// List all people.
    List {
        /// The instance's directory.
        directory: PathBuf,
    },
    /// Remove a person and end their sessions.
    Remove {
        /// The instance's directory.
        directory: PathBuf,
        /// The person's e-mail address.
        email: String,
    },
}

#[derive(Args)]
struct WithPassword {
    /// The instance's directory.
    directory: PathBuf,
    /// The person's e-mail address.
    email: String,
    /// Read the password from standard input instead of asking for it.
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Serialize)]
struct Users {
    users: Vec<String>,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let Subject::User(command) = arguments.subject;
    let (directory, change) = match command {
        User::Add(who) => (who.directory.clone(), Change::Add(who)),
        User::SetPassword(who) => (who.directory.clone(), Change::SetPassword(who)),
        User::List { directory } => (directory, Change::None),
        User::Remove { directory, email } => (directory, Change::Remove(email)),
    };
    let instance = Instance::open(&directory)?;
    let mut client = connect(&instance).await?;
    let users = apply(&mut client, change).await?;
    output.print(&Users { users }, |result| result.users.join("\n"));
    Ok(())
}

enum Change {
    None,
    Add(WithPassword),
    SetPassword(WithPassword),
    Remove(String),
}

/// Makes the change and gives the addresses that it was about.
async fn apply(
    client: &mut OidcAdminClient<Channel>,
    change: Change,
) -> Result<Vec<String>, Failure> {
    match change {
        Change::None => {
            let answer = client
                .list_users(ListUsersRequest {})
                .await
                .map_err(refused)?;
            Ok(answer
                .into_inner()
                .users
                .into_iter()
                .map(|user| user.email)
                .collect())
        }
        Change::Add(who) => {
            let request = AddUserRequest {
                password: who.password()?,
                email: who.email,
            };
            let answer = client.add_user(request).await.map_err(refused)?;
            Ok(vec![answer.into_inner().email])
        }
        Change::SetPassword(who) => {
            let request = SetPasswordRequest {
                password: who.password()?,
                email: who.email,
            };
            let answer = client.set_password(request).await.map_err(refused)?;
            Ok(vec![answer.into_inner().email])
        }
        Change::Remove(email) => {
            let request = RemoveUserRequest {
                email: email.clone(),
            };
            client.remove_user(request).await.map_err(refused)?;
            Ok(vec![email])
        }
    }
}

impl WithPassword {
    fn password(&self) -> Result<String, Failure> {
        if !self.password_stdin {
            let prompt = format!("password of {}", self.email);
            return dialoguer::Password::new()
                .with_prompt(prompt)
                .with_confirmation("once more", "the two differ")
                .interact()
                .map_err(no_terminal);
        }
        let mut password = String::new();
        std::io::stdin()
            .read_to_string(&mut password)
            .map_err(|error| Failure::io("cannot read the password", error))?;
        Ok(password.trim_end_matches(['\n', '\r']).to_owned())
    }
}

/// Mutual TLS with the operator's certificate.
async fn connect(instance: &Instance) -> Result<OidcAdminClient<Channel>, Failure> {
    let read = |relative: &str| {
        let path = instance.path(relative);
        std::fs::read(&path).map_err(|error| Failure::file("read", &path, error))
    };
    let tls = ClientTlsConfig::new()
        .domain_name("localhost")
        .ca_certificate(Certificate::from_pem(read("trust/admin-ca.pem")?))
        .identity(Identity::from_pem(
            read("trust/admin-client.pem")?,
            read("trust/admin-client.key")?,
        ));
    let url = format!(
        "https://127.0.0.1:{}",
        instance.manifest.ports(Service::Oidc).admin
    );
    let failed = |error: tonic::transport::Error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        Failure::service("oidc", &url, cause.unwrap_or_else(|| error.to_string()))
    };
    let endpoint = Channel::from_shared(url.clone())
        .map_err(|error| Failure::service("oidc", &url, error))?
        .tls_config(tls)
        .map_err(failed)?
        .connect_timeout(PATIENCE)
        .timeout(PATIENCE);
    Ok(OidcAdminClient::new(
        endpoint.connect().await.map_err(failed)?,
    ))
}

fn refused(status: Status) -> Failure {
    let code = status
        .metadata()
        .get("sigstead-code")
        .and_then(|code| code.to_str().ok());
    let code = code.unwrap_or("E-CTL-003").to_owned();
    let message = status.message();
    let message = message
        .strip_prefix(&format!("{code}: "))
        .unwrap_or(message)
        .to_owned();
    Failure::named(code.clone(), message, format!("sigctl explain {code}"))
}

fn no_terminal(error: dialoguer::Error) -> Failure {
    Failure::new(
        "E-CTL-012",
        "cannot ask for the password",
        "pass it with --password-stdin",
    )
    .because(error)
}

/// Longer than hashing a password takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(15);
