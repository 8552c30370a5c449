use std::sync::Arc;

use async_trait::async_trait;
use sigstead_kit::{Budget, Method, Problem};
use sigstead_proto::admin::v1 as wire;
use sigstead_proto::admin::v1::oidc_admin_server::{OidcAdmin, OidcAdminServer};
use time::OffsetDateTime;
use tonic::{Request, Response, Status};

use crate::OidcIssuer;
use crate::email_address::EmailAddress;
use crate::error::Error;
use crate::group::{Group, GroupChange};
use crate::password::Password;
use crate::profile::ProfileChange;
use crate::ring::OpenKey;
use crate::user::{SecondFactorChange, User};

/// `sigstead.admin.v1.OidcAdmin`, for the admin listener.
pub(crate) fn admin_service(issuer: Arc<OidcIssuer>) -> OidcAdminServer<AdminService> {
    OidcAdminServer::new(AdminService(issuer))
}

/// The administration of accounts and keys.
pub(crate) struct AdminService(Arc<OidcIssuer>);

#[async_trait]
impl OidcAdmin for AdminService {
    async fn add_user(
        &self,
        request: Request<wire::AddUserRequest>,
    ) -> Result<Response<wire::User>, Status> {
        let wire::AddUserRequest { email, password } = request.into_inner();
        let email = email_address(&email)?;
        let user = self
            .0
            .add_user(email, Password::new(password))
            .await
            .map_err(status)?;
        Ok(Response::new(encode(&user)))
    }

    async fn list_users(
        &self,
        _request: Request<wire::ListUsersRequest>,
    ) -> Result<Response<wire::ListUsersResponse>, Status> {
        let users = self.0.list_users().iter().map(encode).collect();
        Ok(Response::new(wire::ListUsersResponse { users }))
    }

    async fn remove_user(
        &self,
        request: Request<wire::RemoveUserRequest>,
    ) -> Result<Response<wire::RemoveUserResponse>, Status> {
        let email = email_address(&request.into_inner().email)?;
        self.0.remove_user(email).await.map_err(status)?;
        Ok(Response::new(wire::RemoveUserResponse {}))
    }

    async fn set_password(
        &self,
        request: Request<wire::SetPasswordRequest>,
    ) -> Result<Response<wire::User>, Status> {
        let wire::SetPasswordRequest { email, password } = request.into_inner();
        let email = email_address(&email)?;
        let user = self
            .0
            .set_password(email, Password::new(password))
            .await
            .map_err(status)?;
        Ok(Response::new(encode(&user)))
    }

    async fn change_user(
        &self,
        request: Request<wire::ChangeUserRequest>,
    ) -> Result<Response<wire::User>, Status> {
        let request = request.into_inner();
        let email = email_address(&request.email)?;
        let change = ProfileChange {
            add_groups: request.add_groups,
            remove_groups: request.remove_groups,
            set_claims: request.set_claims.into_iter().collect(),
            remove_claims: request.remove_claims,
            add_links: request.add_links,
            remove_links: request.remove_links,
        };
        let user = self.0.change_profile(email, change).await.map_err(status)?;
        Ok(Response::new(encode(&user)))
    }

    async fn list_groups(
        &self,
        _request: Request<wire::ListGroupsRequest>,
    ) -> Result<Response<wire::ListGroupsResponse>, Status> {
        let groups = self.0.list_groups().into_iter().map(encode_group);
        let groups = groups.collect();
        Ok(Response::new(wire::ListGroupsResponse { groups }))
    }

    async fn change_group(
        &self,
        request: Request<wire::ChangeGroupRequest>,
    ) -> Result<Response<wire::Group>, Status> {
        let request = request.into_inner();
        let addresses = |texts: Vec<String>| {
            let parsed = texts.iter().map(|text| email_address(text));
            parsed.collect::<Result<Vec<_>, _>>()
        };
        let change = GroupChange {
            add: addresses(request.add_members)?,
            remove: addresses(request.remove_members)?,
            remove_everybody: request.remove_everybody,
            new_name: Some(request.new_name).filter(|name| !name.is_empty()),
        };
        let group = self.0.change_group(request.name, change).await;
        Ok(Response::new(encode_group(group.map_err(status)?)))
    }

    async fn change_second_factor(
        &self,
        request: Request<wire::ChangeSecondFactorRequest>,
    ) -> Result<Response<wire::User>, Status> {
        let request = request.into_inner();
        let change = match request.change() {
            wire::SecondFactorChange::Require => SecondFactorChange::Require,
            wire::SecondFactorChange::Permit => SecondFactorChange::Permit,
            wire::SecondFactorChange::Reset => SecondFactorChange::Reset,
            wire::SecondFactorChange::Unspecified => {
                return Err(status(Error::ParameterMissing { name: "change" }));
            }
        };
        let email = email_address(&request.email)?;
        let changed = self.0.change_second_factor(email, change).await;
        Ok(Response::new(encode(&changed.map_err(status)?)))
    }

    async fn list_keys(
        &self,
        _request: Request<wire::ListIssuerKeysRequest>,
    ) -> Result<Response<wire::ListIssuerKeysResponse>, Status> {
        let keys = self.0.keys.open_keys(self.0.clock.now());
        let keys = keys.iter().map(encode_key).collect();
        Ok(Response::new(wire::ListIssuerKeysResponse { keys }))
    }

