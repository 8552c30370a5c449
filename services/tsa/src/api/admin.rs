//! `sigstead.admin.v1.TsaAdmin`, for the admin listener.

use std::sync::Arc;

use sigstead_kit::{Budget, Method};
use sigstead_proto::admin::v1 as wire;
use sigstead_proto::admin::v1::tsa_admin_server::{TsaAdmin, TsaAdminServer};
use sigstead_signer::RingKey;
use sigstead_x509::Certificate;
use tonic::{Request, Response, Status};

use crate::TimestampAuthority;
use crate::authority::Authority;

/// The admin interface of an authority.
pub(crate) fn service(authority: Arc<TimestampAuthority>) -> TsaAdminServer<AdminFace> {
    TsaAdminServer::new(AdminFace(authority))
}

/// The administration of an authority.
pub(crate) struct AdminFace(Arc<TimestampAuthority>);

#[tonic::async_trait]
impl TsaAdmin for AdminFace {
    async fn list_keys(
        &self,
        _request: Request<wire::ListKeysRequest>,
    ) -> Result<Response<wire::ListKeysResponse>, Status> {
        let (ring, signing) = self.0.ring();
        let keys = ring.keys().map(|key| wire::AuthorityKey {
            signs: key.from == signing,
            ..message(key)
        });
        Ok(Response::new(wire::ListKeysResponse {
            keys: keys.collect(),
        }))
    }
}

fn message(key: &RingKey<Arc<Authority>>) -> wire::AuthorityKey {
    let chain = key.key.chain().map(Certificate::to_der);
    wire::AuthorityKey {
        chain: chain.map(<[u8]>::to_vec).collect(),
        from: key.from.map(|from| prost_types::Timestamp {
            seconds: from.unix_timestamp(),
            nanos: from.nanosecond().try_into().unwrap_or(0),
        }),
        signs: false,
    }
}

/// The methods of the admin interface.
pub(crate) const METHODS: &[Method] = &[Method::unary("ListKeys", Budget::read())];
