use async_trait::async_trait;
use sigstead_identity::SingleUse;
use sigstead_issuance::UsedTokens;
use time::OffsetDateTime;

/// The tokens that were used, of issuers whose tokens are good for one certificate.
///
/// `take` MUST answer `Ok(true)` to one caller for a token at most, whenever they come, also after a crash: it is durable
/// before the answer. It MUST remember a token until its end, and MAY forget it then. After an error the token may be used up
/// or not.
#[async_trait]
pub trait TokenUses: Send + Sync {
    /// Takes a token out of use. Says whether it was in use.
    ///
    /// # Errors
    /// It cannot be made durable.
    async fn take(
        &self,
        token: SingleUse,
        now: OffsetDateTime,
    ) -> Result<bool, sigstead_issuance::Error>;
}

#[async_trait]
impl TokenUses for UsedTokens {
    async fn take(
        &self,
        token: SingleUse,
        now: OffsetDateTime,
    ) -> Result<bool, sigstead_issuance::Error> {
        self.take(token.digest, token.until, now).await
    }
}
