//! What users of the instance have to know, as Markdown.

use std::collections::BTreeSet;

use super::affected::Affected;
use super::plan::Plan;
use crate::output::one_line;
use crate::trust::moment;

/// The notice, with the facts that are known.
pub(super) fn of(plan: &Plan, affected: &Affected) -> String {
    let reason = plan.reason.as_deref().unwrap_or("not told");
    let published = match &plan.published {
        Some(versions) => format!(
            "with root {} and targets {}",
            versions.root, versions.targets
        ),
        None => "not yet".to_owned(),
    };
    let text = NOTICE
        .replace("{instance}", &escaped(&plan.instance))
        .replace("{subject}", &plan.subject)
        .replace("{place}", &escaped(&plan.place))
        .replace("{key}", &plan.key)
        .replace("{since}", &moment(plan.since))
        .replace("{end}", &moment(plan.end))
        .replace("{published}", &published)
        .replace("{silent_until}", &moment(plan.silent_until))
        .replace("{figures}", &plan.figures());
    // What an operator or a certificate says is put in last, so that nothing in it is replaced.
    let names = affected
        .certificates
        .iter()
        .map(|each| each.identity.as_str());
    let names: BTreeSet<_> = names.collect();
    let lines = |texts: &mut dyn Iterator<Item = &str>| {
        let lines = texts.map(|text| format!("- {}\n", escaped(text)));
        let lines = lines.collect::<String>();
        if lines.is_empty() {
            "- none\n".to_owned()
        } else {
            lines
        }
    };
    let unknown = plan.unknowable.iter().chain(&plan.unanswered);
    let unknown = lines(&mut unknown.map(String::as_str));
    let names = lines(&mut names.into_iter());
    let mut parts = text.split('\u{0}');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for (filled, rest) in [escaped(reason), names, unknown].iter().zip(parts) {
        whole.push_str(filled.trim_end());
        whole.push_str(rest);
    }
    whole
}

/// The text on one line, with nothing that Markdown or a terminal obeys.
fn escaped(text: &str) -> String {
    let mut shown = String::new();
    for character in one_line(text).chars() {
        if character.is_ascii_punctuation() && !"-./:@,;()".contains(character) {
            shown.push('\\');
        }
        shown.push(character);
    }
    shown
}

const NOTICE: &str = "\
# A key of {instance} was in other hands

| | |
|---|---|
| Key | {subject} {place}, `{key}` |
| In other hands since | {since} |
| Why | \u{0} |
| The last second that counts of what it signed | {end} |
| Published | {published} |

What the key signed until {end} counts as before. What it signed later counts no more, for whom it ever was.

## If you verify

- Refresh your trust root. A client that looks for no news trusts the key until {silent_until}.
- If you verify by files (a client kit, a trusted root in a repository or an image), replace them: they trust the key for ever.
- Some clients do not look at the end of a key, sigstore-python 4 among them for certificate authorities and logs. Refuse what
  `block-list.json` lists as well: by serial number, or with `sigctl verify --blocked block-list.json`.

## If you signed after {end}

Sign again, once the instance has another key. Your signature of then is refused.

## What is affected

{figures}. `affected.json` lists each. The certificates name:

\u{0}

## What is not known

\u{0}
";
