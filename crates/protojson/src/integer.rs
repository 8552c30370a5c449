//! Integers: JSON numbers, or strings in the grammar of JSON numbers. A fraction of zeros and an exponent are allowed.

use serde_json::Number;

/// The integer that a JSON number is.
pub(crate) fn from_number(number: &Number) -> Option<i128> {
    if let Some(value) = number.as_i64() {
        return Some(value.into());
    }
    if let Some(value) = number.as_u64() {
        return Some(value.into());
    }
    from_float(number.as_f64()?)
}

/// The integer that a floating-point number is.
pub(crate) fn from_float(value: f64) -> Option<i128> {
    // Beyond this a floating-point number may stand for another integer than the one that was written.
    let is_exact = value.fract() == 0.0 && value.abs() < EXACT_BELOW;
    is_exact.then(|| format!("{value:.0}").parse().ok())?
}

/// The integer that a string is.
pub(crate) fn from_text(text: &str) -> Option<i128> {
    let (is_negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, digits(fraction)?),
        None => (mantissa, ""),
    };
    let whole = digits(whole)?;
    if whole.len() > 1 && whole.starts_with('0') {
        return None;
    }
    let value = scale(whole, fraction, exponent)?;
    Some(if is_negative { -value } else { value })
}

/// `whole.fraction` times ten to the power of `exponent`, if that is an integer of a size that fields have.
fn scale(whole: &str, fraction: &str, exponent: i64) -> Option<i128> {
    let all = format!("{whole}{fraction}");
    let significant = all.trim_start_matches('0');
    let stem = significant.trim_end_matches('0');
    if stem.is_empty() {
        return Some(0);
    }
    let dropped = i64::try_from(significant.len() - stem.len()).ok()?;
    let fraction = i64::try_from(fraction.len()).ok()?;
    let zeros = usize::try_from(exponent.checked_sub(fraction)?.checked_add(dropped)?).ok()?;
    if stem.len().checked_add(zeros)? > MOST_DIGITS {
        return None;
    }
    format!("{stem}{}", "0".repeat(zeros)).parse().ok()
}

fn parse_exponent(text: &str) -> Option<i64> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    Some(sign * digits(unsigned)?.parse::<i64>().ok()?)
}

/// The text, if it is one digit or more.
fn digits(text: &str) -> Option<&str> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(text)
}

const EXACT_BELOW: f64 = 9_007_199_254_740_992.0;
/// The largest 64-bit integer has so many digits.
const MOST_DIGITS: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_read_in_the_grammar_of_json() {
        let table = [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("5", Some(5)),
            ("-5", Some(-5)),
            ("5.0", Some(5)),
            ("0.00", Some(0)),
            ("1.5e1", Some(15)),
            ("1e2", Some(100)),
            ("1E+2", Some(100)),
            ("100e-2", Some(1)),
            ("18446744073709551615", Some(18_446_744_073_709_551_615)),
            ("0e999999999999", Some(0)),
            ("", None),
            ("-", None),
            ("+5", None),
            ("005", None),
            ("-05", None),
            (" 5", None),
            ("5 ", None),
            (".5", None),
            ("5.", None),
            ("5.5", None),
            ("1e-1", None),
            ("1e", None),
            ("e1", None),
            ("1e99999999999999999999", None),
            ("1e9223372036854775807", None),
            ("1e-9223372036854775807", None),
            ("123456789012345678901", None),
            ("0x5", None),
            ("٥", None),
        ];
        for (text, expected) in table {
            assert_eq!(from_text(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_number_is_read_if_it_is_surely_the_integer_that_was_written() {
        let table = [
            ("5", Some(5)),
            ("-5", Some(-5)),
            ("5.0", Some(5)),
            ("-5e1", Some(-50)),
            ("18446744073709551615", Some(18_446_744_073_709_551_615)),
            ("5.5", None),
            ("9007199254740993.0", None),
            ("18446744073709551616", None),
            ("1e300", None),
        ];
        for (text, expected) in table {
            let number = serde_json::from_str(text).unwrap();
            assert_eq!(from_number(&number), expected, "{text}");
        }
    }
}
