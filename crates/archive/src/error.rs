use std::io;

/// Why an archive could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file does not begin as an age file.
    #[error("it is no age file")]
    NotAge,
    /// The file is for other recipients than one passphrase.
    #[error("it is an age file that no passphrase opens")]
    OtherRecipient,
    /// The work that the file asks for is more than any writer of it chose.
    #[error("its passphrase asks for a work factor of {log_n}, and at most {most} are done")]
    WorkFactor {
        /// The logarithm that the header names.
        log_n: u8,
        /// The largest that is accepted.
        most: u8,
    },
    /// The passphrase is another one, or what it would open was changed.
    #[error("the passphrase does not open it")]
    Passphrase,
    /// The passphrase is right, and the header was changed.
    #[error("its header is damaged")]
    Header,
    /// A chunk is not what was written.
    #[error("it is damaged between byte {from} and byte {to}")]
    Damaged {
        /// The first byte of the chunk.
        from: u64,
        /// The byte behind it.
        to: u64,
    },
    /// The file ends before its content does.
    #[error("it ends at byte {at}, before its content does")]
    CutOff {
        /// Where it ends.
        at: u64,
    },
    /// What was decrypted is not an archive of an instance.
    #[error("it is not the archive of an instance: {why}")]
    Foreign {
        /// What is not as it must be.
        why: String,
    },
    /// The archive has another format.
    #[error("it has format {found}, and this program reads format {known}")]
    Format {
        /// The format that its opening names.
        found: u32,
        /// The one that can be read.
        known: u32,
    },
    /// A file is not what the manifest says.
    #[error("{path}: {why}")]
    Differs {
        /// The file, relative to the instance.
        path: String,
        /// What differs.
        why: String,
    },
    /// The content of a file ended before the length that was announced.
    #[error("{path} became shorter while it was read")]
    Shrunk {
        /// The file, relative to the instance.
        path: String,
    },
    /// Something happened within a member.
    #[error("in {path}")]
    Within {
        /// The file, relative to the instance.
        path: String,
        /// What happened.
        #[source]
        source: Box<Self>,
    },
    /// No key could be made, or a cipher refused.
    #[error("the cipher refuses")]
    Cipher,
    /// The archive, or what a member is written to, could not be written or read.
    #[error("it cannot be written or read")]
    Io(#[source] io::Error),
}

impl Error {
    /// What an error was before it went through readers of bytes, each of which may have wrapped it.
    pub(crate) fn of(error: io::Error) -> Self {
        let mut cause = error.get_ref().map(|inner| inner as &Cause);
        while let Some(inner) = cause {
            if let Some(own) = inner.downcast_ref::<Self>().and_then(Self::told_again) {
                return own;
            }
            // The source of such an error leaves out what it wraps.
            let wrapped = inner.downcast_ref::<io::Error>();
            cause = match wrapped.and_then(io::Error::get_ref) {
                Some(wrapped) => Some(wrapped),
                None => inner.source(),
            };
        }
        Self::Io(error)
    }

    /// The same error again, of those that come through readers.
    fn told_again(&self) -> Option<Self> {
        Some(match self {
            Self::Damaged { from, to } => Self::Damaged {
                from: *from,
                to: *to,
            },
            Self::CutOff { at } => Self::CutOff { at: *at },
            Self::Shrunk { path } => Self::Shrunk { path: path.clone() },
            Self::Cipher => Self::Cipher,
            _ => return None,
        })
    }

    /// The same, with the member in which it happened. An error of the medium names its file by itself.
    pub(crate) fn within(self, path: &str) -> Self {
        match self {
            damage @ (Self::Damaged { .. } | Self::CutOff { .. }) => Self::Within {
                path: path.to_owned(),
                source: Box::new(damage),
            },
            other => other,
        }
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => error,
            other => Self::other(other),
        }
    }
}

type Cause = dyn std::error::Error + 'static;
