//! How deeply the brackets of an expression nest, told before it is parsed: the parser calls itself for each level.

/// Where, in bytes, the first bracket opens that nests deeper than `most` levels.
pub(crate) fn deeper_than(text: &str, most: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' | '[' | '{' if depth == most => return Some(text.len() - rest.len()),
            '(' | '[' | '{' => {
                depth += 1;
                1
            }
            ')' | ']' | '}' => {
                depth = depth.saturating_sub(1);
                1
            }
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '\'' | '"' => literal_bytes(rest, false),
            _ if first.is_ascii_alphanumeric() || first == '_' => word_bytes(rest),
            _ => first.len_utf8(),
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    None
}

/// A name or number, and the text behind it where the word says how to read that.
fn word_bytes(rest: &str) -> usize {
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let length = rest.find(|c| !is_of_word(c)).unwrap_or(rest.len());
    let (word, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
    let is_prefix = matches!(word.to_ascii_lowercase().as_str(), "r" | "b" | "br");
    if is_prefix && behind.starts_with(['\'', '"']) {
        return length + literal_bytes(behind, word.contains(['r', 'R']));
    }
    length
}

/// A text with its quotes, and the quote alone of one that does not end: what is behind it counts then. In one that `is_raw` a
/// backslash is a letter.
fn literal_bytes(rest: &str, is_raw: bool) -> usize {
    let quotes = ["'''", "\"\"\"", "'", "\""];
    let quote = quotes.into_iter().find(|quote| rest.starts_with(quote));
    let quote = quote.unwrap_or("'");
    let is_of_one_line = quote.len() == 1;
    let mut at = quote.len();
    while let Some(behind) = rest.get(at..).filter(|behind| !behind.is_empty()) {
        if behind.starts_with(quote) {
            return at + quote.len();
        }
        if is_of_one_line && behind.starts_with(['\n', '\r']) {
            break;
        }
        let mut letters = behind.chars();
        let first = letters.next().map_or(0, char::len_utf8);
        let escaped = match behind.starts_with('\\') && !is_raw {
            true => letters.next().map_or(0, char::len_utf8),
            false => 0,
        };
        at += first + escaped;
    }
    quote.len()
}

#[cfg(test)]
mod tests {
    use super::deeper_than;

    #[test]
    fn brackets_count_and_those_of_texts_and_comments_do_not() {
        for (expression, deeper) in [
            ("((true))", None),
            ("(((true)))", Some(2)),
            ("([{1: 2}])", Some(2)),
            ("[1][0][0]", None),
            ("'((((' == \"((((\"", None),
            ("'\\'(((' == claims.a", None),
            ("r'\\' + (((1)))", Some(9)),
            ("bR\"\\\" + (((1)))", Some(10)),
            ("'''a'(((''' + \"\"\"\"(((\"\"\"", None),
            ("xr == 1 && ((('ü')))", Some(13)),
            ("1 // (((\n + (((1)))", Some(14)),
            ("''(((", Some(4)),
            ("'((( never ends", Some(3)),
            ("'of one line\n(((", Some(15)),
            ("rb'\\'(((", Some(7)),
        ] {
            assert_eq!(deeper_than(expression, 2), deeper, "{expression}");
        }
    }
}
