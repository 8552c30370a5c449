use std::fmt;
use std::str::FromStr;

/// What an administrator may do. Each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Looks.
    Viewer,
    /// Does what can be undone, and what happens every day.
    Operator,
    /// Does what cannot be undone, and what says whom the instance trusts.
    Owner,
}

impl Role {
    /// All of them, the least one first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Owner];

    /// As certificates and commands spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Owner => "owner",
        }
    }

    /// The URI by which a certificate gives its holder the role, as a subject alternative name.
    #[must_use]
    pub fn uri(self) -> String {
        format!("{URI}{}", self.name())
    }

    /// The role of such a URI. `None` if the URI does not speak of roles at all.
    pub(super) fn of_uri(uri: &str) -> Option<Result<Self, UnknownRole>> {
        uri.strip_prefix(URI).map(str::parse)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// A role that there is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no role {0:?}; there are viewer, operator and owner")]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let found = Self::ALL.into_iter().find(|role| role.name() == text);
        found.ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

/// One row of the table of the admin interface: a method, and the least role that may call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// The path of the method, such as `/package.Service/Method`.
    pub method: &'static str,
    /// The least role that may call it.
    pub role: Role,
    /// The fields of its message that a record of the call keeps; nothing secret.
    pub recorded: &'static [&'static str],
}

impl Access {
    /// The row of `method`.
    #[must_use]
    pub const fn new(method: &'static str, role: Role) -> Self {
        Self {
            method,
            role,
            recorded: &[],
        }
    }

    /// The same for a method of which a record keeps these fields of the message.
    #[must_use]
    pub const fn recording(self, recorded: &'static [&'static str]) -> Self {
        Self { recorded, ..self }
    }
}

const URI: &str = "sigstead:role/";
