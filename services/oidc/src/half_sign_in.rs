use std::net::IpAddr;

use crate::OidcIssuer;
use crate::error::Error;
use crate::login::{Half, SignIn, SignedIn};
use crate::person::Person;
use crate::second_factor::{Enrolment, Missing, Proof, SecondFactor, recovery_digest};
use crate::secret::{Secret, sha256};
use crate::session::{HalfSignIn, Outcome, Step, Stored, UsedCode};
use crate::throttle::Key;
use crate::totp;
use crate::user::User;

/// What somebody sends who has signed in by half, and from where.
pub(crate) struct Rest {
    pub(crate) half: Option<Secret>,
    pub(crate) code: String,
    pub(crate) browser: Secret,
    /// The cookie that says that the owner of an account has used this browser before.
    pub(crate) known: Option<String>,
    pub(crate) address: IpAddr,
}

impl OidcIssuer {
    /// What is asked of somebody whose password was right, if it is more.
    pub(crate) fn missing(&self, person: &Person) -> Option<Missing> {
        let user = self.users.find(&person.email);
        let user = user.filter(|user| person.is_still(Some(user)))?;
        match (user.second_factor, user.requires_second_factor) {
            (Some(_), _) => Some(Missing::Code),
            (None, true) => Some(Missing::Enrolment),
            (None, false) => None,
        }
    }

    /// Remembers who it is by half, for this browser and a few minutes.
    pub(crate) async fn half_signed_in(
        &self,
        attempt: &SignIn,
        person: Person,
        missing: Missing,
    ) -> Result<Half, Error> {
        let secret = Secret::random()?;
        let email = person.email.clone();
        let record = HalfSignIn {
            account: attempt.account(),
            browser: attempt.browser.digest(),
            expires: self.clock.now() + AWAITED,
            missing,
            person,
        };
        let step = Step::default().create(&secret.digest(), &record)?;
        match self.sessions.apply(step).await? {
            Outcome::Done => Ok(Half {
                secret,
                email,
                missing,
            }),
            Outcome::Overtaken => Err(Error::Busy),
        }
    }

    /// The verb of the page that asks for the rest.
    ///
    /// 1. The half is one that this browser was given, of an account that is as it was.
    /// 2. The code is of the account's second factor, or of the one that the page shows; guesses count.
    /// 3. Half and code are used up together: of two at once one wins.
    /// 4. A factor that is new is in the file, which ends what came of the password alone. A crash before it leaves the account
    ///    as it was.
    pub(crate) async fn finish_sign_in(&self, rest: Rest) -> Result<SignedIn, Error> {
        let secret = rest.half.as_ref().ok_or(Error::FormStale)?;
        let (half, user) = self.awaited_half(secret, &rest.browser).await?;
        let step = Step::default()
            .unchanged(&half)
            .remove::<HalfSignIn>(&secret.digest());
        let HalfSignIn {
            account, missing, ..
        } = &half.record;
        let keys = self.factor_keys(&rest, account);
        let (user, proof) = match missing {
            Missing::Code => {
                let factor = user.second_factor.clone().ok_or(Error::FormStale)?;
                let judged = self.take_code(&user, &factor, &rest.code, step);
                let proof = self.counted(&keys, judged).await?;
                (user, proof)
            }
            Missing::Enrolment => {
                let factor = Enrolment::of(secret, &self.forms).finished(self.clock.now());
                let judged = self.take_digits(&user, &factor, &rest.code, step);
                self.counted(&keys, judged).await?;
                (self.set_factor(user, Some(factor)).await?, Proof::Code)
            }
        };
        let person = Person::signed_in(&user, proof, self.clock.now());
        self.keep_sign_in(&rest.browser, rest.address, account, person)
            .await
    }

    /// A half that is shown again.
    pub(crate) async fn half(&self, secret: Secret, browser: &Secret) -> Result<Half, Error> {
        let (stored, _) = self.awaited_half(&secret, browser).await?;
        let HalfSignIn {
            person, missing, ..
        } = stored.record;
        Ok(Half {
            secret,
            email: person.email,
            missing,
        })
    }

