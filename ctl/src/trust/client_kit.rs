//! The client kit: what a client needs to use the instance, and the exact commands.

use super::trust::Trust;
use super::{unusable_value, write};
use crate::failure::Failure;
use crate::instance::{Instance, Service};

pub(super) fn write_all(instance: &Instance, trust: &Trust) -> Result<(), Failure> {
    let failed = |error| unusable_value("the client kit", &error);
    let trusted_root = trust.state.trusted_root().map_err(failed)?;
    let signing_config = trust.state.signing_config();
    let config = trust.state.client_trust_config().map_err(failed)?;
    for (name, bytes) in [
        ("root.json", trust.root.clone()),
        ("trusted_root.json", trusted_root.encode()),
        ("signing_config.v0.2.json", signing_config.encode()),
        ("client_trust_config.json", config.encode()),
        ("README.md", readme(instance).into_bytes()),
    ] {
        write(&instance.path("client").join(name), &bytes)?;
    }
    Ok(())
}

fn readme(instance: &Instance) -> String {
    let manifest = &instance.manifest;
    let url = |service| manifest.url(service);
    let tls = if manifest.tls { TLS } else { "" };
    README
        .replace("{name}", &manifest.name)
        .replace("{issuer}", &url(Service::Oidc))
        .replace("{tuf}", &url(Service::Tuf))
        .replace("{tsa}", &url(Service::Tsa))
        .replace("{ca}", &url(Service::Ca))
        .replace("{tlog}", &url(Service::Tlog))
        .replace("{tls}", tls)
}

const TLS: &str = "
The services speak TLS with certificates of the instance's own authority, `tls-ca.pem`. `sigctl env` sets
`SSL_CERT_FILE`, `REQUESTS_CA_BUNDLE` and `NODE_EXTRA_CA_CERTS` to it; Java needs it in its trust store.
";

const README: &str = "# Clients of {name}

This folder is all that a client needs: it holds no secret. `root.json` is the start of trust for clients that follow
the instance's trust root; the other files are for clients that work from files.
{tls}
In the commands, `$TOKEN` is an identity token of the issuer `{issuer}`. Without `--identity-token` a client opens the
browser. On a `dev` instance, `sigctl token DIR --identity you@example.com` prints one.

## cosign 3

    cosign sign-blob --yes --identity-token \"$TOKEN\" --signing-config signing_config.v0.2.json \\
      --trusted-root trusted_root.json --bundle FILE.sigstore.json FILE
    cosign verify-blob --trusted-root trusted_root.json --use-signed-timestamps \\
      --certificate-identity you@example.com --certificate-oidc-issuer {issuer} \\
      --bundle FILE.sigstore.json FILE

Or once `cosign initialize --mirror {tuf} --root root.json`, and then without the first two options. It replaces what
cosign trusts in `$TUF_ROOT`; `eval \"$(sigctl env DIR)\"` gives the shell a place of its own first.

    cosign attest-blob --yes --identity-token \"$TOKEN\" --signing-config signing_config.v0.2.json \\
      --trusted-root trusted_root.json --type slsaprovenance1 --predicate PREDICATE.json \\
      --bundle FILE.sigstore.json FILE
    cosign verify-blob-attestation --trusted-root trusted_root.json --use-signed-timestamps \\
      --type slsaprovenance1 --certificate-identity you@example.com --certificate-oidc-issuer {issuer} \\
      --bundle FILE.sigstore.json FILE

## cosign 2.6, through Rekor v1

    cosign initialize --mirror {tuf} --root root.json
    cosign sign-blob --yes --identity-token \"$TOKEN\" --fulcio-url {ca} --rekor-url {tlog} \\
      --oidc-issuer {issuer} --bundle FILE.bundle FILE
    cosign verify-blob --certificate-identity you@example.com --certificate-oidc-issuer {issuer} \\
      --rekor-url {tlog} --bundle FILE.bundle FILE

`cosign sign` and `cosign verify` take the same options for an image.

## rekor-cli 1.5

    rekor-cli search --rekor_server {tlog} --artifact FILE
    rekor-cli get --rekor_server {tlog} --uuid UUID
    rekor-cli loginfo --rekor_server {tlog}

## sigstore-js 4.1, through Rekor v1

    const { sign, verify } = require('sigstore');
    const bundle = await sign(data, {
      identityToken: process.env.TOKEN, fulcioURL: '{ca}', rekorURL: '{tlog}', tsaServerURL: '{tsa}',
    });
    await verify(bundle, data, {
      tufMirrorURL: '{tuf}', tufRootPath: 'root.json', tufCachePath: 'tuf-cache',
      certificateIdentityEmail: 'you@example.com', certificateIssuer: '{issuer}',
    });

With `bundleBuilderFromSigningConfig` of `@sigstore/sign` and `signing_config.v0.2.json` it signs through Rekor v2.

## sigstore-python 4.5

    sigstore --trust-config client_trust_config.json sign --identity-token \"$TOKEN\" \\
      --bundle FILE.sigstore.json FILE
    sigstore --trust-config client_trust_config.json verify identity --bundle FILE.sigstore.json \\
      --cert-identity you@example.com --cert-oidc-issuer {issuer} FILE

Or once `sigstore --instance {tuf} trust-instance root.json`, and then `sigstore --instance {tuf} sign …`.

## sigctl

    sigctl verify FILE --bundle FILE.sigstore.json --trusted-root trusted_root.json \\
      --identity you@example.com --issuer {issuer}

## OpenSSL, for timestamps

    openssl ts -query -data FILE -sha256 -cert -out query.tsq
    curl -sS -H 'Content-Type: application/timestamp-query' --data-binary @query.tsq \\
      -o reply.tsr {tsa}/api/v1/timestamp
    curl -sS -o chain.pem {tsa}/api/v1/timestamp/certchain
    openssl ts -verify -queryfile query.tsq -in reply.tsr -CAfile chain.pem -untrusted chain.pem
";
