//! `sigctl oidc user`: people's accounts.

use std::collections::BTreeMap;
use std::io::Read as _;

use clap::{Args, Subcommand};
use serde::Serialize;
use sigstead_proto::admin::v1::oidc_admin_client::OidcAdminClient;
use sigstead_proto::admin::v1::{
    AddUserRequest, ChangeUserRequest, ListUsersRequest, RemoveUserRequest, SetPasswordRequest,
    User,
};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tonic::transport::Channel;

use crate::admin::{self, Reach, refused};
use crate::failure::Failure;
use crate::instance::Service;
use crate::output::Output;
use crate::reach::Reachable;

/// What is done with accounts.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Add a person.
    Add(WithPassword),
    /// Set a person's password and end their sessions.
    SetPassword(WithPassword),
    /// Change a person's groups, further claims and accounts elsewhere.
    Change(Profile),
    /// List all people.
    List(Reachable),
    /// Remove a person and end their sessions.
    #[command(allow_missing_positional = true)]
    Remove {
        #[command(flatten)]
        instance: Reachable,
        /// The person's e-mail address.
        email: String,
        /// Remove without asking: this cannot be undone.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Args)]
#[command(allow_missing_positional = true)]
pub(super) struct WithPassword {
    #[command(flatten)]
    instance: Reachable,
    /// The person's e-mail address.
    email: String,
    /// Read the password from standard input instead of asking for it.
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Args)]
#[command(allow_missing_positional = true)]
pub(super) struct Profile {
    #[command(flatten)]
    instance: Reachable,
    /// The person's e-mail address.
    email: String,
    /// A group that the person is in from now on; may be repeated.
    #[arg(long, value_name = "GROUP")]
    add_group: Vec<String>,
    /// A group that the person is in no more; may be repeated.
    #[arg(long, value_name = "GROUP")]
    remove_group: Vec<String>,
    /// A further claim of the person's tokens; may be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    claim: Vec<String>,
    /// A claim that the person's tokens have no more; may be repeated.
    #[arg(long, value_name = "NAME")]
    remove_claim: Vec<String>,
    /// An account of a connector that signs in as the person from now on; the log of the issuer names it; may be repeated.
    #[arg(long, value_name = "CONNECTOR=SUBJECT")]
    link: Vec<String>,
    /// An account of a connector that does so no more; may be repeated.
    #[arg(long, value_name = "CONNECTOR=SUBJECT")]
    unlink: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct Account {
    email: String,
    /// When the account was made, in RFC 3339.
    created: Option<String>,
    groups: Vec<String>,
    /// Further claims of the person's tokens.
    claims: BTreeMap<String, String>,
    /// Accounts elsewhere that sign in as the person.
    links: Vec<String>,
    /// When the person set up a second factor, in RFC 3339.
    second_factor: Option<String>,
    /// Whether the password alone is not enough.
    requires_second_factor: bool,
}

pub(super) async fn run(command: Command, output: Output) -> Result<(), Failure> {
    let is_list = matches!(command, Command::List(_));
    let (instance, change) = match command {
        Command::Add(who) => (who.instance.open()?, Change::Add(who)),
        Command::SetPassword(who) => (who.instance.open()?, Change::SetPassword(who)),
        Command::Change(who) => (who.instance.open()?, Change::Profile(who.request()?)),
        Command::List(instance) => (instance.open()?, Change::None),
        Command::Remove {
            instance,
            email,
            yes,
        } => {
            if !yes {
                confirm_removal(&email)?;
            }
            (instance.open()?, Change::Remove(email))
        }
    };
    let mut client = connect(&instance).await?;
    let users = apply(&mut client, change).await?;
    match users.as_slice() {
        [user] if !is_list => output.print(user, |user| table(std::slice::from_ref(user))),
        users => output.print(&users, |users| table(users)),
    }
    Ok(())
}

enum Change {
    None,
    Add(WithPassword),
    SetPassword(WithPassword),
    Profile(ChangeUserRequest),
    Remove(String),
}

/// Makes the change and gives the accounts that it was about.
async fn apply(
    client: &mut OidcAdminClient<Channel>,
    change: Change,
) -> Result<Vec<Account>, Failure> {
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
                .map(Account::from)
                .collect())
        }
        Change::Add(who) => {
            let request = AddUserRequest {
                password: who.password()?,
                email: who.email,
            };
            let answer = client.add_user(request).await.map_err(refused)?;
            Ok(vec![answer.into_inner().into()])
        }
        Change::SetPassword(who) => {
            let request = SetPasswordRequest {
                password: who.password()?,
                email: who.email,
            };
            let answer = client.set_password(request).await.map_err(refused)?;
            Ok(vec![answer.into_inner().into()])
        }
        Change::Profile(request) => {
            let answer = client.change_user(request).await.map_err(refused)?;
            Ok(vec![answer.into_inner().into()])
        }
        Change::Remove(email) => {
            let request = RemoveUserRequest {
                email: email.clone(),
            };
            client.remove_user(request).await.map_err(refused)?;
            Ok(vec![Account {
                email,
                created: None,
                groups: Vec::new(),
                claims: BTreeMap::new(),
                links: Vec::new(),
                second_factor: None,
                requires_second_factor: false,
            }])
        }
    }
}

