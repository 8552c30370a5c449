use async_trait::async_trait;
use sigstead_issuance::{TokenUse, UseError, UsedTokens};
use time::OffsetDateTime;

/// The tokens that were used, of issuers whose tokens are good for one certificate.
///
/// `take` MUST answer `Ok(true)` to one caller for a token at most until that caller gives it back, whenever they come, also
/// after a crash: it is durable before the answer. It MUST remember a token for as long as a request may use it that was judged
/// before its end. After an error the token may be in use, until its caller gives it back.
#[async_trait]
pub trait TokenUses: Send + Sync {
    /// Takes a token into use. Says whether it was in none.
    ///
    /// # Errors
    /// It cannot be made durable.
    async fn take(&self, token: &TokenUse, now: OffsetDateTime) -> Result<bool, UseError>;

    /// Ends the use of a token by its issuance, of which no signature came. It may stay used up.
    fn give_back(&self, token: &TokenUse);

    /// Whether the token of a digest is in use. It is not taken.
    ///
    /// # Errors
    /// It cannot be known now.
    async fn is_used(&self, digest: [u8; 32]) -> Result<bool, UseError>;

    /// Whether tokens can be taken, as far as the last attempt tells. It MUST try again by itself while it says that they
    /// cannot: nobody takes any then.
    ///
    /// # Errors
    /// They cannot.
    fn check(&self) -> Result<(), UseError>;
}

#[async_trait]
impl TokenUses for UsedTokens {
    async fn take(&self, token: &TokenUse, now: OffsetDateTime) -> Result<bool, UseError> {
        self.take(token, now).await
    }

    fn give_back(&self, token: &TokenUse) {
        self.give_back(token);
    }

    async fn is_used(&self, digest: [u8; 32]) -> Result<bool, UseError> {
        self.is_used(digest).await
    }

    fn check(&self) -> Result<(), UseError> {
        self.check()
    }
}
