//! Keys in the transit engine of Vault and OpenBao, over their HTTP interface.
//!
//! A signature is one call (`transit.rs`) to the server (`server.rs`), with a token that is read from its file for each call
//! (`token.rs`) and kept alive beside it (`keeper.rs`). The version of the key is a part of its name, so that a rotation in the server
//! changes nothing here.

mod keeper;
mod server;
mod token;
mod transit;
mod wrap;

use std::sync::Arc;

use async_trait::async_trait;
use sigstead_key::{Algorithm, PublicKey};

use self::keeper::Keeper;
use self::server::Server;
use crate::vault_key::VaultKey;
use crate::vault_uri::VaultUri;
use crate::{Error, PrivateKey, Signer};

/// A key of a server.
struct TransitKey {
    server: Arc<Server>,
    uri: VaultUri,
    public: PublicKey,
    /// Ends with the key.
    _keeper: Keeper,
}

/// Finds the public half of a key, and begins to keep its token alive.
pub(crate) async fn open(key: &VaultKey) -> Result<Arc<dyn Signer>, Error> {
    let server = Arc::new(Server::new(key).await?);
    let public = transit::public_half(&server, &key.uri).await?;
    Ok(Arc::new(TransitKey {
        _keeper: Keeper::of(&server),
        server,
        uri: key.uri.clone(),
        public,
    }))
}

/// Makes a key in its server.
///
/// # Errors
/// If the server is not there, refuses it, or has a key of that name.
pub async fn create_in_vault(key: &VaultKey, algorithm: Algorithm) -> Result<(), Error> {
    let server = Server::new(key).await?;
    transit::create(&server, &key.uri, algorithm).await
}

/// Puts a key that was made elsewhere into its server. It travels encrypted to the key that the server has for that.
///
/// # Errors
/// If the server is not there, refuses it, or has a key of that name.
pub async fn import_into_vault(key: &VaultKey, from: &PrivateKey) -> Result<(), Error> {
    let server = Server::new(key).await?;
    transit::import(&server, &key.uri, from).await
}

#[async_trait]
impl Signer for TransitKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        transit::sign(&self.server, &self.uri, self.public.algorithm(), message).await
    }
}