impl From<User> for Account {
    fn from(user: User) -> Self {
        Self {
            email: user.email,
            created: user.created.and_then(|created| in_words(created.seconds)),
            groups: user.groups,
            claims: user.claims.into_iter().collect(),
            links: user.links,
            second_factor: user.second_factor.and_then(|since| in_words(since.seconds)),
            requires_second_factor: user.requires_second_factor,
        }
    }
}

fn in_words(unix_seconds: i64) -> Option<String> {
    let time = OffsetDateTime::from_unix_timestamp(unix_seconds).ok()?;
    time.format(&Rfc3339).ok()
}

/// One line per account, with the days on which they were made below one another.
pub(super) fn table(accounts: &[Account]) -> String {
    let width = accounts.iter().map(|account| account.email.len()).max();
    let width = width.unwrap_or_default();
    let line = |account: &Account| {
        let line = match &account.created {
            Some(created) => format!("{:width$}  made {created}", account.email),
            None => account.email.clone(),
        };
        let groups = account.groups.join(", ");
        let claims = account.claims.iter();
        let claims = claims.map(|(name, value)| format!("\n  {name}={value}"));
        let groups = (!groups.is_empty()).then(|| format!("\n  in {groups}"));
        let links = account.links.iter().map(|link| format!("\n  is {link}"));
        let factor = match (&account.second_factor, account.requires_second_factor) {
            (Some(since), true) => Some(format!("\n  second factor since {since}, required")),
            (Some(since), false) => Some(format!("\n  second factor since {since}")),
            (None, true) => Some("\n  second factor required, and not set up yet".to_owned()),
            (None, false) => None,
        };
        [line]
            .into_iter()
            .chain(factor)
            .chain(groups)
            .chain(claims)
            .chain(links)
            .collect::<String>()
    };
    accounts.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn confirm_removal(email: &str) -> Result<(), Failure> {
    let question = format!("remove {email} and end their sessions? This cannot be undone");
    let agreed = dialoguer::Confirm::new()
        .with_prompt(question)
        .default(false)
        .interact()
        .map_err(|error| {
            let remedy = "repeat with --yes";
            Failure::new(
                "E-CTL-012",
                format!("cannot ask whether to remove {email}"),
                remedy,
            )
            .because(error)
        })?;
    if agreed {
        return Ok(());
    }
    let remedy = "say yes, or repeat with --yes";
    Err(Failure::new(
        "E-CTL-012",
        format!("{email} was not removed"),
        remedy,
    ))
}

impl Profile {
    fn request(&self) -> Result<ChangeUserRequest, Failure> {
        let claims = self.claim.iter().map(|text| match text.split_once('=') {
            Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
            None => Err(misused(format!("{text} is no claim; write NAME=VALUE"))),
        });
        let request = ChangeUserRequest {
            email: self.email.clone(),
            add_groups: self.add_group.clone(),
            remove_groups: self.remove_group.clone(),
            set_claims: claims.collect::<Result<_, _>>()?,
            remove_claims: self.remove_claim.clone(),
            add_links: self.link.clone(),
            remove_links: self.unlink.clone(),
        };
        let blank = ChangeUserRequest {
            email: self.email.clone(),
            ..ChangeUserRequest::default()
        };
        if request == blank {
            return Err(misused("there is nothing to change".to_owned()));
        }
        Ok(request)
    }
}

fn misused(what: String) -> Failure {
    Failure::new("E-CTL-012", what, "sigctl help oidc user change")
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

pub(super) async fn connect(instance: &dyn Reach) -> Result<OidcAdminClient<Channel>, Failure> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_listed_with_the_time_they_were_made() {
        let account = |email: &str, seconds| Account {
            email: email.to_owned(),
            created: in_words(seconds),
            groups: vec!["ops".to_owned()],
            claims: [("team".to_owned(), "a".to_owned())].into(),
            links: vec!["company=4711".to_owned()],
            second_factor: (seconds > 0).then(|| "2026-01-01T00:00:00Z".to_owned()),
            requires_second_factor: true,
        };
        let listed = table(&[
            account("al@example.com", 0),
            account("alice@example.com", 86_400),
        ]);
        let lines = [
            "al@example.com     made 1970-01-01T00:00:00Z",
            "  second factor required, and not set up yet",
            "  in ops",
            "  team=a",
            "  is company=4711",
            "alice@example.com  made 1970-01-02T00:00:00Z",
            "  second factor since 2026-01-01T00:00:00Z, required",
            "  in ops",
            "  team=a",
            "  is company=4711",
        ];
        assert_eq!(listed, lines.join("\n"));
    }
}
