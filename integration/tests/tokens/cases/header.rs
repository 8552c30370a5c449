//! Headers (RFC 7515 §4): algorithms that are none, keys that are not there, and parameters that want to be believed.

use serde_json::json;

use crate::case::{Case, Change, Expected, case, refused};
use crate::draft::Base;
use crate::key::{Secret, Signing};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut people = |name: String, header: String, signing, expected| {
        cases.push(case(
            name,
            Base::People,
            Change::Header(header, signing),
            expected,
        ));
    };
    for algorithm in ALGORITHMS_OF_NO_KEY {
        people(
            format!("alg: {algorithm:?}"),
            json!({"alg": algorithm, "kid": "p256"}).to_string(),
            Signing::Es256,
            refused("signature", MISMATCH),
        );
    }
    for secret in [
        Secret::Empty,
        Secret::PublicKeyDer,
        Secret::PublicKeyPem,
        Secret::PublicPoint,
        Secret::KeyId,
    ] {
        people(
            format!("alg: HS256 with {secret:?} for its secret"),
            r#"{"alg":"HS256","kid":"p256"}"#.to_owned(),
            Signing::Hmac(secret),
            refused("signature", MISMATCH),
        );
        people(
            format!("alg: HS256 with {secret:?} for its secret, without kid"),
            r#"{"alg":"HS256"}"#.to_owned(),
            Signing::Hmac(secret),
            refused("signature", MISMATCH),
        );
    }
    for (kid, algorithm, signing) in [
        ("rsa", "ES256", Signing::Es256),
        ("p256", "RS256", Signing::Rs256),
        ("p256", "ES384", Signing::Es384),
        ("p384", "ES256", Signing::Es256),
        ("p521", "ES384", Signing::Es384),
        ("ed25519", "ES256", Signing::Es256),
        ("p256", "EdDSA", Signing::EdDsa),
        ("rs256", "RS512", Signing::Rs512),
        ("rs256", "PS256", Signing::Ps256),
        ("rs256", "RS384", Signing::Rs384),
    ] {
        people(
            format!("alg: {algorithm} with key {kid}"),
            json!({"alg": algorithm, "kid": kid}).to_string(),
            signing,
            refused("signature", MISMATCH),
        );
    }
    for (name, header) in MALFORMED {
        people(
            (*name).to_owned(),
            (*header).to_owned(),
            Signing::Es256,
            refused("format", HEADER),
        );
    }
    for (name, header) in OTHER_FORMS {
        people(
            (*name).to_owned(),
            (*header).to_owned(),
            Signing::Es256,
            refused("format", FORM),
        );
    }
    for kid in UNKNOWN_KEYS {
        people(
            format!("kid: {kid:?}"),
            json!({"alg": "ES256", "kid": kid}).to_string(),
            Signing::Es256,
            refused("signature", "publishes no key"),
        );
    }
    people(
        "kid: 8 KiB".to_owned(),
        json!({"alg": "ES256", "kid": "p256".repeat(2048)}).to_string(),
        Signing::Es256,
        refused("signature", "publishes no key"),
    );
    for (name, header) in IGNORED {
        people(
            (*name).to_owned(),
            (*header).to_owned(),
            Signing::Es256,
            Expected::Accepted,
        );
    }
    cases.extend(brought_keys());
    cases
}

/// A header brings the key that it was signed with. Only the issuer's count.
fn brought_keys() -> Vec<Case> {
    let parameters = ["jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256"];
    let brought = |parameter: &&str| {
        let name = format!("{parameter}: of a key that no issuer publishes");
        let change = Change::Text(match *parameter {
            "jwk" => |keys, draft| {
                let mut draft = draft.clone();
                draft.header =
                    json!({"alg": "ES256", "kid": "p256", "jwk": keys.stranger()}).to_string();
                draft.signing = Signing::Stranger;
                draft.sign(keys)
            },
            "jku" => |keys, draft| by_stranger(keys, draft, "jku"),
            "x5u" => |keys, draft| by_stranger(keys, draft, "x5u"),
            "x5c" => |keys, draft| by_stranger(keys, draft, "x5c"),
            "x5t" => |keys, draft| by_stranger(keys, draft, "x5t"),
            _ => |keys, draft| by_stranger(keys, draft, "x5t#S256"),
        });
        case(
            name,
            Base::People,
            change,
            refused("signature", "does not verify"),
        )
    };
    parameters.iter().map(brought).collect()
}

fn by_stranger(keys: &crate::key::Keys, draft: &crate::draft::Draft, parameter: &str) -> String {
    let mut header = json!({"alg": "ES256", "kid": "p256"});
    header[parameter] = json!("https://evil.example.com/keys");
    let mut draft = draft.clone();
    draft.header = header.to_string();
    draft.signing = Signing::Stranger;
    draft.sign(keys)
}

const ALGORITHMS_OF_NO_KEY: [&str; 24] = [
    "none", "None", "NONE", "nOnE", "", " ", "HS256", "HS384", "HS512", "es256", "ES256 ",
    " ES256", "ES256\0", "ES256K", "ES224", "RS1", "RS256", "PS512", "EdDSA", "Ed25519", "Ed448",
    "dir", "RSA-OAEP", "A128KW",
];

