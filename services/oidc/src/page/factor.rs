use askama::Template;
use qrcodegen::{QrCode, QrCodeEcc};
use zeroize::Zeroizing;

use super::{Connection, Shell};
use crate::error::Error;
use crate::second_factor::{Enrolment, grouped};

/// The page that asks for a code beside the password.
#[derive(Template)]
#[template(path = "code_asked.html")]
pub(crate) struct CodeAskedPage<'a> {
    pub(crate) shell: &'a Shell,
    pub(crate) form_token: String,
    pub(crate) half: &'a str,
    pub(crate) email: &'a str,
    pub(crate) error: Option<String>,
}

/// The page that shows a second factor that is being set up, and asks for a code of it.
#[derive(Template)]
#[template(path = "enrolment.html")]
pub(crate) struct EnrolmentPage<'a> {
    pub(crate) shell: &'a Shell,
    pub(crate) form_token: String,
    pub(crate) half: &'a str,
    pub(crate) email: &'a str,
    pub(crate) shared: SharedSecret,
    pub(crate) recovery: Vec<String>,
    pub(crate) error: Option<String>,
}

/// The page where a person gets another second factor, or none.
#[derive(Template)]
#[template(path = "second_factor.html")]
pub(crate) struct SecondFactorPage<'a> {
    pub(crate) shell: &'a Shell,
    pub(crate) form_token: String,
    pub(crate) email: String,
    pub(crate) error: Option<String>,
}

/// What an app has to know, in three forms.
pub(crate) struct SharedSecret {
    typed: Zeroizing<String>,
    uri: Zeroizing<String>,
    picture: Picture,
}

/// A QR code as the path of a drawing: a square of `side` modules, with the margin that cameras need.
struct Picture {
    side: i32,
    path: Zeroizing<String>,
}

impl SharedSecret {
    pub(crate) fn of(enrolment: &Enrolment, shell: &Shell, email: &str) -> Result<Self, Error> {
        let uri = enrolment.secret.uri(&shell.host, email);
        let secret = enrolment.secret.base32();
        Ok(Self {
            picture: Picture::of(&uri)?,
            typed: Zeroizing::new(grouped(&secret).replace('-', " ")),
            uri,
        })
    }
}

impl Picture {
    fn of(text: &str) -> Result<Self, Error> {
        let code = QrCode::encode_text(text, QrCodeEcc::Medium);
        let code = code.map_err(|_| Error::PictureTooLarge)?;
        let all = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
        let dark = all.filter(|(x, y)| code.get_module(*x, *y));
        let squares = dark.map(|(x, y)| format!("M{} {}h1v1h-1z", x + MARGIN, y + MARGIN));
        Ok(Self {
            side: code.size() + 2 * MARGIN,
            path: Zeroizing::new(squares.collect()),
        })
    }
}

/// Modules of light around the dark ones (ISO/IEC 18004).
const MARGIN: i32 = 4;
