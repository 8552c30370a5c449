use std::net::IpAddr;
use std::sync::Arc;

use serde::Serialize;
use sigstead_config::oidc::Grant;
use time::OffsetDateTime;

use crate::OidcIssuer;
use crate::authorize::Scope;
use crate::challenge::CodeChallenge;
use crate::client::Client;
use crate::error::Error;
use crate::parameter::Parameters;
use crate::person::Person;
use crate::secret::{Secret, random_bytes};
use crate::session::{
    Authorization, Decision, DeviceAuthorization, Outcome, Step, Stored, UserCode,
};
use crate::throttle::Key;
use crate::token::{NewGrant, TokenRequest, TokenResponse};

/// RFC 8628 §3.2.
#[derive(Serialize)]
pub(crate) struct DeviceResponse {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    expires_in: i64,
    interval: u32,
}

/// A device as its person sees it.
pub(crate) struct WaitingDevice {
    pub(crate) client: Arc<Client>,
    pub(crate) user_code: String,
    id: [u8; 32],
    stored: Stored<DeviceAuthorization>,
}

impl OidcIssuer {
    /// Starts the flow (RFC 8628 §3.1). The one route that stores something for strangers: hence
    /// the limit per address and the short life of what it stores.
    pub(crate) async fn start_device(
        &self,
        request: &TokenRequest,
    ) -> Result<DeviceResponse, Error> {
        let client = self.authenticate(request).await?;
        client.may(Grant::DeviceCode)?;
        let scope = Scope::parse(&request.parameters)?;
        let challenge = CodeChallenge::optional(&request.parameters)?;
        self.throttle
            .admit(&[Key::device_start(request.address)], self.clock.now())?;
        let (device_code, letters) = (Secret::random()?, user_code()?);
        let device = DeviceAuthorization {
            client: client.id().to_owned(),
            user_code: letters.clone(),
            challenge,
            offline: scope.offline && client.may(Grant::RefreshToken).is_ok(),
            groups: scope.groups || client.gives_groups(),
            decision: Decision::Pending,
            expires: self.clock.now() + self.lifetimes.device,
            interval: INTERVAL,
            asked: None,
        };
        let by_user = UserCode {
            device: device_code.digest(),
            expires: device.expires,
        };
        let step = Step::default()
            .create(&device_code.digest(), &device)?
            .create(letters.as_bytes(), &by_user)?;
        match self.sessions.apply(step).await? {
            Outcome::Done => Ok(self.device_response(&device_code, &letters)),
            // Two devices drew the same letters.
            Outcome::Overtaken => Err(Error::Busy),
        }
    }

    /// The device that shows a user code. Guesses are counted per address: the letters are few
    /// enough for a person to type.
    pub(crate) async fn waiting_device(
        &self,
        typed: &str,
        address: IpAddr,
    ) -> Result<WaitingDevice, Error> {
        let keys = [Key::user_code(address)];
        self.throttle.admit(&keys, self.clock.now())?;
        let letters: String = typed.chars().filter(char::is_ascii_alphabetic).collect();
        let letters = letters.to_ascii_uppercase();
        let by_user = self.sessions.load::<UserCode>(letters.as_bytes()).await?;
        let by_user = by_user.ok_or(Error::UserCodeUnknown)?.record;
        let id = by_user.device;
        let stored = self.pending_device(&id).await?;
        self.throttle.succeeded(&keys);
        let client = self.clients.find(&stored.record.client)?;
        Ok(WaitingDevice {
            client,
            user_code: grouped(&letters),
            id,
            stored,
        })
    }

    /// The person's yes (with who it is) or no.
    pub(crate) async fn decide(
        &self,
        device: WaitingDevice,
        approved_by: Option<Person>,
    ) -> Result<(), Error> {
        let decision = match approved_by {
            None => Decision::Denied,
            Some(person) => Decision::Approved(Authorization {
                client: device.client.id().to_owned(),
                nonce: None,
                offline: device.stored.record.offline && person.is_ours(),
                groups: device.stored.record.groups,
                person,
            }),
        };
        let WaitingDevice { id, mut stored, .. } = device;
        // The device goes on asking, and each question changes its record.
        for _ in 0..DECISION_ATTEMPTS {
            let decision = decision.clone();
            let new = DeviceAuthorization {
                decision,
                ..stored.record.clone()
            };
            let step = Step::default().replace(&stored, &new)?;
            if self.sessions.apply(step).await? == Outcome::Done {
                return Ok(());
            }
            stored = self.pending_device(&id).await?;
        }
        Err(Error::Busy)
    }

    async fn pending_device(&self, id: &[u8]) -> Result<Stored<DeviceAuthorization>, Error> {
        let stored = self.sessions.load::<DeviceAuthorization>(id).await?;
        let now = self.clock.now();
        stored
            .filter(|stored| stored.record.expires > now)
            .filter(|stored| matches!(stored.record.decision, Decision::Pending))
            .ok_or(Error::UserCodeUnknown)
    }