    /// A code beside a password that was right, if the account has a second factor.
    pub(crate) async fn judge_code(
        &self,
        user: &User,
        code: &str,
        attempt: &SignIn,
    ) -> Result<Proof, Error> {
        let Some(factor) = &user.second_factor else {
            return Ok(Proof::Password);
        };
        let rest = Rest {
            half: None,
            code: code.to_owned(),
            browser: attempt.browser.clone(),
            known: attempt.known.clone(),
            address: attempt.address,
        };
        let keys = self.factor_keys(&rest, &attempt.account());
        let judged = self.take_code(user, factor, code, Step::default());
        self.counted(&keys, judged).await
    }

    /// Gives an account another second factor, or none. All sessions and refresh tokens of before end.
    pub(crate) async fn set_factor(
        &self,
        user: User,
        factor: Option<SecondFactor>,
    ) -> Result<User, Error> {
        let is_on = factor.is_some();
        let user = self.users.set_second_factor(user, factor).await?;
        tracing::info!(
            email = user.email.as_str(),
            is_on,
            "a person changed their second factor"
        );
        Ok(user)
    }

    async fn awaited_half(
        &self,
        secret: &Secret,
        browser: &Secret,
    ) -> Result<(Stored<HalfSignIn>, User), Error> {
        let stored = self.sessions.load::<HalfSignIn>(&secret.digest()).await?;
        let stored = stored.ok_or(Error::FormStale)?;
        let half = &stored.record;
        let user = self.users.find(&half.person.email);
        let user = user.filter(|user| half.person.is_still(Some(user)));
        let fits = half.browser == browser.digest() && half.expires > self.clock.now();
        match user {
            Some(user) if fits => Ok((stored, user)),
            _ => Err(Error::FormStale),
        }
    }

    /// A code of the app or one for recovery, which is used up.
    async fn take_code(
        &self,
        user: &User,
        factor: &SecondFactor,
        code: &str,
        step: Step,
    ) -> Result<Proof, Error> {
        let digest = recovery_digest(code);
        if !factor.recovery.contains(&digest) {
            return self.take_digits(user, factor, code, step).await;
        }
        self.users.use_recovery_code(user.clone(), digest).await?;
        tracing::info!(email = user.email.as_str(), "a recovery code was used");
        match self.sessions.apply(step).await? {
            Outcome::Done => Ok(Proof::Recovery),
            Outcome::Overtaken => Err(Error::FormStale),
        }
    }

    /// A code of the app is good once (RFC 6238 §5.2), also at another replica.
    async fn take_digits(
        &self,
        user: &User,
        factor: &SecondFactor,
        code: &str,
        step: Step,
    ) -> Result<Proof, Error> {
        let now = self.clock.now();
        let at = factor.secret.step_of(code, now).ok_or(Error::CodeWrong)?;
        let id = sha256(format!("{}\n{at}", user.subject).as_bytes());
        let used = UsedCode {
            expires: now + totp::REPEATABLE,
        };
        match self.sessions.apply(step.create(&id, &used)?).await? {
            Outcome::Done => Ok(Proof::Code),
            Outcome::Overtaken => Err(Error::CodeWrong),
        }
    }

    /// One guess, counted before it is judged and given back if nobody judged it.
    async fn counted<T>(
        &self,
        keys: &[Key],
        verdict: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.throttle.admit(keys, self.clock.now())?;
        let verdict = verdict.await;
        match &verdict {
            Ok(_) => self.throttle.succeeded(keys),
            Err(Error::CodeWrong) => self.metrics.sign_in("wrong_code"),
            Err(_) => self.throttle.give_back(keys),
        }
        verdict
    }

    /// Only who has the password gets to guess, and has a count apart from that of the owner's browser: so strangers lock
    /// nobody out, and whoever has the password does not lock the owner out.
    fn factor_keys(&self, rest: &Rest, account: &str) -> [Key; 2] {
        let is_known = |tag: &str| self.forms.is_known_account(tag, &rest.browser, account);
        let factor = match rest.known.as_deref().is_some_and(is_known) {
            true => Key::known_factor(rest.browser.as_str(), account),
            false => Key::factor(account),
        };
        [factor, Key::address(rest.address)]
    }
}

/// People look for their telephone, or for an app to install.
const AWAITED: time::Duration = time::Duration::minutes(10);
