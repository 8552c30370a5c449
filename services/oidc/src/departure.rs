use std::net::IpAddr;

use url::Url;

use crate::OidcIssuer;
use crate::connector::{Expected, ProviderError, Sent, shown};
use crate::error::Error;
use crate::login::SignedIn;
use crate::parameter::Parameters;
use crate::second_factor::Proof;
use crate::secret::Secret;
use crate::session::{Back, Departure, Outcome, Step};
use crate::throttle::Key;

/// Who is sent elsewhere to sign in, and for what.
pub(crate) struct Leaving<'a> {
    /// The provider's connector.
    pub(crate) connector: &'a str,
    pub(crate) browser: &'a Secret,
    pub(crate) address: IpAddr,
    pub(crate) back: Back,
    /// Whether they have to sign in there also if they are signed in.
    pub(crate) anew: bool,
}

impl OidcIssuer {
    /// The verb of the button that leads to a provider. What the person comes back with has to fit what is remembered here.
    pub(crate) async fn depart(&self, leaving: Leaving<'_>) -> Result<Url, Error> {
        let provider = self.connectors.provider(leaving.connector);
        let provider = provider.ok_or(Error::FormStale)?;
        let now = self.clock.now();
        self.throttle
            .admit(&[Key::departure(leaving.address)], now)?;
        let (state, nonce, verifier) = (Secret::random()?, Secret::random()?, Secret::random()?);
        let departure = Departure {
            connector: leaving.connector.to_owned(),
            browser: leaving.browser.digest(),
            back: leaving.back,
            nonce: nonce.as_str().to_owned(),
            verifier: verifier.as_str().to_owned(),
            anew_since: leaving.anew.then_some(now),
            expires: now + AWAITED,
        };
        let sent = Sent {
            state: state.as_str(),
            nonce: nonce.as_str(),
            verifier: verifier.as_str(),
            anew: leaving.anew,
        };
        let destination = provider.destination(sent).await?;
        let step = Step::default().create(&state.digest(), &departure)?;
        match self.sessions.apply(step).await? {
            Outcome::Done => Ok(destination),
            Outcome::Overtaken => Err(Error::Busy),
        }
    }

    /// The verb of somebody who comes back (OpenID Connect Core 1.0 §3.1.2.5 to §3.1.3.7).
    ///
    /// 1. The state is one that this browser was given, for this provider, and is used up.
    /// 2. The answer is the provider's, and no error.
    /// 3. The provider gives a token for the code, which is of this sign-in.
    /// 4. The person is whom an administrator linked, or somebody of their own, and is signed in.
    pub(crate) async fn arrive(
        &self,
        connector: &str,
        browser: &Secret,
        answer: &Parameters,
    ) -> Result<(SignedIn, Back), Error> {
        let departure = self.awaited(connector, browser, answer).await?;
        let provider = self.connectors.provider(connector);
        let provider = provider.ok_or(Error::FormStale)?;
        provider.check_sender(answer.optional("iss")?).await?;
        if let Some(error) = answer.optional("error")? {
            return Err(provider.fault(ProviderError::Declined(shown(error))));
        }
        let expected = Expected {
            nonce: &departure.nonce,
            signed_in_since: departure.anew_since,
        };
        let code = answer.required("code")?;
        let now = self.clock.now();
        let (identity, signed_in) = provider
            .identity(code, &departure.verifier, expected, now)
            .await?;
        let person = self.person(identity, Proof::Elsewhere, signed_in)?;
        tracing::info!(email = person.email, connector, "a person signed in");
        self.metrics.sign_in("elsewhere");
        let session = self.start_login(&person).await?;
        let signed_in = SignedIn {
            person,
            session,
            known: None,
        };
        Ok((signed_in, departure.back))
    }

    async fn awaited(
        &self,
        connector: &str,
        browser: &Secret,
        answer: &Parameters,
    ) -> Result<Departure, Error> {
        let state = answer.optional("state")?.and_then(Secret::presented);
        let id = state.ok_or(Error::FormStale)?.digest();
        let stored = self.sessions.load::<Departure>(&id).await?;
        let stored = stored.ok_or(Error::FormStale)?;
        let departure = &stored.record;
        let fits = departure.connector == connector
            && departure.browser == browser.digest()
            && departure.expires > self.clock.now();
        if !fits {
            return Err(Error::FormStale);
        }
        let step = Step::default().unchanged(&stored).remove::<Departure>(&id);
        match self.sessions.apply(step).await? {
            Outcome::Done => Ok(stored.record),
            Outcome::Overtaken => Err(Error::FormStale),
        }
    }
}

/// People look for their passwords, and for the telephone with the second factor.
const AWAITED: time::Duration = time::Duration::minutes(15);
