//! An issuer of identity tokens on this machine: the documents that an authority asks for, and tokens that are signed
//! before the clock starts.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};

use anyhow::{Context, Result, ensure};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sigstead_kit::{Clock as _, SystemClock};

use crate::variant::TokenAlgorithm;

/// See the module. It answers until the program ends.
pub(crate) struct Provider {
    pub(crate) url: String,
    rsa: RsaKeyPair,
    elliptic: EcdsaKeyPair,
}

impl Provider {
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let url = format!("http://{}", listener.local_addr()?);
        let rsa = RsaKeyPair::generate(KeySize::Rsa2048).ok();
        let elliptic = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok();
        let provider = Self {
            rsa: rsa.context("no RSA key")?,
            elliptic: elliptic.context("no P-256 key")?,
            url,
        };
        let (discovery, keys) = (
            provider.discovery().to_string(),
            provider.keys()?.to_string(),
        );
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A caller that hangs up has to ask again.
                let _ = answer(stream, &discovery, &keys);
            }
        });
        Ok(provider)
    }

    /// A token for an address, with an identifier of its own.
    pub(crate) fn token(
        &self,
        algorithm: TokenAlgorithm,
        email: &str,
        number: usize,
    ) -> Result<String> {
        let now = SystemClock.now().unix_timestamp();
        let header = json!({"alg": algorithm.name(), "kid": algorithm.name(), "typ": "JWT"});
        let claims = json!({
            "iss": self.url, "aud": AUDIENCE, "sub": email, "email": email, "email_verified": true,
            "iat": now, "exp": now + LIFE_SECONDS, "jti": number.to_string(),
        });
        let signed = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = signed.join(".");
        let signature = self.sign(algorithm, signed.as_bytes())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn sign(&self, algorithm: TokenAlgorithm, message: &[u8]) -> Result<Vec<u8>> {
        let random = SystemRandom::new();
        match algorithm {
            TokenAlgorithm::Rs256 => {
                let mut signature = vec![0; self.rsa.public_modulus_len()];
                let signed = self
                    .rsa
                    .sign(&RSA_PKCS1_SHA256, &random, message, &mut signature);
                signed.ok().context("no signature")?;
                Ok(signature)
            }
            TokenAlgorithm::Es256 => {
                let signature = self.elliptic.sign(&random, message);
                Ok(signature.ok().context("no signature")?.as_ref().to_vec())
            }
        }
    }

    /// OpenID Connect Discovery §3.
    fn discovery(&self) -> Value {
        json!({
            "issuer": self.url,
            "authorization_endpoint": format!("{}/authorize", self.url),
            "token_endpoint": format!("{}/token", self.url),
            "jwks_uri": format!("{}/keys", self.url),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        })
    }

    /// RFC 7517 §5.
    fn keys(&self) -> Result<Value> {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let rsa = self.rsa.public_key().as_ref();
        ensure!(rsa.len() == 270, "the RSA key is not of 2048 bits");
        // RFC 8017 §A.1.1: behind the heads of the sequence and of a number that begins with a zero.
        let modulus = rsa.get(9..265).context("no modulus")?;
        let point = self.elliptic.public_key().as_ref();
        let (x, y) = (point.get(1..33), point.get(33..65));
        Ok(json!({"keys": [
            {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "RS256", "n": encode(modulus), "e": "AQAB"},
            {"kty": "EC", "use": "sig", "alg": "ES256", "kid": "ES256", "crv": "P-256",
                "x": encode(x.context("no point")?), "y": encode(y.context("no point")?)},
        ]}))
    }
}

fn answer(stream: TcpStream, discovery: &str, keys: &str) -> Result<()> {
    let mut stream = BufReader::new(stream);
    let mut request = String::new();
    stream.read_line(&mut request)?;
    let mut line = String::new();
    while stream.read_line(&mut line)? > 2 {
        line.clear();
    }
    let body = if request.contains("/.well-known/openid-configuration ") {
        discovery
    } else {
        keys
    };
    write!(
        stream.get_mut(),
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    Ok(())
}

pub(crate) const AUDIENCE: &str = "sigstore";
/// Longer than any run.
const LIFE_SECONDS: i64 = 6 * 3_600;
