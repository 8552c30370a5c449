use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use sigstead_key::Algorithm;
use sigstead_signer::PrivateKey;
use sigstead_x509::UnsignedRequest;

use crate::failure::Failure;
use crate::output::Output;
use crate::private;

/// What is made where the person is.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The folder to make: `admin.key`, which stays there, and `request.pem`, which the owner of the instance gets.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

#[derive(Serialize)]
struct Made {
    key: PathBuf,
    request: PathBuf,
}

pub(super) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let folder = arguments.out;
    private::create_folder(&folder).map_err(|error| Failure::file("make", &folder, error))?;
    let made = Made {
        key: folder.join("admin.key"),
        request: folder.join("request.pem"),
    };
    let failed = |error: &dyn std::error::Error| {
        Failure::file("make", &made.key, sigstead_kit::causes(error))
    };
    let key = PrivateKey::generate(Algorithm::EcdsaP256Sha256).map_err(|error| failed(&error))?;
    let pem = key.to_pem().map_err(|error| failed(&error))?;
    let unsigned = UnsignedRequest::new(key.public_key()).map_err(|error| failed(&error))?;
    let signer = key.into_signer();
    let signature = signer.sign(unsigned.bytes_to_sign()).await;
    let signature = signature.map_err(|error| failed(&error))?;
    let request = unsigned
        .sign_with(&signature)
        .map_err(|error| failed(&error))?;
    private::write_new(&made.key, pem.as_bytes())?;
    private::write_new(&made.request, request.as_bytes())?;
    output.print(&made, |made| {
        format!(
            "made {}, which stays here, and {}; send that to an owner of the instance, who answers with the rest of the folder",
            made.key.display(),
            made.request.display()
        )
    });
    Ok(())
}
