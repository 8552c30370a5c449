//! The sessions of one thread, one for each key that it signs with.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use cryptoki::context::Pkcs11;
use cryptoki::error::{Error as Pkcs11Error, RvError};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use zeroize::Zeroizing;

use super::find::{self, PrivateObject};
use crate::key_config::Pkcs11Key;
use crate::{Error, private_file};

/// PINs that a token has refused, each with the label of its token. A token locks itself after a few of them, so that none is
/// shown to it twice.
#[derive(Default)]
pub(super) struct Pins(Mutex<BTreeMap<String, Zeroizing<Vec<u8>>>>);

/// The sessions of a thread.
pub(super) struct Sessions<'a> {
    context: &'a Pkcs11,
    pins: &'a Pins,
    opened: Vec<Opened>,
}

/// A key that a session is logged in for.
pub(super) struct Opened {
    key: Arc<Pkcs11Key>,
    pub(super) session: Session,
    pub(super) private: PrivateObject,
}

impl<'a> Sessions<'a> {
    pub(super) const fn new(context: &'a Pkcs11, pins: &'a Pins) -> Self {
        Self {
            context,
            pins,
            opened: Vec::new(),
        }
    }

    /// The session for a key.
    pub(super) fn open(&mut self, key: &Arc<Pkcs11Key>) -> Result<&Opened, Error> {
        let found = self.opened.iter().position(|opened| opened.key == *key);
        let at = match found {
            Some(at) => at,
            None => {
                let opened = self.opened_new(key)?;
                self.opened.push(opened);
                self.opened.len() - 1
            }
        };
        self.opened.get(at).ok_or(Error::Library)
    }

    /// Closes the session for a key.
    pub(super) fn forget(&mut self, key: &Arc<Pkcs11Key>) {
        self.opened.retain(|opened| opened.key != *key);
    }

    /// A session that may change the token, for who makes keys.
    pub(super) fn writable(&self, key: &Pkcs11Key) -> Result<Session, Error> {
        let slot = find::slot(self.context, key)?;
        let session = self.context.open_rw_session(slot);
        let session = session.map_err(|error| Error::token(key, &error))?;
        self.login(&session, slot, key)?;
        Ok(session)
    }

    fn opened_new(&self, key: &Arc<Pkcs11Key>) -> Result<Opened, Error> {
        let slot = find::slot(self.context, key)?;
        let session = self.context.open_ro_session(slot);
        let session = session.map_err(|error| Error::token(key, &error))?;
        self.login(&session, slot, key)?;
        let private = find::private_half(&session, key)?;
        Ok(Opened {
            key: Arc::clone(key),
            session,
            private,
        })
    }

    fn login(&self, session: &Session, slot: Slot, key: &Pkcs11Key) -> Result<(), Error> {
        let token = self.context.get_token_info(slot);
        let token = token.map_err(|error| Error::token(key, &error))?;
        let pin = private_file::read_secret(&key.pin_file)?;
        let shown = std::str::from_utf8(&pin).map_err(|_| Error::PinMalformed)?;
        // Held until the token has answered: of several threads with one wrong PIN, one shows it.
        let mut refused = self.pins.0.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.get(token.label()) == Some(&pin) {
            return Err(Error::PinRefused(token.label().to_owned()));
        }
        if token.user_pin_locked() {
            return Err(Error::PinLocked(token.label().to_owned()));
        }
        if token.user_pin_final_try() {
            return Err(Error::PinLastTry(token.label().to_owned()));
        }
        match session.login(UserType::User, Some(&AuthPin::new(shown.into()))) {
            Ok(()) | Err(Pkcs11Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
            Err(Pkcs11Error::Pkcs11(
                RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange,
                _,
            )) => {
                refused.insert(token.label().to_owned(), pin);
                Err(Error::PinRefused(token.label().to_owned()))
            }
            Err(Pkcs11Error::Pkcs11(RvError::PinLocked, _)) => {
                Err(Error::PinLocked(token.label().to_owned()))
            }
            Err(error) => Err(Error::token(key, &error)),
        }
    }
}
