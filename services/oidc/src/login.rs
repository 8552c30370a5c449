use std::net::IpAddr;

use crate::OidcIssuer;
use crate::error::Error;
use crate::password::{Asker, Password};
use crate::secret::Secret;
use crate::session::{Login, Outcome, Person, Step};
use crate::throttle::Key;
use crate::user::User;

/// What a person sends to sign in, and from where.
pub(crate) struct SignIn {
    pub(crate) email: String,
    pub(crate) password: Password,
    pub(crate) browser: Secret,
    /// The cookie that says that the owner of an account has used this browser before.
    pub(crate) known: Option<String>,
    pub(crate) address: IpAddr,
}

impl SignIn {
    fn account(&self) -> String {
        self.email.trim().to_ascii_lowercase()
    }
}

/// A successful sign-in, and the cookies that keep it.
pub(crate) struct SignedIn {
    pub(crate) person: Person,
    pub(crate) session: Secret,
    pub(crate) known: String,
}

/// A new password, typed twice.
pub(crate) struct NewPassword {
    pub(crate) password: Password,
    pub(crate) again: Password,
}

impl OidcIssuer {
    /// The verb of the login page.
    pub(crate) async fn sign_in(&self, attempt: SignIn) -> Result<SignedIn, Error> {
        let user = self.judge(&attempt).await?;
        self.signed_in_as(&attempt, &user).await
    }

    /// The verb of the page for a new password. The old one is judged as at a sign-in, so that the page is no way around
    /// the limits on guessing. All that came from the old password ends; the person is signed in with the new one.
    pub(crate) async fn change_password(
        &self,
        attempt: SignIn,
        new: NewPassword,
    ) -> Result<SignedIn, Error> {
        let unfit = |reason| Err(Error::PasswordUnfit { reason });
        if new.password != new.again {
            return unfit("it is not the same both times");
        }
        if new.password == attempt.password {
            return unfit("it is the one that you have");
        }
        new.password.check()?;
        let user = self.judge(&attempt).await?;
        let asker = Asker::Stranger(attempt.address.into());
        let hash = self.passwords.hash(new.password, asker).await?;
        let user = self
            .users
            .replace_password(user, hash, self.clock.now())
            .await?;
        tracing::info!(email = user.email.as_str(), address = %attempt.address, "a person set a new password");
        self.signed_in_as(&attempt, &user).await
    }

    /// Whose password it is. Unknown accounts, wrong passwords and locked accounts that do not exist are alike in answer,
    /// time and count.
    async fn judge(&self, attempt: &SignIn) -> Result<User, Error> {
        let account = attempt.account();
        let keys = self.throttle_keys(attempt, &account);
        self.throttle
            .admit(&keys, self.clock.now())
            .inspect_err(|_| {
                self.metrics.sign_in("throttled");
            })?;
        let user = self.users.find(&account);
        let stored = user.as_ref().map(|user| user.password_hash.clone());
        let asker = Asker::Stranger(attempt.address.into());
        let right = self
            .passwords
            .matches(attempt.password.clone(), stored, asker)
            .await
            .inspect_err(|_| self.throttle.give_back(&keys))?;
        let Some(user) = user.filter(|_| right) else {
            self.metrics.sign_in("wrong");
            tracing::info!(address = %attempt.address, "a sign-in was refused");
            return Err(Error::PasswordWrong);
        };
        self.throttle.succeeded(&keys);
        self.metrics.sign_in("right");
        Ok(user)
    }

    async fn signed_in_as(&self, attempt: &SignIn, user: &User) -> Result<SignedIn, Error> {
        let person = Person::signed_in(user, self.clock.now());
        tracing::info!(email = person.email, address = %attempt.address, "a person signed in");
        let session = self.start_login(&person).await?;
        let known = self
            .forms
            .known_account(&attempt.browser, &attempt.account());
        Ok(SignedIn {
            person,
            session,
            known,
        })
    }

    /// Who is signed in with this cookie.
    pub(crate) async fn signed_in(&self, cookie: Option<&Secret>) -> Result<Option<Person>, Error> {
        let Some(cookie) = cookie else {
            return Ok(None);
        };
        let login = self.sessions.load::<Login>(&cookie.digest()).await?;
        let now = self.clock.now();
        let person = login
            .filter(|login| login.record.expires > now)
            .map(|l| l.record.person);
        Ok(person.filter(|person| person.is_still(self.users.find(&person.email).as_ref())))
    }

    /// Ends a session.
    pub(crate) async fn sign_out(&self, cookie: &Secret) -> Result<(), Error> {
        let step = Step::default().remove::<Login>(&cookie.digest());
        self.sessions.apply(step).await.map(drop)
    }

    /// A new cookie for each sign-in, so that one planted before it is worth nothing.
    async fn start_login(&self, person: &Person) -> Result<Secret, Error> {
        let session = Secret::random()?;
        let expires = self.clock.now() + self.lifetimes.login;
        let record = Login {
            person: person.clone(),
            expires,
        };
        let step = Step::default().create(&session.digest(), &record)?;
        match self.sessions.apply(step).await? {
            Outcome::Done => Ok(session),
            Outcome::Overtaken => Err(Error::Busy),
        }
    }

    fn throttle_keys(&self, attempt: &SignIn, account: &str) -> [Key; 2] {
        let known = attempt
            .known
            .as_deref()
            .is_some_and(|tag| self.forms.is_known_account(tag, &attempt.browser, account));
        let account = if known {
            Key::known_browser(attempt.browser.as_str(), account)
        } else {
            Key::account(account)
        };
        [account, Key::address(attempt.address)]
    }
}
