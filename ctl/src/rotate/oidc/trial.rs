//! What the certificate authority says of tokens of the next key.

use std::time::Duration;

use sigstead_kit::{Clock as _, SystemClock};
use sigstead_proto::admin::v1::ca_admin_client::CaAdminClient;
use sigstead_proto::admin::v1::{TestTokenRequest, TestTokenResponse};
use sigstead_signer::Signer;
use tokio::time::{Instant, sleep};

use crate::admin;
use crate::cluster::each_pod;
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::token;

/// Refuses a key whose tokens the certificate authority refuses, which reads the key set again for it. Only the signature is
/// asked about: what else a token must say is the same with every key.
pub(super) async fn run(instance: &Instance, key: &dyn Signer) -> Result<(), Failure> {
    for process in each_pod(instance, Service::Ca).await? {
        accepts(&process, key).await?;
    }
    Ok(())
}

async fn accepts(instance: &Instance, key: &dyn Signer) -> Result<(), Failure> {
    let began = Instant::now();
    loop {
        let answer = ask(instance, sign(instance, key).await?).await?;
        let mut passed = answer.checks.iter().filter(|check| check.is_passed);
        if passed.any(|check| check.name == SIGNATURE) {
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            let failed = answer.checks.into_iter().find(|check| !check.is_passed);
            let why = failed.map(|check| check.refusal).unwrap_or_default();
            return Err(Failure::new(
                "E-CTL-332",
                "the certificate authority refuses tokens of the next key, which was taken out of the key set",
                "the cause says why: keys that ca/issuers.yaml pins are brought up to date there; then `resume`, or `undo`",
            )
            .because(why));
        }
        sleep(PAUSE).await;
    }
}

/// A token of the key that nobody can sign in with: the name of its host is reserved.
pub(super) async fn sign(instance: &Instance, key: &dyn Signer) -> Result<String, Failure> {
    let config = token::read_config(instance)?;
    token::sign(&config, key, "rotation@sigstead.invalid", SystemClock.now()).await
}

/// Refuses if the certificate authority does not run.
pub(super) async fn check_authority(instance: &Instance) -> Result<(), Failure> {
    admin::connect(instance, Service::Ca).await.map(drop)
}

async fn ask(instance: &Instance, token: String) -> Result<TestTokenResponse, Failure> {
    let channel = admin::connect(instance, Service::Ca).await?;
    let answer = CaAdminClient::new(channel)
        .test_token(TestTokenRequest { token })
        .await;
    Ok(answer.map_err(admin::refused)?.into_inner())
}

const SIGNATURE: &str = "signature";
/// The authority asks for the keys of an issuer once a minute at most, whatever tokens are shown to it.
const PATIENCE: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_secs(2);
