//! Keys in PKCS #11 tokens (PKCS #11 v2.40 and later), by the library of the token's maker, which is loaded at run time.
//!
//! A library is C code that waits and may hang, so it has threads of its own and no others call it (`module.rs`). A thread
//! has one session for each key that it signs with (`sessions.rs`). A token that vanished is asked for again with every
//! signature that is wanted, and at most once in a second the library is started again for that: some never see a token
//! again that they have lost.

mod encoding;
mod find;
mod make;
mod module;
mod queue;
mod sessions;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sigstead_key::{Algorithm, PublicKey};
use tokio::time::sleep;

use self::module::Module;
use crate::key_config::Pkcs11Key;
use crate::{Error, PrivateKey, Signer};

/// A key of a token.
struct TokenKey {
    module: Arc<Module>,
    key: Arc<Pkcs11Key>,
    public: PublicKey,
}

/// Finds a key and its public half.
///
/// A login writes to the token, and another process that looks for tokens at that moment may find none. Services start all at
/// once, so a token that is not there is looked for again.
pub(crate) async fn open(key: &Pkcs11Key) -> Result<Arc<dyn Signer>, Error> {
    let module = Module::of(&key.module)?;
    let key = Arc::new(key.clone());
    let mut again = 1..LOOKS;
    let public = loop {
        match public_half(&module, &key).await {
            Err(Error::TokenAbsent(_)) if again.next().is_some() => sleep(BETWEEN_LOOKS).await,
            found => break found?,
        }
    };
    Ok(Arc::new(TokenKey {
        public,
        module,
        key,
    }))
}

async fn public_half(module: &Module, key: &Arc<Pkcs11Key>) -> Result<PublicKey, Error> {
    let wanted = Arc::clone(key);
    let public = module.ask(move |sessions| {
        let opened = sessions.open(&wanted)?;
        find::public_half(&opened.session, &opened.private, &wanted)
    });
    public.await
}

/// Makes a key in its token.
///
/// # Errors
/// If the token is not there, or makes no such keys.
pub async fn create_in_token(key: &Pkcs11Key, algorithm: Algorithm) -> Result<(), Error> {
    let key = key.clone();
    let module = Module::of(&key.module)?;
    let made = module.ask_once(move |sessions| {
        let session = sessions.writable(&key)?;
        make::create(&session, &key, algorithm)
    });
    made.await
}

/// Puts a key that was made elsewhere into its token.
///
/// # Errors
/// If the token is not there, or takes no such keys.
pub async fn import_into_token(key: &Pkcs11Key, from: &PrivateKey) -> Result<(), Error> {
    let (key, public) = (key.clone(), from.public_key().clone());
    let pkcs8 = from.pkcs8();
    let module = Module::of(&key.module)?;
    let put = module.ask_once(move |sessions| {
        let session = sessions.writable(&key)?;
        make::import(&session, &key, &pkcs8, &public)
    });
    put.await
}

#[async_trait]
impl Signer for TokenKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let algorithm = self.public.algorithm();
        let input = encoding::input(algorithm, message);
        let key = Arc::clone(&self.key);
        let signed = self.module.ask(move |sessions| {
            let mechanism = encoding::mechanism(algorithm)?;
            let opened = sessions.open(&key)?;
            let signed = opened
                .session
                .sign(&mechanism, opened.private.handle, &input);
            signed.map_err(|error| {
                sessions.forget(&key);
                Error::token(&key, &error)
            })
        });
        encoding::signature(algorithm, signed.await?)
    }
}

/// How often a token is looked for that is not there.
const LOOKS: usize = 4;

/// The library is started again at most once in a second.
const BETWEEN_LOOKS: Duration = Duration::from_millis(1_100);
