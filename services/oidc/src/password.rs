use std::fmt;
use std::sync::Arc;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::queue::{Asker, Queue};
use crate::secret::random_bytes;

/// A password as somebody typed it. Zeroed when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes what was typed, as it is: neither trimmed nor normalised.
    #[must_use]
    pub fn new(typed: String) -> Self {
        Self(Zeroizing::new(typed))
    }

    /// Refuses what nobody should have as a new password.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let reason = self.unfitness();
        reason.map_or(Ok(()), |reason| Err(Error::PasswordUnfit { reason }))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Why nobody should have it as a new password.
    fn unfitness(&self) -> Option<&'static str> {
        let text = self.0.as_str();
        let mut letters = text.chars();
        let first = letters.next();
        if text.chars().count() < SHORTEST {
            Some("it has fewer than 8 characters")
        } else if text.len() > LONGEST {
            Some("it is longer than 1024 bytes")
        } else if text.trim().is_empty() {
            Some("it has blanks only")
        } else if letters.all(|letter| Some(letter) == first) {
            Some("it is one character again and again")
        } else if text.chars().any(char::is_control) {
            Some("it has a line break or another character that the login page cannot send")
        } else {
            None
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// Makes and checks argon2id hashes (RFC 9106) away from the async threads, a few at a time: each
/// takes up to 33 MiB and tens of milliseconds, so that their number is the memory and the processor time
/// that strangers can ask for.
pub(crate) struct PasswordHasherPool {
    running: Arc<Semaphore>,
    queue: Queue,
    /// Checked in place of an unknown account's hash, so that it takes the same time.
    decoy: String,
}

impl PasswordHasherPool {
    pub(crate) fn new() -> Result<Self, Error> {
        let nobody = Password::new(hex::encode(random_bytes::<32>()?));
        Ok(Self {
            running: Arc::new(Semaphore::new(RUNNING)),
            queue: Queue::default(),
            decoy: hash(&nobody)?,
        })
    }

    /// The hash of a new password, in the PHC string format.
    pub(crate) async fn hash(&self, password: Password, asker: Asker) -> Result<String, Error> {
        password.check()?;
        self.run(asker, move || hash(&password)).await?
    }

    /// Whether the password is the one of the hash. Without a hash the answer is no, after the same
    /// work.
    pub(crate) async fn matches(
        &self,
        password: Password,
        stored: Option<String>,
        asker: Asker,
    ) -> Result<bool, Error> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.clone());
        let right = self
            .run(asker, move || verify(&password, &stored))
            .await??;
        Ok(known & right)
    }

    async fn run<T: Send + 'static>(
        &self,
        asker: Asker,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let _place = self.queue.take(asker)?;
        let permit = Arc::clone(&self.running)
            .acquire_owned()
            .await
            .map_err(|_| Error::Busy)?;
        // The permit goes with the work: a caller that gives up does not make room for another hash
        // while the first one still runs.
        tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        })
        .await
        .map_err(|_| Error::Busy)
    }
}

fn hash(password: &Password) -> Result<String, Error> {
    let salt = random_bytes::<16>()?;
    let output = derive(password.bytes(), &salt, PARAMS).map_err(Error::PasswordHash)?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&PARAMS).map_err(Error::PasswordHash)?,
        salt: Some(Salt::new(&salt).map_err(|_| Error::PasswordHashMalformed)?),
        hash: Some(output),
    };
    Ok(hash.to_string())
}

fn verify(password: &Password, stored: &str) -> Result<bool, Error> {
    let stored = StoredHash::parse(stored)?;
    let bytes = password.bytes();
    // Nothing longer was ever set; hashing it would only cost time.
    let cut = bytes.get(..LONGEST).unwrap_or(bytes);
    let found = derive(cut, &stored.salt, stored.params).map_err(Error::PasswordHash)?;
    let equal = found.as_bytes().ct_eq(stored.hash.as_bytes());
    Ok(bool::from(equal) & (bytes.len() <= LONGEST))
}

/// Whether a configured hash can be checked, at a cost that strangers may cause: every token request
/// with the client's id pays it.
pub(crate) fn is_affordable(stored: &str) -> bool {
    StoredHash::parse(stored).is_ok_and(|stored| {
        stored.params.m_cost() <= KIB_AT_MOST && stored.params.t_cost() <= PASSES_AT_MOST
    })
}

/// The parts of a hash in the PHC string format.
struct StoredHash {
    params: Params,
    salt: Salt,
    hash: Output,
}

impl StoredHash {
    fn parse(text: &str) -> Result<Self, Error> {
        let stored = PasswordHash::new(text).map_err(|_| Error::PasswordHashMalformed)?;
        let is_argon2id = stored.algorithm == Algorithm::Argon2id.ident()
            && stored.version == Some(Version::V0x13.into());
        let (Some(salt), Some(hash), true) = (stored.salt, stored.hash, is_argon2id) else {
            return Err(Error::PasswordHashMalformed);
        };
        let params = Params::try_from(&stored).map_err(Error::PasswordHash)?;
        Ok(Self { params, salt, hash })
    }
}