    /// The device's question at the token endpoint (RFC 8628 §3.4 and §3.5).
    pub(crate) async fn redeem_device_code(
        &self,
        client: &Client,
        parameters: &Parameters,
    ) -> Result<TokenResponse, Error> {
        client.may(Grant::DeviceCode)?;
        let presented = parameters.required("device_code")?;
        let verifier = parameters.optional("code_verifier")?.unwrap_or("");
        let code = Secret::presented(presented).ok_or(Error::DeviceCodeExpired)?;
        let stored = self
            .sessions
            .load::<DeviceAuthorization>(&code.digest())
            .await?;
        let stored = stored.ok_or(Error::DeviceCodeExpired)?;
        let device = &stored.record;
        if device.client != client.id() {
            return Err(Error::CodeOfOtherClient);
        }
        if device.expires <= self.clock.now() {
            return Err(Error::DeviceCodeExpired);
        }
        match &device.decision {
            Decision::Pending => Err(self.not_yet(&stored).await),
            Decision::Denied => Err(Error::AccessDenied),
            Decision::Redeemed => Err(Error::DeviceCodeExpired),
            Decision::Approved(authorization) => {
                if device
                    .challenge
                    .as_ref()
                    .is_some_and(|c| !c.is_answered_by(verifier))
                {
                    return Err(Error::VerifierWrong);
                }
                self.redeem_approval(client, &code, &stored, authorization)
                    .await
            }
        }
    }

    async fn redeem_approval(
        &self,
        client: &Client,
        code: &Secret,
        stored: &Stored<DeviceAuthorization>,
        authorization: &Authorization,
    ) -> Result<TokenResponse, Error> {
        let redeemed = DeviceAuthorization {
            decision: Decision::Redeemed,
            ..stored.record.clone()
        };
        self.still_valid(authorization)?;
        // Signed before the code is used up, so that a key that fails costs nobody the sign-in.
        let response = self
            .issue_to_person(client, authorization, "device_code")
            .await?;
        let step = Step::default().replace(stored, &redeemed)?;
        let grant = authorization
            .offline
            .then(|| self.new_grant(code, authorization));
        let (step, refresh) = NewGrant::add_to(grant.transpose()?, step)?;
        if self.sessions.apply(step).await? == Outcome::Overtaken {
            return Err(Error::DeviceCodeExpired);
        }
        Ok(response.with_refresh_token(refresh))
    }

    /// Remembers when the device asked, and slows it down if that was too early.
    async fn not_yet(&self, stored: &Stored<DeviceAuthorization>) -> Error {
        let now = self.clock.now();
        let device = stored.record.clone();
        let early = device.asks_early(now);
        let interval = if early {
            device.interval + INTERVAL
        } else {
            device.interval
        };
        let device = DeviceAuthorization {
            asked: Some(now),
            interval,
            ..device
        };
        let step = Step::default().replace(stored, &device);
        let applied = match step {
            Ok(step) => self.sessions.apply(step).await,
            Err(error) => Err(error),
        };
        match applied {
            // Overtaken by the person's decision: the next question will see it.
            Ok(_) if early => Error::SlowDown,
            Ok(_) => Error::AuthorizationPending,
            Err(error) => error,
        }
    }

    fn device_response(&self, device_code: &Secret, letters: &str) -> DeviceResponse {
        let user_code = grouped(letters);
        let verification_uri = self.issuer.join("/device");
        DeviceResponse {
            device_code: device_code.as_str().to_owned(),
            verification_uri_complete: format!("{verification_uri}?user_code={user_code}"),
            verification_uri,
            user_code,
            expires_in: self.lifetimes.device.whole_seconds(),
            interval: INTERVAL,
        }
    }
}

impl DeviceAuthorization {
    fn asks_early(&self, now: OffsetDateTime) -> bool {
        let interval = time::Duration::seconds(self.interval.into());
        self.asked.is_some_and(|asked| now < asked + interval)
    }
}

/// RFC 8628 §6.1: eight letters without vowels, 20^8 of them, so that no words come about.
fn user_code() -> Result<String, Error> {
    let mut letters = String::with_capacity(8);
    while letters.len() < 8 {
        // 240 is the largest multiple of 20 in a byte; beyond it some letters would be likelier.
        let drawn = random_bytes::<16>()?.into_iter().filter(|byte| *byte < 240);
        let drawn = drawn.filter_map(|byte| ALPHABET.chars().nth(usize::from(byte) % 20));
        letters.extend(drawn.take(8 - letters.len()));
    }
    Ok(letters)
}

fn grouped(letters: &str) -> String {
    match letters.split_at_checked(4) {
        Some((first, second)) => format!("{first}-{second}"),
        None => letters.to_owned(),
    }
}

const ALPHABET: &str = "BCDFGHJKLMNPQRSTVWXZ";
const INTERVAL: u32 = 5;
const DECISION_ATTEMPTS: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_codes_are_eight_letters_without_vowels() {
        for _ in 0..100 {
            let code = user_code().unwrap();
            assert_eq!(code.len(), 8);
            assert!(code.chars().all(|c| ALPHABET.contains(c)), "{code}");
        }
        assert_eq!(grouped("BCDFGHJK"), "BCDF-GHJK");
    }
}
