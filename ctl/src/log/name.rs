use crate::failure::Failure;

/// The log that an argument means: the one of that name, or the only one of that host, or without an argument the only
/// one that there is.
pub(crate) fn choose(names: &[String], asked: Option<&str>) -> Result<String, Failure> {
    let exact = names.iter().find(|name| Some(name.as_str()) == asked);
    let fits = |name: &&String| asked.is_none_or(|asked| host(name) == asked);
    let fitting: Vec<_> = names.iter().filter(fits).collect();
    match (exact, fitting.as_slice(), asked) {
        (Some(name), _, _) => Ok(name.clone()),
        (None, [name], _) => Ok((*name).clone()),
        (None, [], Some(asked)) => Err(unclear(format!("there is no log {asked}"), names)),
        (None, several, _) => Err(unclear(
            format!("{} logs could be meant", several.len()),
            names,
        )),
    }
}

/// The shards of Rekor v1 have a number behind the host.
pub(crate) fn host(name: &str) -> &str {
    name.split_once(" - ").map_or(name, |(host, _)| host)
}

fn unclear(what: String, names: &[String]) -> Failure {
    let names: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
    Failure::new(
        "E-CTL-012",
        what,
        format!("name one with --log: {}", names.join(", ")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_meant_by_its_name_by_its_host_or_by_being_the_only_one() {
        let names = [
            "rekor.acme - 7",
            "rekor.acme - 8",
            "log.acme",
            "old.acme - 3",
        ];
        let names = names.map(str::to_owned);
        let table = [
            (Some("rekor.acme - 7"), Some("rekor.acme - 7")),
            (Some("log.acme"), Some("log.acme")),
            (Some("old.acme"), Some("old.acme - 3")),
            (Some("rekor.acme"), None),
            (Some("elsewhere"), None),
            (Some(""), None),
            (None, None),
        ];
        for (asked, expected) in table {
            let chosen = choose(&names, asked).ok();
            assert_eq!(chosen.as_deref(), expected, "{asked:?}");
        }
        let only = [names[0].clone()];
        assert_eq!(choose(&only, None).unwrap(), names[0]);
        assert!(choose(&[], None).is_err());
    }
}