const MALFORMED: &[(&str, &str)] = &[
    ("header: a list", r#"[]"#),
    ("header: a list of parameters", r#"["ES256","p256"]"#),
    ("header: a text", r#""ES256""#),
    ("header: null", "null"),
    ("header: not JSON", "header"),
    ("header: nothing in it", "{}"),
    ("header: no alg", r#"{"kid":"p256"}"#),
    ("header: alg in capitals", r#"{"ALG":"ES256","kid":"p256"}"#),
    (
        "header: something behind",
        r#"{"alg":"ES256","kid":"p256"} x"#,
    ),
    (
        "header: a byte order mark",
        "\u{feff}{\"alg\":\"ES256\",\"kid\":\"p256\"}",
    ),
    ("alg: null", r#"{"alg":null,"kid":"p256"}"#),
    ("alg: a number", r#"{"alg":256,"kid":"p256"}"#),
    ("alg: a list", r#"{"alg":["ES256"],"kid":"p256"}"#),
    ("alg: an object", r#"{"alg":{"ES256":true},"kid":"p256"}"#),
    ("alg: false", r#"{"alg":false,"kid":"p256"}"#),
    ("kid: a number", r#"{"alg":"ES256","kid":256}"#),
    ("kid: a list", r#"{"alg":"ES256","kid":["p256"]}"#),
    ("kid: an object", r#"{"alg":"ES256","kid":{"p256":1}}"#),
    ("kid: true", r#"{"alg":"ES256","kid":true}"#),
    (
        "twice: alg, the same",
        r#"{"alg":"ES256","alg":"ES256","kid":"p256"}"#,
    ),
    (
        "twice: alg, none last",
        r#"{"alg":"ES256","kid":"p256","alg":"none"}"#,
    ),
    (
        "twice: alg, none first",
        r#"{"alg":"none","kid":"p256","alg":"ES256"}"#,
    ),
    (
        "twice: alg, written otherwise",
        r#"{"alg":"ES256","kid":"p256","\u0061lg":"none"}"#,
    ),
    ("twice: kid", r#"{"alg":"ES256","kid":"p256","kid":"p384"}"#),
    (
        "twice: a parameter that nobody reads",
        r#"{"alg":"ES256","kid":"p256","x":1,"x":2}"#,
    ),
    (
        "twice: within jwk",
        r#"{"alg":"ES256","kid":"p256","jwk":{"kty":"EC","kty":"RSA"}}"#,
    ),
];

const OTHER_FORMS: &[(&str, &str)] = &[
    (
        "crit: of exp",
        r#"{"alg":"ES256","kid":"p256","crit":["exp"],"exp":1}"#,
    ),
    (
        "crit: of b64",
        r#"{"alg":"ES256","kid":"p256","crit":["b64"],"b64":false}"#,
    ),
    (
        "crit: of b64, which is true",
        r#"{"alg":"ES256","kid":"p256","crit":["b64"],"b64":true}"#,
    ),
    ("crit: empty", r#"{"alg":"ES256","kid":"p256","crit":[]}"#),
    ("crit: null", r#"{"alg":"ES256","kid":"p256","crit":null}"#),
    (
        "crit: a text",
        r#"{"alg":"ES256","kid":"p256","crit":"exp"}"#,
    ),
    (
        "crit: of alg",
        r#"{"alg":"ES256","kid":"p256","crit":["alg"]}"#,
    ),
    ("b64: false", r#"{"alg":"ES256","kid":"p256","b64":false}"#),
    ("zip: DEF", r#"{"alg":"ES256","kid":"p256","zip":"DEF"}"#),
    (
        "enc: A256GCM",
        r#"{"alg":"ES256","kid":"p256","enc":"A256GCM"}"#,
    ),
];

const UNKNOWN_KEYS: [&str; 14] = [
    "",
    " ",
    "P256",
    "p256 ",
    "p256\0",
    "p2",
    "p2566",
    "../p256",
    "../../../../etc/passwd",
    "file:///dev/null",
    "https://evil.example.com/keys#p256",
    "p256' OR '1'='1",
    "p256\u{200b}",
    "\u{ff50}256",
];

const IGNORED: &[(&str, &str)] = &[
    ("kid: not there, and one key fits", r#"{"alg":"ES256"}"#),
    (
        "kid: null, and one key fits",
        r#"{"alg":"ES256","kid":null}"#,
    ),
    ("typ: JWT", r#"{"alg":"ES256","kid":"p256","typ":"JWT"}"#),
    ("typ: JOSE", r#"{"alg":"ES256","kid":"p256","typ":"JOSE"}"#),
    ("typ: a number", r#"{"alg":"ES256","kid":"p256","typ":7}"#),
    ("cty: JWT", r#"{"alg":"ES256","kid":"p256","cty":"JWT"}"#),
    (
        "jku: beside the key of the issuer",
        r#"{"alg":"ES256","kid":"p256","jku":"https://evil.example.com"}"#,
    ),
    (
        "x5u: beside the key of the issuer",
        r#"{"alg":"ES256","kid":"p256","x5u":"https://evil.example.com"}"#,
    ),
    (
        "header: a parameter that nobody reads",
        r#"{"alg":"ES256","kid":"p256","x":{"y":[1]}}"#,
    ),
];

const MISMATCH: &str = "the token's algorithm is not the one of the issuer's key";
const HEADER: &str = "the header is not a json object with alg, or has a member twice";
const FORM: &str = "the header asks for more than a signature";