/// Argon2id in a block of memory that goes back to the system afterwards: allocators keep blocks of
/// this order, one in each thread that has hashed.
fn derive(password: &[u8], salt: &[u8], params: Params) -> argon2::password_hash::Result<Output> {
    let mut buffer = [0; Output::MAX_LENGTH];
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let out = buffer
        .get_mut(..length)
        .ok_or(argon2::password_hash::Error::OutputSize)?;
    let mut memory = vec![Block::default(); params.block_count().max(RETURNED_BLOCKS)];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into_with_memory(password, salt, &mut *out, &mut memory)?;
    Output::new(out).map_err(Into::into)
}

/// 19 MiB, two passes, one lane: the first choice of the OWASP password storage sheet.
const PARAMS: Params = Params::DEFAULT;
/// 33 MiB: what is larger than 32 MiB, the system's allocator maps and unmaps by itself.
const RETURNED_BLOCKS: usize = 33 * 1024;
const RUNNING: usize = 2;
/// 128 MiB and 16 passes: twice what other programs take for their default, and seconds of work.
const KIB_AT_MOST: u32 = 128 * 1024;
const PASSES_AT_MOST: u32 = 16;
const SHORTEST: usize = 8;
const LONGEST: usize = 1024;

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn stranger() -> Asker {
        Asker::Stranger(IpAddr::V4(Ipv4Addr::LOCALHOST).into())
    }

    fn password(text: &str) -> Password {
        Password::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_hash_is_argon2id_and_matches_its_password_only() {
        let pool = PasswordHasherPool::new().unwrap();
        let hash = pool
            .hash(password("correct horse"), Asker::Administrator)
            .await
            .unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert!(
            pool.matches(password("correct horse"), Some(hash.clone()), stranger())
                .await
                .unwrap()
        );
        for wrong in ["", "correct horse ", "Correct horse", &"x".repeat(5000)] {
            assert!(
                !pool
                    .matches(password(wrong), Some(hash.clone()), stranger())
                    .await
                    .unwrap(),
                "{wrong}"
            );
        }
        assert!(
            !pool
                .matches(password("correct horse"), None, stranger())
                .await
                .unwrap()
        );
    }

    #[tokio::test]
    async fn refuses_new_passwords_that_are_none() {
        let pool = PasswordHasherPool::new().unwrap();
        for (unfit, why) in [
            ("", "fewer than 8"),
            ("seven77", "fewer than 8"),
            ("\u{1f511}\u{1f511}", "fewer than 8"),
            ("        ", "blanks only"),
            (
                "\u{a0}\u{2003} \u{a0}\u{2003} \u{a0}\u{2003}",
                "blanks only",
            ),
            ("aaaaaaaaaa", "again and again"),
            ("two lines\nof it", "line break"),
            (&"xy".repeat(513), "longer than 1024"),
        ] {
            match pool.hash(password(unfit), Asker::Administrator).await {
                Err(Error::PasswordUnfit { reason }) => assert!(reason.contains(why), "{reason}"),
                other => panic!("{unfit:?}: {other:?}"),
            }
        }
        for fit in ["eight ch", " correct horse ", &"xy".repeat(512)] {
            assert!(
                pool.hash(password(fit), Asker::Administrator).await.is_ok(),
                "{fit}"
            );
        }
    }

    #[test]
    fn a_hash_that_costs_too_much_to_check_is_told_from_others() {
        let hash =
            |params: &str| format!("$argon2id$v=19${params}$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA");
        for (params, affordable) in [
            ("m=19456,t=2,p=1", true),
            ("m=65536,t=3,p=4", true),
            ("m=131072,t=16,p=1", true),
            ("m=131073,t=1,p=1", false),
            ("m=4194304,t=1,p=1", false),
            ("m=19456,t=17,p=1", false),
            ("m=0,t=1,p=1", false),
        ] {
            assert_eq!(is_affordable(&hash(params)), affordable, "{params}");
        }
    }

    #[test]
    fn hashes_agree_with_those_that_the_library_makes() {
        use argon2::{PasswordHasher, PasswordVerifier};
        let theirs = Argon2::default().hash_password(b"correct horse").unwrap();
        assert!(verify(&password("correct horse"), &theirs.to_string()).unwrap());
        let ours = hash(&password("correct horse")).unwrap();
        let ours = PasswordHash::new(&ours).unwrap();
        assert!(
            Argon2::default()
                .verify_password(b"correct horse", &ours)
                .is_ok()
        );
    }

    #[test]
    fn refuses_stored_hashes_of_other_kinds() {
        for stored in [
            "",
            "plain",
            "$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        ] {
            let found = verify(&password("x"), stored);
            assert!(
                matches!(found, Err(Error::PasswordHashMalformed)),
                "{stored}"
            );
        }
    }

    #[test]
    fn a_password_is_never_printed() {
        assert_eq!(format!("{:?}", password("secret")), "Password(..)");
    }
}
