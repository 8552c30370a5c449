use std::net::IpAddr;

use crate::OidcIssuer;
use crate::error::Error;
use crate::password::{Asker, Password};
use crate::secret::Secret;
use crate::session::{Login, Outcome, Person, Step};
use crate::throttle::Key;

/// What a person sends to sign in, and from where.
pub(crate) struct SignIn {
    pub(crate) email: String,
    pub(crate) password: Password,
    pub(crate) browser: Secret,
    /// The cookie that says that the owner of an account has used this browser before.
    pub(crate) known: Option<String>,
    pub(crate) address: IpAddr,
}

/// A successful sign-in, and the cookies that keep it.
pub(crate) struct SignedIn {
    pub(crate) person: Person,
    pub(crate) session: Secret,
    pub(crate) known: String,
}

impl OidcIssuer {
    /// The verb of the login page. Unknown accounts, wrong passwords and locked accounts that do not
    /// exist are alike in answer, time and count.
    pub(crate) async fn sign_in(&self, attempt: SignIn) -> Result<SignedIn, Error> {
        let account = attempt.email.trim().to_ascii_lowercase();
        let keys = self.throttle_keys(&attempt, &account);
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
            .matches(attempt.password, stored, asker)
            .await
            .inspect_err(|_| self.throttle.give_back(&keys))?;
        let Some(user) = user.filter(|_| right) else {
            self.metrics.sign_in("wrong");
            tracing::info!(address = %attempt.address, "a sign-in was refused");
            return Err(Error::PasswordWrong);
        };
        self.throttle.succeeded(&keys);
        self.metrics.sign_in("right");
        let person = Person::signed_in(&user, self.clock.now());
        tracing::info!(email = person.email, address = %attempt.address, "a person signed in");
        let session = self.start_login(&person).await?;
        let known = self.forms.known_account(&attempt.browser, &account);
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
