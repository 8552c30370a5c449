//! The device flow of cosign.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use sigstead_integration::Instance;

/// cosign shows a code, and the person opens the page that it names on another device.
pub(super) fn by_device(
    instance: &Instance,
    cosign: &Path,
    command: &str,
    confirm: impl FnOnce(&str),
) {
    // It says the code on one of its two outputs and the rest on the other.
    let command = format!("exec {command} --fulcio-auth-flow device 2>&1");
    let mut signing = Command::new("/bin/sh")
        .args(["-c", &command])
        .env("PATH", cosign.parent().unwrap())
        .current_dir(instance.work())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(signing.stdout.take().unwrap());
    let mut heard = String::new();
    let mut lines = said.lines().map(Result::unwrap);
    let page = lines.by_ref().find_map(|line| {
        heard.push_str(&line);
        heard.push('\n');
        let url = line
            .split_whitespace()
            .find(|word| word.contains("/device"));
        url.map(str::to_owned)
    });
    assert!(page.is_some(), "no page: {heard}");
    let mut page = page.unwrap();
    if !page.contains("user_code=") {
        let code = heard.split_whitespace().find(|word| is_a_code(word));
        page.push_str("?user_code=");
        page.push_str(code.unwrap());
    }
    confirm(&page);
    let rest: String = lines.collect();
    assert!(signing.wait().unwrap().success(), "{rest}");
}

/// As the page shows it: `BCDF-GHJK`.
fn is_a_code(word: &str) -> bool {
    word.len() == 9
        && word.bytes().enumerate().all(|(at, letter)| match at {
            4 => letter == b'-',
            _ => letter.is_ascii_uppercase(),
        })
}
