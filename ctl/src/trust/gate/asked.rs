//! A draft, as the official clients find it that are installed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sigstead_trust_root::{ClientTrustConfig, Target, TrustState};

use super::clients::{Client, Kit, TRUST_CONFIG, installed};
use super::documents::{Documents, SIGNING_CONFIG, TRUSTED_ROOT, refused};
use super::sample::NOBODY;
use super::served::Served;
use super::stored::{ARTIFACT, Stored};
use crate::failure::Failure;
use crate::http;
use crate::instance::{Instance, Service};
use crate::token;
use crate::trust::repository::replace;

/// What clients are asked about.
pub(super) struct Question<'a> {
    pub(super) instance: &'a Instance,
    pub(super) state: &'a TrustState,
    pub(super) files: &'a [Target],
    pub(super) published: &'a Documents,
    /// Bundles that count, and whose signatures they are.
    pub(super) bundles: Vec<(&'a Stored, (String, String))>,
}

/// What came of it.
#[derive(Default)]
pub(super) struct Asked {
    pub(super) clients: Vec<&'static str>,
    pub(super) untried: Vec<String>,
}

/// Asks each client that is installed. What it refuses under what is published too is no fault of the draft.
///
/// 1. The draft is served on a port of the loopback interface, and read from there.
/// 2. Each client follows it from its root, verifies the bundles that have a certificate, and signs where tokens are made.
pub(super) async fn ask(question: &Question<'_>) -> Result<Asked, Failure> {
    let (here, untried) = installed();
    let mut asked = Asked {
        untried,
        ..Asked::default()
    };
    if here.is_empty() {
        return Ok(asked);
    }
    let client = http::client(question.instance)?;
    let served = Served::start(question.instance, &client, question.state).await?;
    let draft = served.fetch(&client, question.files).await?;
    let (before, after) = (served.path("before"), served.path("after"));
    write(&before, question.published)?;
    write(&after, &draft)?;
    let table = Table {
        question,
        before,
        after,
        artifact: served.path("artifact"),
    };
    replace(&table.artifact, ARTIFACT)?;
    for (client, program) in here {
        let kit = table.kit(&table.after, &whose(question.instance));
        let followed = client
            .follow(&program, &kit, served.url(), &served.root())
            .await;
        followed.map_err(|why| refused_by_client(&why))?;
        table.verify(client, &program, &mut asked).await?;
        table.sign(client, &program, &mut asked).await?;
        asked.clients.push(client.name());
    }
    Ok(asked)
}

/// The files that clients read.
struct Table<'a> {
    question: &'a Question<'a>,
    before: PathBuf,
    after: PathBuf,
    artifact: PathBuf,
}

impl Table<'_> {
    async fn verify(
        &self,
        client: Client,
        program: &Path,
        asked: &mut Asked,
    ) -> Result<(), Failure> {
        if self.verify_together(client, program).await? {
            return Ok(());
        }
        for (stored, identity) in &self.question.bundles {
            let bundle = self.after.join(format!("{}.sigstore.json", stored.name));
            replace(&bundle, &stored.bundle)?;
            let verify = async |folder: &Path| {
                let kit = self.kit(folder, identity);
                client.verify(program, &kit, &self.artifact, &bundle).await
            };
            let Err(why) = verify(&self.after).await else {
                continue;
            };
            if verify(&self.before).await.is_ok() {
                return Err(refused_by_client(&why));
            }
            asked.untried.push(format!("{} with {why}", stored.name));
        }
        Ok(())
    }

    /// Whether a client that verifies several bundles in one run accepts all of them. If it does not, or verifies one at a time,
    /// each is looked at by itself.
    async fn verify_together(&self, client: Client, program: &Path) -> Result<bool, Failure> {
        let mut of_whom: BTreeMap<&(String, String), Vec<PathBuf>> = BTreeMap::new();
        for (stored, identity) in &self.question.bundles {
            let artifact = self.after.join(&stored.name);
            replace(&artifact, ARTIFACT)?;
            let bundle = self.after.join(format!("{}.sigstore.json", stored.name));
            replace(&bundle, &stored.bundle)?;
            of_whom.entry(identity).or_default().push(artifact);
        }
        for (identity, artifacts) in of_whom {
            let kit = self.kit(&self.after, identity);
            for some in artifacts.chunks(TOGETHER) {
                match client.verify_together(program, &kit, some).await {
                    Some(Ok(())) => {}
                    Some(Err(_)) | None => return Ok(false),
                }
            }
        }
        Ok(true)
    }

    async fn sign(&self, client: Client, program: &Path, asked: &mut Asked) -> Result<(), Failure> {
        let Ok(token) = token::make(self.question.instance, NOBODY).await else {
            asked.untried.push(format!(
                "a signature of {}, for want of a token",
                client.name()
            ));
            return Ok(());
        };
        let token_file = self.after.join("token");
        crate::private::write(&token_file, token.as_bytes())?;
        let bundle = self.after.join("signed.sigstore.json");
        let identity = whose(self.question.instance);
        let sign = async |folder: &Path| {
            let kit = self.kit(folder, &identity);
            let token = (token.as_str(), token_file.as_path());
            client
                .sign(program, &kit, token, (&self.artifact, &bundle))
                .await
        };
        let Err(why) = sign(&self.after).await else {
            let kit = self.kit(&self.after, &identity);
            let verified = client.verify(program, &kit, &self.artifact, &bundle).await;
            return verified.map_err(|why| refused_by_client(&why));
        };
        if sign(&self.before).await.is_ok() {
            return Err(refused_by_client(&why));
        }
        asked.untried.push(format!("a signature of {why}"));
        Ok(())
    }

    fn kit(&self, folder: &Path, identity: &(String, String)) -> Kit {
        Kit::of(self.question.instance, folder, identity)
    }
}

pub(super) fn whose(instance: &Instance) -> (String, String) {
    (NOBODY.to_owned(), instance.manifest.url(Service::Oidc))
}

fn write(folder: &Path, documents: &Documents) -> Result<(), Failure> {
    let made = fs::create_dir_all(folder);
    made.map_err(|error| Failure::file("make", folder, error))?;
    let (root, config) = (&documents.trusted_root, &documents.signing_config);
    let both = ClientTrustConfig::new(root.clone(), config.clone());
    replace(&folder.join(TRUSTED_ROOT), &root.encode())?;
    replace(&folder.join(SIGNING_CONFIG), &config.encode())?;
    replace(&folder.join(TRUST_CONFIG), &both.encode())
}

pub(super) fn refused_by_client(why: &str) -> Failure {
    refused(
        "E-CTL-459",
        "an official client does not go on with it",
        why,
    )
}

/// Few enough for one run to end in time.
const TOGETHER: usize = 50;
