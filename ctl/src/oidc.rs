//! `sigctl oidc`: accounts of the embedded issuer, over its admin listener.

use std::io::Read as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;
use sigstead_proto::admin::v1::oidc_admin_client::OidcAdminClient;
use sigstead_proto::admin::v1::{
    AddUserRequest, ListUsersRequest, RemoveUserRequest, SetPasswordRequest,
};
use tonic::transport::Channel;

use crate::admin::{self, refused};
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

async fn connect(instance: &Instance) -> Result<OidcAdminClient<Channel>, Failure> {
    let channel = admin::connect(instance, Service::Oidc).await?;
    Ok(OidcAdminClient::new(channel))
}

fn no_terminal(error: dialoguer::Error) -> Failure {
    Failure::new(
        "E-CTL-012",
        "cannot ask for the password",
        "pass it with --password-stdin",
    )
    .because(error)
}
