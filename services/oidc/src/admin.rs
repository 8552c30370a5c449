use crate::OidcIssuer;
use crate::email_address::EmailAddress;
use crate::error::Error;
use crate::password::Password;
use crate::profile::ProfileChange;
use crate::queue::Asker;
use crate::user::{SecondFactorChange, User};

/// What an administrator does with accounts.
impl OidcIssuer {
    /// Makes an account.
    ///
    /// # Errors
    /// There is one of that address, the password is unfit, or the users file failed.
    pub async fn add_user(&self, email: EmailAddress, password: Password) -> Result<User, Error> {
        let hash = self.passwords.hash(password, Asker::Administrator).await?;
        let user = self.users.add(email, hash, self.clock.now()).await?;
        tracing::info!(email = user.email.as_str(), "an account was made");
        Ok(user)
    }

    /// Changes the groups and the claims of an account. Tokens that are issued from now on have them.
    ///
    /// # Errors
    /// There is none of that address, a name or a claim is unfit, or the users file failed.
    pub async fn change_profile(
        &self,
        email: EmailAddress,
        change: ProfileChange,
    ) -> Result<User, Error> {
        let user = self.users.change_profile(email, change).await?;
        tracing::info!(
            email = user.email.as_str(),
            "the profile of an account was changed"
        );
        Ok(user)
    }

    /// Requires a second factor of an account, requires it no more, or takes away one that is lost.
    ///
    /// # Errors
    /// There is no such account, or the users file failed.
    pub async fn change_second_factor(
        &self,
        email: EmailAddress,
        change: SecondFactorChange,
    ) -> Result<User, Error> {
        let user = self.users.change_second_factor(email, change).await?;
        tracing::info!(
            email = user.email.as_str(),
            ?change,
            "the second factor of an account was changed"
        );
        Ok(user)
    }

    /// All accounts, by address.
    #[must_use]
    pub fn list_users(&self) -> Vec<User> {
        self.users.list()
    }

    /// Removes an account. Its sessions, codes and refresh tokens end with it; tokens that were issued
    /// live out their minutes.
    ///
    /// # Errors
    /// There is none of that address, or the users file failed.
    pub async fn remove_user(&self, email: EmailAddress) -> Result<User, Error> {
        let user = self.users.remove(email).await?;
        tracing::info!(email = user.email.as_str(), "an account was removed");
        Ok(user)
    }

    /// Sets a new password; everything that came from the old one ends.
    ///
    /// # Errors
    /// There is no such account, the password is unfit, or the users file failed.
    pub async fn set_password(
        &self,
        email: EmailAddress,
        password: Password,
    ) -> Result<User, Error> {
        let hash = self.passwords.hash(password, Asker::Administrator).await?;
        let user = self
            .users
            .set_password(email, hash, self.clock.now())
            .await?;
        tracing::info!(email = user.email.as_str(), "a password was set");
        Ok(user)
    }
}
