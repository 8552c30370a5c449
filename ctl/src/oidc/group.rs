//! `sigctl oidc group`: the groups of people with accounts.

use clap::{Args, Subcommand};
use serde::Serialize;
use sigstead_proto::admin::v1::{ChangeGroupRequest, Group, ListGroupsRequest};

use super::user::connect;
use crate::admin::refused;
use crate::failure::Failure;
use crate::output::Output;
use crate::reach::Reachable;

/// What is done with groups.
#[derive(Subcommand)]
pub(super) enum Command {
    /// List all groups and who is in them.
    List(Reachable),
    /// Put people into a group, which there is as long as somebody is in it.
    Add(Members),
    /// Take people out of a group.
    Remove {
        #[command(flatten)]
        members: Members,
        /// Take everybody out, so that there is no such group any more.
        #[arg(long)]
        everybody: bool,
    },
    /// Give a group another name. Rules that name it have to be changed too.
    Rename {
        #[command(flatten)]
        instance: Reachable,
        /// The group, and its new name.
        #[arg(value_name = "GROUP")]
        names: Vec<String>,
    },
}

#[derive(Args)]
pub(super) struct Members {
    #[command(flatten)]
    instance: Reachable,
    /// The group, and the e-mail addresses of the people.
    #[arg(value_name = "GROUP EMAIL")]
    words: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ShownGroup {
    name: String,
    members: Vec<String>,
}

pub(super) async fn run(command: Command, output: Output) -> Result<(), Failure> {
    let (instance, request) = match command {
        Command::List(instance) => return list(&instance, output).await,
        Command::Add(members) => {
            let (instance, name, add_members) = members.read()?;
            let request = ChangeGroupRequest {
                name,
                add_members,
                ..ChangeGroupRequest::default()
            };
            (instance, request)
        }
        Command::Remove { members, everybody } => {
            let (instance, name, remove_members) = members.read()?;
            let request = ChangeGroupRequest {
                name,
                remove_members,
                remove_everybody: everybody,
                ..ChangeGroupRequest::default()
            };
            (instance, request)
        }
        Command::Rename {
            mut instance,
            names,
        } => {
            let [name, new_name] = instance
                .words(names)
                .try_into()
                .map_err(|_| misused("name the group and its new name"))?;
            let request = ChangeGroupRequest {
                name,
                new_name,
                ..ChangeGroupRequest::default()
            };
            (instance, request)
        }
    };
    change(&instance, request, output).await
}

async fn list(instance: &Reachable, output: Output) -> Result<(), Failure> {
    let mut client = connect(&instance.open()?).await?;
    let answer = client.list_groups(ListGroupsRequest {}).await;
    let groups = answer.map_err(refused)?.into_inner().groups.into_iter();
    let groups: Vec<_> = groups.map(ShownGroup::from).collect();
    output.print(&groups, |groups| {
        let lines = groups.iter().map(ShownGroup::lines);
        lines.collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

async fn change(
    instance: &Reachable,
    request: ChangeGroupRequest,
    output: Output,
) -> Result<(), Failure> {
    let blank = ChangeGroupRequest {
        name: request.name.clone(),
        ..ChangeGroupRequest::default()
    };
    if request == blank {
        return Err(misused("there is nothing to change; name people"));
    }
    let mut client = connect(&instance.open()?).await?;
    let answer = client.change_group(request).await.map_err(refused)?;
    let group = ShownGroup::from(answer.into_inner());
    output.print(&group, ShownGroup::lines);
    Ok(())
}

impl Members {
    fn read(mut self) -> Result<(Reachable, String, Vec<String>), Failure> {
        let mut words = self.instance.words(self.words).into_iter();
        let name = words.next().ok_or_else(|| misused("name the group"))?;
        Ok((self.instance, name, words.collect()))
    }
}

impl ShownGroup {
    /// The name, and below it the members.
    fn lines(&self) -> String {
        let members = self.members.iter();
        let members: String = members.map(|member| format!("\n  {member}")).collect();
        format!("{}{members}", self.name)
    }
}

impl From<Group> for ShownGroup {
    fn from(group: Group) -> Self {
        Self {
            name: group.name,
            members: group.members,
        }
    }
}

fn misused(what: &str) -> Failure {
    Failure::new("E-CTL-012", what, "sigctl help oidc group")
}
