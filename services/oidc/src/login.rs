use std::net::IpAddr;

use time::OffsetDateTime;

use crate::OidcIssuer;
use crate::connector::{Directory, Identity};
use crate::error::Error;
use crate::password::Password;
use crate::person::Person;
use crate::profile::Profile;
use crate::queue::Asker;
use crate::second_factor::{Missing, Proof};
use crate::secret::Secret;
use crate::session::{Login, Outcome, Step};
use crate::throttle::Key;
use crate::user::User;

/// What a person sends to sign in, and from where.
pub(crate) struct SignIn {
    /// The directory that they say they are in.
    pub(crate) connector: Option<String>,
    /// An e-mail address, or a name of the directory.
    pub(crate) email: String,
    pub(crate) password: Password,
    pub(crate) browser: Secret,
    /// The cookie that says that the owner of an account has used this browser before.
    pub(crate) known: Option<String>,
    pub(crate) address: IpAddr,
}

impl SignIn {
    fn login(&self) -> &str {
        self.email.trim()
    }

    /// Whose password is tried. A name of a directory is nobody's address, as it has a line break.
    pub(crate) fn account(&self) -> String {
        let login = self.login().to_ascii_lowercase();
        match &self.connector {
            None => login,
            Some(connector) => format!("{connector}\n{login}"),
        }
    }

    fn asker(&self) -> Asker {
        Asker::Stranger(self.address.into())
    }
}

/// What came of a password that was right.
pub(crate) enum Entered {
    Wholly(SignedIn),
    ByHalf(Half),
}

/// Somebody whose password was right, and of whom more is asked. The secret is on the page, and good in one browser.
pub(crate) struct Half {
    pub(crate) secret: Secret,
    pub(crate) email: String,
    pub(crate) missing: Missing,
}

/// A successful sign-in, and the cookies that keep it.
pub(crate) struct SignedIn {
    pub(crate) person: Person,
    pub(crate) session: Secret,
    /// None from elsewhere, where guesses are not counted here.
    pub(crate) known: Option<String>,
}

/// A new password, typed twice, and the code of a second factor.
pub(crate) struct NewPassword {
    pub(crate) password: Password,
    pub(crate) again: Password,
    pub(crate) code: String,
}

impl OidcIssuer {
    /// The verb of the login page. Of an account with a second factor more is asked, also if its person is in a directory.
    pub(crate) async fn sign_in(&self, attempt: SignIn) -> Result<Entered, Error> {
        let (now, proof) = (self.clock.now(), Proof::Password);
        let person = match &attempt.connector {
            None => Person::signed_in(&self.judge(&attempt).await?, proof, now),
            Some(id) => {
                let directory = self.connectors.directory(id).ok_or(Error::FormStale)?;
                let identity = self.judge_elsewhere(&attempt, directory).await?;
                self.person(identity, proof, now)?
            }
        };
        match self.missing(&person) {
            None => Ok(Entered::Wholly(self.signed_in_as(&attempt, person).await?)),
            Some(missing) => {
                let half = self.half_signed_in(&attempt, person, missing).await?;
                Ok(Entered::ByHalf(half))
            }
        }
    }

    /// The verb of the page for a second factor that somebody wants, or wants in place of the one that they have. Password and
    /// code are judged as at a sign-in.
    pub(crate) async fn begin_enrolment(&self, attempt: SignIn, code: &str) -> Result<Half, Error> {
        let (user, proof) = self.judge_wholly(&attempt, code).await?;
        let person = Person::signed_in(&user, proof, self.clock.now());
        self.half_signed_in(&attempt, person, Missing::Enrolment)
            .await
    }

    /// The verb of the same page for somebody who wants to be without.
    pub(crate) async fn end_second_factor(
        &self,
        attempt: SignIn,
        code: &str,
    ) -> Result<SignedIn, Error> {
        let (user, _) = self.judge_wholly(&attempt, code).await?;
        if user.requires_second_factor {
            return Err(Error::FactorRequired);
        }
        let user = self.set_factor(user, None).await?;
        let person = Person::signed_in(&user, Proof::Password, self.clock.now());
        self.signed_in_as(&attempt, person).await
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
        let (user, proof) = self.judge_wholly(&attempt, &new.code).await?;
        let hash = self.passwords.hash(new.password, attempt.asker()).await?;
        let user = self
            .users
            .replace_password(user, hash, self.clock.now())
            .await?;
        tracing::info!(email = user.email.as_str(), address = %attempt.address, "a person set a new password");
        let person = Person::signed_in(&user, proof, self.clock.now());
        self.signed_in_as(&attempt, person).await
    }

    /// Whose password it is, and whether the code is of their second factor, if they have one.
    async fn judge_wholly(&self, attempt: &SignIn, code: &str) -> Result<(User, Proof), Error> {
        let user = self.judge(attempt).await?;
        let proof = self.judge_code(&user, code, attempt).await?;
        Ok((user, proof))
    }

