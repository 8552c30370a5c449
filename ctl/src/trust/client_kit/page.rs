//! The page for clients: the fingerprints, where the services are, and the kit's own text, as HTML without scripts.

use askama::Template;
use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};
use sigstead_trust_root::{SigningConfig, TrustState};

use crate::failure::Failure;
use crate::instance::{Instance, Service};

use super::{ClientKit, unusable};

/// The page as a file. `readme` is the text of the kit, of which the page has all but the heading.
pub(super) fn of(
    instance: &Instance,
    state: &TrustState,
    kit: &ClientKit,
    readme: &str,
) -> Result<String, Failure> {
    let own = own_text(instance, state, kit);
    let readme = readme.split_once('\n').map_or("", |(_, rest)| rest);
    let (text, sections) = rendered(&format!("{own}{readme}"));
    let page = Page {
        name: &instance.manifest.name,
        text,
        sections,
    };
    page.render().map_err(|error| unusable(&error))
}

/// The page's style, a file of its own because the service permits no other.
pub(super) const STYLE: &str = include_str!("page.css");

#[derive(Template)]
#[template(path = "client_page.html")]
struct Page<'a> {
    name: &'a str,
    text: String,
    sections: Vec<Section>,
}

/// A part of the page.
#[derive(Debug, PartialEq, Eq)]
struct Section {
    id: String,
    heading: String,
}

fn own_text(instance: &Instance, state: &TrustState, kit: &ClientKit) -> String {
    let manifest = &instance.manifest;
    let (curl, insecure) = match manifest.shows_own_tls() {
        true => ("-fsS --insecure", INSECURE),
        false => ("-fsS", ""),
    };
    TEXT.replace("{insecure}", insecure)
        .replace("{curl}", curl)
        .replace("{services}", &services(instance, &state.signing_config()))
        .replace("{name}", &manifest.name)
        .replace("{tuf}", &manifest.url(Service::Tuf))
        .replace("{version}", &kit.root_version.to_string())
        .replace("{expires}", &kit.root_expires.date().to_string())
        .replace("{root_words}", &kit.root.words)
        .replace("{root_sha256}", &kit.root.sha256)
        .replace("{kit_words}", &kit.archive.words)
        .replace("{kit_sha256}", &kit.archive.sha256)
}

/// The rows of the table of services, as clients are told them.
fn services(instance: &Instance, config: &SigningConfig) -> String {
    let mut rows = String::new();
    let mut row = |what: &str, url: &str| rows.push_str(&format!("| {what} | `{url}` |\n"));
    for service in &config.oidc_urls {
        row("Identity issuer", &service.url);
    }
    for service in &config.ca_urls {
        row("Certificate authority", &service.url);
    }
    for service in &config.rekor_tlog_urls {
        row(
            &format!("Transparency log, Rekor v{}", service.major_api_version),
            &service.url,
        );
    }
    for service in &config.tsa_urls {
        row("Timestamp authority", &service.url);
    }
    row("Trust root (TUF)", &instance.manifest.url(Service::Tuf));
    rows
}

/// Markdown as HTML, in which each section can be linked to.
fn rendered(markdown: &str) -> (String, Vec<Section>) {
    let mut events: Vec<_> = Parser::new_ext(markdown, Options::ENABLE_TABLES)
        .map(as_text)
        .collect();
    let mut sections: Vec<Section> = Vec::new();
    let mut is_heading = false;
    for event in &mut events {
        match event {
            Event::Start(Tag::Heading { level, id, .. }) if *level == HeadingLevel::H2 => {
                let name = format!("section-{}", sections.len() + 1);
                *id = Some(CowStr::from(name.clone()));
                sections.push(Section {
                    id: name,
                    heading: String::new(),
                });
                is_heading = true;
            }
            Event::End(TagEnd::Heading(_)) => is_heading = false,
            Event::Text(text) | Event::Code(text) if is_heading => {
                if let Some(section) = sections.last_mut() {
                    section.heading.push_str(text);
                }
            }
            _ => {}
        }
    }
    let mut text = String::new();
    html::push_html(&mut text, events.into_iter());
    (text, sections)
}

/// What looks like HTML in a text is shown, and not obeyed.
fn as_text(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(html) | Event::InlineHtml(html) => Event::Text(html),
        other => other,
    }
}

const TEXT: &str = include_str!("PAGE.md");
const INSECURE: &str = include_str!("INSECURE.md");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_html_is_shown_as_it_is() {
        let (text, _) =
            rendered("# <script>\n\nof <b onclick=x>me</b>\n\n<img src=x>\n\n    a < b && c\n");
        assert!(
            !text.contains("<script") && !text.contains("<b") && !text.contains("<img"),
            "{text}"
        );
        assert!(
            text.contains("&lt;script&gt;") && text.contains("a &lt; b &amp;&amp; c"),
            "{text}"
        );
    }

    #[test]
    fn each_section_can_be_linked_to() {
        let (text, sections) = rendered("# All\n\n## One\n\n## The `second`\n\n### Below\n");
        let found: Vec<_> = sections
            .iter()
            .map(|section| (section.id.as_str(), section.heading.as_str()))
            .collect();
        assert_eq!(found, [("section-1", "One"), ("section-2", "The second")]);
        assert!(
            text.contains("<h2 id=\"section-2\">The <code>second</code></h2>"),
            "{text}"
        );
    }
}
