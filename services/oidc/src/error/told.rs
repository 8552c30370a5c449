use http::StatusCode;

use super::Error;

/// What a page tells a person about a refusal. People did not write the request, so the names of its
/// parameters mean nothing to them; those are in the sentence for support, beside the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) heading: &'static str,
    pub(crate) happened: &'static str,
    /// What the person can do.
    pub(crate) remedy: &'static str,
    /// Whether others have to mend it if it stays.
    pub(crate) asks: bool,
}

impl Error {
    pub(crate) fn told(&self) -> Told {
        match self {
            Self::ClientUnknown => PROGRAM_UNKNOWN,
            Self::RedirectUnregistered => DESTINATION_UNKNOWN,
            Self::AccessDenied => CANCELLED,
            Self::FormStale => PAGE_STALE,
            Self::PasswordWrong
            | Self::CodeWrong
            | Self::FactorRequired
            | Self::Directory { .. }
            | Self::Provider { .. }
            | Self::AddressTaken
            | Self::IdentityUnfit { .. }
            | Self::Throttled { .. }
            | Self::Busy => SIGN_IN_REFUSED,
            Self::UserCodeUnknown | Self::DeviceCodeExpired => DEVICE_GONE,
            _ if self.row().kind.http_status().is_server_error() => FAULT,
            _ => REQUEST_WRONG,
        }
    }
}

impl Told {
    /// For refusals of the routes themselves, before a page was asked.
    pub(crate) fn of(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => NOTHING_HERE,
            status if status.is_server_error() => FAULT,
            _ => REQUEST_WRONG,
        }
    }
}

const PROGRAM_UNKNOWN: Told = Told {
    heading: "Unknown program",
    happened: "The program that sent you here is not one that may sign people in with this service. It was told nothing about you.",
    remedy: "Close this page. If you expected to sign in, the program may be set up for another service.",
    asks: true,
};

const DESTINATION_UNKNOWN: Told = Told {
    heading: "You were not sent on",
    happened: "The program wants you to be sent to an address that it has not registered. It may not be the program that it says it is, so nothing was sent there.",
    remedy: "Close this page and start again from the program itself, not from a link.",
    asks: true,
};

const CANCELLED: Told = Told {
    heading: "Cancelled",
    happened: "You did not sign in, and the program was told nothing about you.",
    remedy: "You can close this page.",
    asks: false,
};

const PAGE_STALE: Told = Told {
    heading: "This page is too old",
    happened: "What you sent was not made for this browser, or has been open for too long. Nothing was changed.",
    remedy: "Permit cookies for this site, load the page again and try once more.",
    asks: false,
};

const SIGN_IN_REFUSED: Told = Told {
    heading: "You are not signed in",
    happened: "Your sign-in was not accepted.",
    remedy: "Try again in a moment.",
    asks: true,
};

const DEVICE_GONE: Told = Told {
    heading: "No device waits",
    happened: "The device has been answered already, or has waited for too long.",
    remedy: "Start again on the device.",
    asks: false,
};

const NOTHING_HERE: Told = Told {
    heading: "There is nothing here",
    happened: "No page of this service has this address.",
    remedy: "Check the address, or go back to the program that sent you here and start again.",
    asks: false,
};

const REQUEST_WRONG: Told = Told {
    heading: "This did not work",
    happened: "The program that sent you here asked in a way that this service does not understand.",
    remedy: "Go back to the program and start again.",
    asks: true,
};

const FAULT: Told = Told {
    heading: "This did not work",
    happened: "The service could not do what you asked. You did nothing wrong.",
    remedy: "Try again in a moment.",
    asks: true,
};
