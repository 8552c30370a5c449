use ldap3::{Ldap, Scope, SearchEntry, SearchOptions};

use super::{DirectoryError, REFERRAL, SUCCESS};

/// The entries that a filter finds, `limit` at most. Nothing that they refer to is followed.
pub(super) async fn search(
    ldap: &mut Ldap,
    base: &str,
    scope: Scope,
    filter: &str,
    attributes: &[&str],
    limit: usize,
) -> Result<Vec<SearchEntry>, DirectoryError> {
    let options = SearchOptions::new()
        .sizelimit(i32::try_from(limit).unwrap_or(1))
        .timelimit(LONGEST_SEARCH);
    let entries = ldap3::adapters::EntriesOnly::new();
    let mut stream = ldap
        .with_search_options(options)
        .streaming_search_with(entries, base, scope, filter, attributes)
        .await
        .map_err(DirectoryError::Unreachable)?;
    let mut found = Vec::new();
    while let Some(entry) = stream.next().await.map_err(DirectoryError::Unreachable)? {
        found.push(SearchEntry::construct(entry));
        // A server may ignore the limit that it is sent.
        if found.len() > limit {
            break;
        }
    }
    let result = stream.finish().await;
    match result.rc {
        // More than `limit`, which the caller counts.
        _ if found.len() > limit => Ok(found),
        SUCCESS | SIZE_LIMIT_EXCEEDED => Ok(found),
        REFERRAL => Err(DirectoryError::Referred(result.refs.join(" "))),
        _ => Err(DirectoryError::Search(result.to_string())),
    }
}

/// The filter with what it is to find. A filter has no other place where a stranger's letters stand.
pub(super) fn filled(filter: &str, login: &str, name: &str) -> String {
    let name = ldap3::ldap_escape(name);
    let login = ldap3::ldap_escape(login);
    // In one pass, so that a login cannot stand for another value.
    let mut filled = String::with_capacity(filter.len() + login.len() + name.len());
    let mut rest = filter;
    while let Some(start) = rest.find('{') {
        let (before, from) = rest.split_at(start);
        filled.push_str(before);
        let (value, width) = if from.starts_with("{login}") {
            (login.as_ref(), "{login}".len())
        } else if from.starts_with("{dn}") {
            (name.as_ref(), "{dn}".len())
        } else {
            ("{", 1)
        };
        filled.push_str(value);
        rest = from.get(width..).unwrap_or_default();
    }
    filled + rest
}

/// Directories take many spellings for one name, such as wide letters and several blanks (RFC 4518), and guesses are
/// counted by name. So a name has one spelling here, but for its case.
pub(super) fn is_a_login(login: &str) -> bool {
    (1..=254).contains(&login.len()) && login.bytes().all(|b| b.is_ascii_graphic())
}

const SIZE_LIMIT_EXCEEDED: u32 = 4;
/// Seconds.
const LONGEST_SEARCH: i32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_types_stays_a_value() {
        let filter = "(&(uid={login})(member={dn}){x})";
        for (login, name, expected) in [
            ("ada", "cn=ada", "(&(uid=ada)(member=cn=ada){x})"),
            ("*", "", "(&(uid=\\2a)(member=){x})"),
            ("a)(uid=*", "", "(&(uid=a\\29\\28uid=\\2a)(member=){x})"),
            ("\\2a", "", "(&(uid=\\5c2a)(member=){x})"),
            ("{dn}", "cn=x", "(&(uid={dn})(member=cn=x){x})"),
            ("x", "cn={login}", "(&(uid=x)(member=cn={login}){x})"),
        ] {
            assert_eq!(filled(filter, login, name), expected);
        }
    }

    #[test]
    fn a_name_has_one_spelling() {
        for login in ["ada", "ada@example.com", "*", "a)(uid=*", "EXAMPLE\\ada"] {
            assert!(is_a_login(login), "{login}");
        }
        let long = "x".repeat(255);
        for login in [
            "",
            " ada",
            "ada lovelace",
            "a\nb",
            "ａda",
            "ad\u{e4}",
            &long,
        ] {
            assert!(!is_a_login(login), "{login}");
        }
    }
}
