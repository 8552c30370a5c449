//! What a service called of the kernel, against what its unit lets it call.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use sigstead_integration::run;

use crate::sandbox::Sandbox;

/// Asserts that the filters of the unit would have let everything through.
pub(crate) fn check(service: &Sandbox) {
    let text = fs::read_to_string(&service.calls).unwrap();
    // What comes before is the command that gives rights away, which systemd does without filters.
    let start = text.lines().position(|line| {
        line.contains("execve(\"/opt/") && !line.contains("/opt/sigctl") && line.ends_with("= 0")
    });
    let lines: Vec<_> = text.lines().skip(start.unwrap() + 1).collect();
    assert!(lines.len() > 300, "{}: {}", service.name, lines.len());
    let allowed = allowed(&service.unit.all("SystemCallFilter"));
    let called: BTreeSet<_> = lines.iter().filter_map(|line| name(line)).collect();
    let forbidden: Vec<_> = called
        .iter()
        .filter(|name| !allowed.contains(**name))
        .collect();
    assert!(forbidden.is_empty(), "{} calls {forbidden:?}", service.name);
    assert!(
        called.contains("openat") && called.contains("accept4"),
        "{called:?}"
    );

    assert_eq!(service.unit.one("MemoryDenyWriteExecute"), "yes");
    let makes_code = |line: &&&str| {
        let writable = name(line) == Some("mmap") && line.contains("PROT_WRITE");
        line.contains("PROT_EXEC") && (writable || name(line) == Some("mprotect"))
    };
    let code: Vec<_> = lines.iter().filter(makes_code).collect();
    assert!(code.is_empty(), "{}: {code:?}", service.name);

    let families: Vec<_> = service
        .unit
        .one("RestrictAddressFamilies")
        .split(' ')
        .collect();
    let sockets = lines
        .iter()
        .filter_map(|line| line.split_once("socket(AF_"));
    let used: BTreeSet<_> = sockets
        .map(|(_, rest)| format!("AF_{}", rest.split(',').next().unwrap()))
        .collect();
    let other = |family: &&String| !families.contains(&family.as_str());
    assert_eq!(used.iter().find(other), None, "{}", service.name);
    assert!(used.contains("AF_INET"), "{used:?}");
}

/// The call of a line, if it begins one: a number of a process, the name, its arguments.
fn name(line: &str) -> Option<&str> {
    let (_, call) = line.split_once(' ')?;
    let (name, _) = call.trim_start().split_once('(')?;
    let is_name =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    (!name.is_empty() && name.chars().all(is_name)).then_some(name)
}

/// The calls of filters: the first allows sets, those with a tilde take sets away.
fn allowed(filters: &[&str]) -> BTreeSet<String> {
    let mut allowed = BTreeSet::new();
    for filter in filters {
        let taken = filter.strip_prefix('~');
        for set in taken.unwrap_or(filter).split(' ') {
            let calls = calls_of(set);
            match taken {
                Some(_) => allowed.retain(|call| !calls.contains(call)),
                None => allowed.extend(calls),
            }
        }
    }
    // systemd lets these through whatever a filter says.
    allowed.extend(calls_of("@default"));
    allowed
}

fn calls_of(set: &str) -> BTreeSet<String> {
    let listed = run(Command::new("systemd-analyze").args(["syscall-filter", set])).unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let members = listed.lines().map(str::trim).skip(1);
    let members = members.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut calls = BTreeSet::new();
    for member in members {
        match member.starts_with('@') {
            true => calls.extend(calls_of(member)),
            false => drop(calls.insert(member.to_owned())),
        }
    }
    calls
}
