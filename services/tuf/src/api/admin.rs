//! `sigstead.admin.v1.TufAdmin`, for the admin listener.

use std::sync::Arc;

use sigstead_kit::{Budget, Method, Problem};
use sigstead_proto::admin::v1 as wire;
use sigstead_proto::admin::v1::tuf_admin_server::{TufAdmin, TufAdminServer};
use sigstead_trust_root::tuf::TufKey;
use tonic::{Request, Response, Status};

use crate::online_keys::names;
use crate::publish::TrustRootRepository;

/// The admin interface of a repository.
pub(crate) fn service(repository: Arc<TrustRootRepository>) -> TufAdminServer<AdminFace> {
    TufAdminServer::new(AdminFace(repository))
}

/// The administration of a repository.
pub(crate) struct AdminFace(Arc<TrustRootRepository>);

#[tonic::async_trait]
impl TufAdmin for AdminFace {
    async fn list_keys(
        &self,
        _request: Request<wire::ListOnlineKeysRequest>,
    ) -> Result<Response<wire::ListOnlineKeysResponse>, Status> {
        let root = self.0.published_root().map_err(Problem::from)?;
        let open = self.0.open_keys();
        let keys = open.all().filter_map(|(role, signer)| {
            let key = TufKey::new(signer.public_key())?;
            Some(wire::OnlineKey {
                role: role.to_owned(),
                key_id: key.id().to_string(),
                signs: names(&root, role, &key),
            })
        });
        Ok(Response::new(wire::ListOnlineKeysResponse {
            root_version: root.version,
            keys: keys.collect(),
        }))
    }
}

/// The methods of the admin interface.
pub(crate) const METHODS: &[Method] = &[Method::unary("ListKeys", Budget::read())];