    /// Whose password it is. Unknown accounts, wrong passwords and locked accounts that do not exist are alike in answer,
    /// time and count.
    async fn judge(&self, attempt: &SignIn) -> Result<User, Error> {
        let user = self.users.find(&attempt.account());
        let stored = user.as_ref().map(|user| user.password_hash.clone());
        let verdict = async {
            let password = attempt.password.clone();
            let matches = self.passwords.matches(password, stored, attempt.asker());
            let right = matches.await?;
            Ok(user.filter(|_| right))
        };
        self.judged(attempt, verdict).await
    }

    /// Whom a directory says that somebody is. Their password is judged there, and guesses count as at accounts.
    async fn judge_elsewhere(
        &self,
        attempt: &SignIn,
        directory: &Directory,
    ) -> Result<Identity, Error> {
        let verdict = directory.judge(attempt.login(), &attempt.password, attempt.asker());
        let found = self.judged(attempt, verdict).await?;
        found.identity(directory, attempt.login())
    }

    /// One attempt, counted before it is judged and given back if nobody judged it.
    async fn judged<T>(
        &self,
        attempt: &SignIn,
        verdict: impl Future<Output = Result<Option<T>, Error>>,
    ) -> Result<T, Error> {
        let keys = self.throttle_keys(attempt, &attempt.account());
        self.throttle
            .admit(&keys, self.clock.now())
            .inspect_err(|_| {
                self.metrics.sign_in("throttled");
            })?;
        let verdict = verdict.await;
        let found = verdict.inspect_err(|_| self.throttle.give_back(&keys))?;
        let Some(found) = found else {
            self.metrics.sign_in("wrong");
            tracing::info!(address = %attempt.address, "a sign-in was refused");
            return Err(Error::PasswordWrong);
        };
        self.throttle.succeeded(&keys);
        self.metrics.sign_in("right");
        Ok(found)
    }

    /// The person that somebody with an account elsewhere is here: whom an administrator linked it to, or somebody of
    /// their own. An address alone links nothing, as it would hand an account to whoever can write it elsewhere.
    pub(crate) fn person(
        &self,
        identity: Identity,
        proof: Proof,
        signed_in: OffsetDateTime,
    ) -> Result<Person, Error> {
        if let Some(user) = self.users.linked(&identity.origin) {
            return Ok(Person::signed_in(&user, proof, signed_in));
        }
        if self.users.find(identity.email.as_str()).is_some() {
            tracing::warn!(
                email = identity.email.as_str(),
                connector = identity.origin.connector,
                subject = identity.origin.subject,
                "an address of a connector is that of an account here, and nobody linked the two"
            );
            return Err(Error::AddressTaken);
        }
        Ok(Person::of(identity, proof, signed_in))
    }

    /// What tokens say of a person now, as long as they are who they were when they signed in.
    pub(crate) fn standing(&self, person: &Person) -> Option<Profile> {
        let user = self.users.find(&person.email);
        match &person.elsewhere {
            None => user
                .filter(|user| person.is_still(Some(user)) && person.has_shown_enough(user))
                .map(|user| user.profile),
            // An account that was made since has the address, or was linked.
            Some(elsewhere) => {
                let stands = user.is_none()
                    && self.connectors.has(&elsewhere.origin.connector)
                    && self.users.linked(&elsewhere.origin).is_none();
                stands.then(|| Profile {
                    groups: elsewhere.groups.clone(),
                    ..Profile::default()
                })
            }
        }
    }

    async fn signed_in_as(&self, attempt: &SignIn, person: Person) -> Result<SignedIn, Error> {
        let account = attempt.account();
        self.keep_sign_in(&attempt.browser, attempt.address, &account, person)
            .await
    }

    /// Starts the session of somebody who has shown all that was asked.
    pub(crate) async fn keep_sign_in(
        &self,
        browser: &Secret,
        address: IpAddr,
        account: &str,
        person: Person,
    ) -> Result<SignedIn, Error> {
        tracing::info!(email = person.email, %address, "a person signed in");
        let session = self.start_login(&person).await?;
        let known = self.forms.known_account(browser, account);
        Ok(SignedIn {
            person,
            session,
            known: Some(known),
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
        Ok(person.filter(|person| self.standing(person).is_some()))
    }

    /// Ends a session.
    pub(crate) async fn sign_out(&self, cookie: &Secret) -> Result<(), Error> {
        let step = Step::default().remove::<Login>(&cookie.digest());
        self.sessions.apply(step).await.map(drop)
    }

    /// A new cookie for each sign-in, so that one planted before it is worth nothing.
    pub(crate) async fn start_login(&self, person: &Person) -> Result<Secret, Error> {
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