    async fn probe_connectors(
        &self,
        _request: Request<wire::ProbeConnectorsRequest>,
    ) -> Result<Response<wire::ProbeConnectorsResponse>, Status> {
        let probed = self.0.connectors.probe().await.into_iter();
        let connectors = probed.map(|probed| wire::Connector {
            id: probed.choice.id,
            kind: probed.kind.to_owned(),
            name: probed.choice.name,
            fault: probed.fault.unwrap_or_default(),
        });
        let connectors = connectors.collect();
        Ok(Response::new(wire::ProbeConnectorsResponse { connectors }))
    }
}

fn encode_key(key: &OpenKey) -> wire::IssuerKey {
    wire::IssuerKey {
        key_id: key.key.id().to_owned(),
        from: key.from.map(|from| prost_types::Timestamp {
            seconds: from.unix_timestamp(),
            nanos: from.nanosecond().try_into().unwrap_or(0),
        }),
        signs: key.signs,
    }
}

fn encode_group(group: Group) -> wire::Group {
    let members = group.members.iter();
    wire::Group {
        members: members.map(|email| email.as_str().to_owned()).collect(),
        name: group.name,
    }
}

fn encode(user: &User) -> wire::User {
    wire::User {
        email: user.email.as_str().to_owned(),
        created: Some(in_seconds(user.created)),
        second_factor: user.second_factor.as_ref().map(|it| in_seconds(it.since)),
        requires_second_factor: user.requires_second_factor,
        groups: user.profile.groups.iter().cloned().collect(),
        claims: user.profile.claims.clone().into_iter().collect(),
        links: user.profile.links.iter().map(ToString::to_string).collect(),
    }
}

fn in_seconds(time: OffsetDateTime) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: time.unix_timestamp(),
        nanos: 0,
    }
}

fn email_address(text: &str) -> Result<EmailAddress, Status> {
    EmailAddress::parse(text).map_err(|refused| status(refused.into()))
}

fn status(error: Error) -> Status {
    Problem::from(error).into()
}

/// A request is an address and a password.
const ACCOUNT: Budget = Budget::new(16 * 1024, 20);

/// The methods.
pub(crate) const ADMIN_METHODS: &[Method] = &[
    Method::unary("AddUser", ACCOUNT),
    Method::unary("ListUsers", ACCOUNT.answering(16 * 1024 * 1024)),
    Method::unary("RemoveUser", ACCOUNT),
    Method::unary("SetPassword", ACCOUNT),
    Method::unary("ChangeUser", ACCOUNT),
    Method::unary("ListGroups", Budget::read().answering(16 * 1024 * 1024)),
    Method::unary("ChangeGroup", ACCOUNT.answering(16 * 1024 * 1024)),
    Method::unary("ChangeSecondFactor", ACCOUNT),
    Method::unary("ListKeys", Budget::read()),
    Method::unary("ProbeConnectors", Budget::new(1024, 20)),
];

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use sigstead_config::oidc::Config;
    use sigstead_kit::{Listeners, SystemClock};
    use sigstead_store::StoreConfig;
    use tonic::Code;

    use super::*;

    async fn admin(folder: &std::path::Path) -> AdminService {
        let path = folder.join("key");
        let key =
            sigstead_signer::PrivateKey::generate(sigstead_key::Algorithm::RsaPkcs1v15_2048Sha256)
                .unwrap();
        std::fs::write(&path, key.to_pem().unwrap().as_bytes()).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let config = Config::new(
            Listeners::for_test(),
            "http://localhost:1".parse().unwrap(),
            sigstead_signer::KeyConfig::file(path, None),
            StoreConfig::Memory {},
            folder.join("users"),
        );
        AdminService(
            OidcIssuer::open(config, Arc::new(SystemClock))
                .await
                .unwrap(),
        )
    }

    async fn add(admin: &AdminService, email: &str, password: &str) -> Result<String, Status> {
        let (email, password) = (email.to_owned(), password.to_owned());
        let request = Request::new(wire::AddUserRequest { email, password });
        admin
            .add_user(request)
            .await
            .map(|user| user.into_inner().email)
    }

    #[tokio::test]
    async fn accounts_are_added_listed_changed_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let admin = admin(folder.path()).await;
        let email = "alice@example.com".to_owned();
        assert_eq!(add(&admin, &email, "first password").await.unwrap(), email);
        let refusals = [
            (
                "alice@example.com",
                "another password",
                Code::AlreadyExists,
                "E-OIDC-034",
            ),
            (
                "Bob@example.com",
                "another password",
                Code::InvalidArgument,
                "E-OIDC-032",
            ),
            (
                "bob@example.com",
                "short",
                Code::InvalidArgument,
                "E-OIDC-035",
            ),
        ];
        for (email, password, code, ours) in refusals {
            let status = add(&admin, email, password).await.unwrap_err();
            assert_eq!(status.code(), code);
            assert_eq!(status.metadata().get("sigstead-code").unwrap(), ours);
        }
        let password = "second password".to_owned();
        let request = wire::SetPasswordRequest {
            email: email.clone(),
            password,
        };
        admin.set_password(Request::new(request)).await.unwrap();
        let listed = admin
            .list_users(Request::new(wire::ListUsersRequest {}))
            .await
            .unwrap();
        let users = listed.into_inner().users;
        assert_eq!(
            users.iter().map(|user| &user.email).collect::<Vec<_>>(),
            [&email]
        );
        let remove = || {
            Request::new(wire::RemoveUserRequest {
                email: email.clone(),
            })
        };
        admin.remove_user(remove()).await.unwrap();
        assert_eq!(
            admin.remove_user(remove()).await.unwrap_err().code(),
            Code::NotFound
        );
    }
}
