//! What the issuers do.

/// What an issuer does to who asks it for its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Answers as it should.
    Honest,
    /// Sends readers to another path of its own.
    RedirectSame,
    /// Sends readers to another host of the internet.
    RedirectOther,
    /// Sends readers to this machine.
    RedirectLoopback,
    /// Sends readers to the metadata of a cloud.
    RedirectMetadata,
    /// Has its keys at a name whose address is private.
    PrivateKeys,
    /// Has its keys at a private address, in one of the spellings of it.
    LiteralKeys,
    /// Has its keys at the metadata of a cloud.
    MetadataKeys,
    /// Has its keys at a name whose address is another one each time.
    ReboundKeys,
    /// Is itself at a private address.
    PrivateName,
    /// Is itself at a name whose address is another one each time.
    ReboundName,
    /// Has a public and a private address.
    MixedName,
    /// Its name is asked for and never answered.
    SilentName,
    /// Answers ten gigabytes.
    Endless,
    /// Answers ten gigabytes in ten megabytes.
    Bomb,
    /// Answers its status, a byte at a time.
    DripHead,
    /// Answers its document, a byte at a time.
    DripBody,
    /// Answers a head that does not end.
    EndlessHead,
    /// Announces answers without end.
    EndlessEarly,
    /// Takes the connection and says nothing.
    Silent,
    /// Has honest keys, and tokens whose keys it does not know.
    Flood,
    /// Has another key each time, under the identifier of the honest one.
    Swap,
    /// Has ten thousand keys.
    ManyKeys,
    /// Has thousands of keys in a document that is small enough.
    SmallKeys,
    /// Answers a TLS greeting with something else.
    BrokenTls,
    /// Takes a TLS greeting and says nothing.
    SilentTls,
    /// Ends the connection behind the head.
    Cut,
    /// Answers a page to log in at.
    Html,
    /// Answers the document of the honest issuer.
    OtherIssuer,
}

/// Who named an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lane {
    /// The operator, by its URL.
    Known,
    /// A token, by a name that a pattern matches.
    Strange,
}

impl Kind {
    pub(crate) const HOSTILE: [Self; 28] = [
        Self::RedirectSame,
        Self::RedirectOther,
        Self::RedirectLoopback,
        Self::RedirectMetadata,
        Self::PrivateKeys,
        Self::LiteralKeys,
        Self::MetadataKeys,
        Self::ReboundKeys,
        Self::PrivateName,
        Self::ReboundName,
        Self::MixedName,
        Self::SilentName,
        Self::Endless,
        Self::Bomb,
        Self::DripHead,
        Self::DripBody,
        Self::EndlessHead,
        Self::EndlessEarly,
        Self::Silent,
        Self::Flood,
        Self::Swap,
        Self::ManyKeys,
        Self::SmallKeys,
        Self::BrokenTls,
        Self::SilentTls,
        Self::Cut,
        Self::Html,
        Self::OtherIssuer,
    ];

    /// The kind of the issuer at a host, whose first label is its kind and a number.
    pub(crate) fn of_host(host: &str) -> Option<Self> {
        let label = host.split('.').next()?;
        let (name, _) = label.rsplit_once('-')?;
        let mut all = Self::HOSTILE.into_iter().chain([Self::Honest]);
        all.find(|kind| kind.name() == name)
    }

    /// The URL of an issuer. An issuer of the operator may be anywhere, so those whose address is what is wrong with them
    /// are strange only.
    pub(crate) fn issuer(self, lane: Lane, number: usize) -> String {
        // Strangers at the pattern of an honest issuer are the worst for it.
        let zone = match (lane, self) {
            (Lane::Known, _) => "known".to_owned(),
            (Lane::Strange, Self::Honest) => Self::Silent.pattern(),
            (Lane::Strange, _) => self.pattern(),
        };
        let (scheme, port) = self.scheme();
        format!("{scheme}://{}-{number}.{zone}.example:{port}", self.name())
    }

    /// The issuers of the kind whom tokens name, as the operator writes them.
    pub(crate) fn strangers(self) -> String {
        let (scheme, port) = self.scheme();
        format!("{scheme}://*.{}.example:{port}", self.pattern())
    }

    fn pattern(self) -> String {
        format!("{}.strange", self.name())
    }

    fn scheme(self) -> (&'static str, u16) {
        match self {
            Self::BrokenTls => ("https", BROKEN_TLS),
            Self::SilentTls => ("https", SILENT_TLS),
            _ => ("http", PLAIN),
        }
    }

    pub(crate) fn lanes(self) -> &'static [Lane] {
        match self.known() {
            0 => &[Lane::Strange],
            _ => &[Lane::Known, Lane::Strange],
        }
    }

    /// Whether it keeps the authority waiting until that gives up.
    pub(crate) fn is_slow(self) -> bool {
        matches!(
            self,
            Self::DripHead | Self::DripBody | Self::Silent | Self::SilentTls
        )
    }

    /// How many of them the operator named. More keep the authority waiting than fetches of strangers run at a time.
    pub(crate) fn known(self) -> usize {
        match (self, self.is_slow()) {
            (Self::PrivateName | Self::ReboundName | Self::MixedName, _) => 0,
            (Self::SilentName, _) | (_, true) => 5,
            _ => 1,
        }
    }

    /// Whether the authority may not even connect to it.
    pub(crate) fn is_out_of_reach(self) -> bool {
        matches!(self, Self::PrivateName | Self::MixedName | Self::SilentName)
    }

    /// The kind in the words of a host name.
    pub(crate) fn name(self) -> String {
        let mut name = String::new();
        for letter in format!("{self:?}").chars() {
            if letter.is_ascii_uppercase() && !name.is_empty() {
                name.push('-');
            }
            name.push(letter.to_ascii_lowercase());
        }
        name
    }
}

/// The port of issuers without TLS.
pub(crate) const PLAIN: u16 = 8080;
/// The port at which a TLS greeting is answered with something else.
pub(crate) const BROKEN_TLS: u16 = 8443;
/// The port at which a TLS greeting is not answered.
pub(crate) const SILENT_TLS: u16 = 8444;
