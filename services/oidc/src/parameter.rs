use crate::error::Error;

/// The parameters of a query string or of a form (`application/x-www-form-urlencoded`).
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// RFC 6749 §3.1: a parameter without a value counts as absent, and none may be sent twice.
    pub(crate) fn optional(&self, name: &'static str) -> Result<Option<&str>, Error> {
        let mut values = self
            .0
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value);
        let first = values.next();
        if values.next().is_some() {
            return Err(Error::ParameterRepeated { name });
        }
        Ok(first.map(String::as_str).filter(|value| !value.is_empty()))
    }

    pub(crate) fn required(&self, name: &'static str) -> Result<&str, Error> {
        self.optional(name)?.ok_or(Error::ParameterMissing { name })
    }

    /// An optional parameter that is carried through; its length is bounded because it is stored.
    pub(crate) fn carried(&self, name: &'static str) -> Result<Option<String>, Error> {
        match self.optional(name)? {
            Some(value) if value.len() > CARRIED_BYTES => Err(Error::ParameterInvalid {
                name,
                reason: "it is longer than 2048 bytes",
            }),
            value => Ok(value.map(str::to_owned)),
        }
    }
}

const CARRIED_BYTES: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_encoded_values_and_takes_empty_ones_as_absent() {
        let parameters = Parameters::parse(b"scope=openid+email&state=a%26b&nonce=");
        assert_eq!(parameters.required("scope").unwrap(), "openid email");
        assert_eq!(parameters.optional("state").unwrap(), Some("a&b"));
        assert_eq!(parameters.optional("nonce").unwrap(), None);
        assert!(matches!(
            parameters.required("nonce"),
            Err(Error::ParameterMissing { name: "nonce" })
        ));
    }

    #[test]
    fn refuses_a_parameter_that_stands_twice() {
        let parameters = Parameters::parse(b"state=a&state=b");
        assert!(matches!(
            parameters.optional("state"),
            Err(Error::ParameterRepeated { name: "state" })
        ));
    }

    #[test]
    fn refuses_to_carry_what_is_too_long() {
        let long = format!("nonce={}", "a".repeat(2049));
        assert!(Parameters::parse(long.as_bytes()).carried("nonce").is_err());
    }
}
