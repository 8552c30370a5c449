use std::cmp::Ordering;

/// Deeper than any entry.
const DEPTH_AT_MOST: u32 = 64;

/// The largest integer that RFC 8785 can spell exactly.
const SAFE_INTEGER: u64 = 1 << 53;

/// Says in what a text is not the one canonical spelling of its JSON value (RFC 8785).
pub(crate) fn check(bytes: &[u8]) -> Result<(), &'static str> {
    let text = str::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
    let mut scanner = Scanner { rest: text };
    scanner.value(0)?;
    if scanner.rest.is_empty() {
        Ok(())
    } else {
        Err("something follows the value")
    }
}

struct Scanner<'a> {
    rest: &'a str,
}

impl Scanner<'_> {
    fn next(&mut self) -> Result<char, &'static str> {
        let mut chars = self.rest.chars();
        let next = chars.next().ok_or("it ends too early")?;
        self.rest = chars.as_str();
        Ok(next)
    }

    fn take(&mut self, literal: &str) -> bool {
        let taken = self.rest.strip_prefix(literal);
        self.rest = taken.unwrap_or(self.rest);
        taken.is_some()
    }

    fn value(&mut self, depth: u32) -> Result<(), &'static str> {
        if depth > DEPTH_AT_MOST {
            return Err("it is too deep");
        }
        match self.rest.as_bytes().first() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(|_| ()),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ if ["true", "false", "null"].iter().any(|word| self.take(word)) => Ok(()),
            _ => Err("it has white space or something that is no value"),
        }
    }

    fn object(&mut self, depth: u32) -> Result<(), &'static str> {
        self.next()?;
        if self.take("}") {
            return Ok(());
        }
        let mut last: Option<String> = None;
        loop {
            let name = self.string()?;
            if last.is_some_and(|last| utf16_order(&last, &name) != Ordering::Less) {
                return Err("its members are not in order, or one is there twice");
            }
            last = Some(name);
            if self.next()? != ':' {
                return Err("a name has no value, or white space before it");
            }
            self.value(depth + 1)?;
            match self.next()? {
                ',' => {}
                '}' => return Ok(()),
                _ => return Err("an object does not go on or end"),
            }
        }
    }

    fn array(&mut self, depth: u32) -> Result<(), &'static str> {
        self.next()?;
        if self.take("]") {
            return Ok(());
        }
        loop {
            self.value(depth + 1)?;
            match self.next()? {
                ',' => {}
                ']' => return Ok(()),
                _ => return Err("an array does not go on or end"),
            }
        }
    }

    fn string(&mut self) -> Result<String, &'static str> {
        if self.next()? != '"' {
            return Err("a name is missing");
        }
        let mut value = String::new();
        loop {
            match self.next()? {
                '"' => return Ok(value),
                '\\' => value.push(self.escape()?),
                control if control < ' ' => return Err("a string has a bare control character"),
                other => value.push(other),
            }
        }
    }

    /// RFC 8785 §3.2.2.2: what has a short escape uses it, other control characters `\u00` and lower-case digits.
    fn escape(&mut self) -> Result<char, &'static str> {
        Ok(match self.next()? {
            '"' => '"',
            '\\' => '\\',
            'b' => '\u{8}',
            't' => '\t',
            'n' => '\n',
            'f' => '\u{c}',
            'r' => '\r',
            'u' => return self.code_point(),
            _ => return Err("a string escapes what needs no escape"),
        })
    }

    fn code_point(&mut self) -> Result<char, &'static str> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.next()?;
            let value = digit.to_digit(16).filter(|_| !digit.is_ascii_uppercase());
            code = code * 16 + value.ok_or("an escape has other digits than lower-case hex")?;
        }
        match code {
            8 | 9 | 10 | 12 | 13 | 32.. => Err("a string escapes in the longer way"),
            _ => char::from_u32(code).ok_or("an escape is no character"),
        }
    }

    fn number(&mut self) -> Result<(), &'static str> {
        let spelled =
            |one: char| one.is_ascii_digit() || matches!(one, '-' | '+' | '.' | 'e' | 'E');
        let end = self
            .rest
            .find(|one| !spelled(one))
            .unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        is_canonical_number(text)
            .then_some(())
            .ok_or("a number is not in its shortest spelling")
    }
}

/// No entry has a number that RFC 8785 spells with an exponent; none is accepted.
fn is_canonical_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if let Ok(integer) = digits.parse::<u64>() {
        return integer <= SAFE_INTEGER && integer.to_string() == digits && text != "-0";
    }
    text.parse::<f64>().is_ok_and(|number| {
        let plain = (1e-6..1e21).contains(&number.abs());
        plain && number.to_string() == text
    })
}

/// RFC 8785 §3.2.3.
fn utf16_order(one: &str, other: &str) -> Ordering {
    one.encode_utf16().cmp(other.encode_utf16())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_of_a_value_is_canonical() {
        for text in [
            "{}",
            "[]",
            r#"{"a":1,"b":[true,false,null,-2,1.5],"c":{"d":"e<>&/\"\\\n\u001f"}}"#,
            "{\"\u{10000}\":1,\"\u{ffff}\":2}",
            r#""""#,
            "9007199254740992",
        ] {
            assert_eq!(check(text.as_bytes()), Ok(()), "{text}");
        }
    }

    #[test]
    fn every_other_spelling_is_not() {
        let deep = "[".repeat(100) + &"]".repeat(100);
        for text in [
            "",
            "{",
            "{} ",
            " {}",
            "{}{}",
            r#"{"b":1,"a":2}"#,
            r#"{"a":1,"a":2}"#,
            r#"{"a": 1}"#,
            r#"{"a":1,}"#,
            r#"{"a":01}"#,
            r#"{"a":1.0}"#,
            r#"{"a":1e2}"#,
            r#"{"a":-0}"#,
            r#"{"a":+1}"#,
            r#"{"a":9007199254740993}"#,
            r#""\/""#,
            r#""\u0041""#,
            r#""\u000A""#,
            r#""\u000a""#,
            r#""\ud83d""#,
            "\"\n\"",
            r#"[1,]"#,
            r#"{a:1}"#,
            "nul",
            "{\"\u{ffff}\":1,\"\u{10000}\":2}",
            &deep,
        ] {
            assert!(check(text.as_bytes()).is_err(), "{text}");
        }
        assert!(check(b"\"\xff\"").is_err());
    }
}
