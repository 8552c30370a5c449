//! How clients begin: by the page that the `tuf` service shows, and as `docs/clients.md` says.

use std::process::{Command, Output};

use sigstead_integration::{Instance, client, run, wait_for};

use crate::verifying::{blocks, printed};

/// Runs commands in the story's folder as somebody whose shell knows the instance and cosign.
fn shell(instance: &Instance, commands: &str) -> Output {
    let sigctl = instance.sigctl();
    let sigctl = std::path::Path::new(sigctl.get_program()).parent().unwrap();
    let cosign = client::cosign().unwrap();
    let path = format!(
        "{}:{}:/usr/bin:/bin",
        sigctl.display(),
        cosign.parent().unwrap().display()
    );
    Command::new("sh")
        .args(["-exc", commands])
        .current_dir(instance.work())
        .env("PATH", path)
        .env("TUF_MIRROR", instance.url("tuf"))
        .env("TUF_ROOT", instance.work().join("cosign"))
        .output()
        .unwrap()
}

#[test]
fn the_commands_of_the_page_and_of_the_manual_lead_to_a_signature() {
    if client::cosign().is_none() {
        return;
    }
    let instance = Instance::start("demo", &[]).unwrap();
    let page = page(&instance);
    let began = commands(&page);
    for block in began.iter().take(2) {
        let output = shell(&instance, block);
        assert!(output.status.success(), "{block}\n{}", printed(&output));
    }
    // The page's own command is enough for cosign: it follows the trust root from there.
    let token = instance.token("alice@example.com").unwrap();
    let (issuer, sign) = (
        instance.url("oidc"),
        "cosign sign-blob --yes --identity-token",
    );
    let signed = format!(
        "echo text > file\n{sign} '{token}' --bundle file.json file\n\
         cosign verify-blob --use-signed-timestamps --certificate-identity alice@example.com \
         --certificate-oidc-issuer '{issuer}' --bundle file.json file\n"
    );
    let output = shell(&instance, &signed);
    assert!(output.status.success(), "{}", printed(&output));

    let whole = blocks("clients.md").concat();
    assert!(whole.contains("--is"), "{whole}");
    let output = shell(&instance, &whole);
    assert!(output.status.success(), "{}", printed(&output));
    let told_of_another = "sigctl client fingerprint client-kit/README.md --is \"$(sigctl client \
                           fingerprint client-kit/root.json | head -1)\"";
    let output = shell(&instance, told_of_another);
    assert_eq!(output.status.code(), Some(5), "{}", printed(&output));
    assert!(printed(&output).contains("error E-CTL-482"));

    the_next_publication(&instance, &page, &began);
}

/// The page is of the new root, and what was copied from the old one still begins rightly.
fn the_next_publication(instance: &Instance, before: &str, began: &[String]) {
    run(instance
        .sigctl()
        .args(["trust", "publish", "--valid-for", "30d"])
        .arg(instance.directory()))
    .unwrap();
    assert!(before.contains("The fingerprint of root 1,"), "{before}");
    // The service shows no page from the publication on until it has taken that up.
    wait_for("the page of the next root", || {
        let url = format!("{}/", instance.url("tuf"));
        let shown = run(Command::new("curl").args(["-fsS", &url]));
        let shown = shown.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        shown.is_ok_and(|page| page.contains("The fingerprint of root 2,"))
    })
    .unwrap();
    let output = shell(instance, &format!("rm -r cosign\n{}", began[1]));
    assert!(output.status.success(), "{}", printed(&output));
}

fn page(instance: &Instance) -> String {
    let url = format!("{}/", instance.url("tuf"));
    let page = run(Command::new("curl").args(["-fsS", &url])).unwrap();
    let page = String::from_utf8(page.stdout).unwrap();
    for secret in ["PRIVATE", "passphrase\"", "<script"] {
        assert!(!page.contains(secret), "{secret}");
    }
    page
}

/// The blocks of commands on a page, as a browser shows them.
fn commands(page: &str) -> Vec<String> {
    let blocks = page.split("<pre><code>").skip(1);
    let blocks = blocks.map(|block| block.split("</code>").next().unwrap());
    blocks
        .map(|block| {
            let text = block.replace("&lt;", "<").replace("&gt;", ">");
            text.replace("&quot;", "\"").replace("&amp;", "&")
        })
        .collect()
}
