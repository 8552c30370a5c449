//! The certificate authority is killed (`kill -9`) around the use of a token that is good for one certificate: after the
//! restart the token is used up, or it gets the one certificate that it is good for.

use std::path::Path;

use sigstead_integration::Instance;

use crate::authority_kill::Kill;
use crate::caller::{Caller, Certified, newest};
use crate::issuance_kill::listed;
use crate::tools::program;

const PERSON: &str = "person@example.com";

#[test]
fn a_kill_at_any_step_around_the_use_of_a_token_leaves_it_one_certificate_at_most() {
    if program("strace").is_none() {
        return;
    }
    let instance = Instance::create("token-use-kill", &[]).unwrap();
    accept_tokens_once(&instance);
    instance.up().unwrap();
    let caller = Caller::of(&instance);
    // From now on there are files to append to.
    let first = caller.certify(&instance, PERSON);
    assert!(matches!(first, Certified::Certificate(_)), "{first:?}");
    let uses = instance.directory().join("ca/record/used-tokens");
    // The use is not written, so that the token is good.
    assert_eq!(
        certificates_of_one_token(&instance, &caller, &uses, "write", 1),
        1
    );
    // It is written, and nobody knows.
    assert_eq!(
        certificates_of_one_token(&instance, &caller, &uses, "fdatasync", 1),
        0
    );
    // It was taken into use: while the log is asked, with a signed certificate, and with one that is recorded.
    for (call, when) in [("write", 2), ("write", 3)] {
        let record = newest(&instance);
        assert_eq!(
            certificates_of_one_token(&instance, &caller, &record, call, when),
            0
        );
    }
    let record = newest(&instance);
    // The second sync is of the last word, or of the one before it where the log takes longer than a second.
    assert!(certificates_of_one_token(&instance, &caller, &record, "fdatasync", 2) <= 1);
}

/// Ends the authority in an issuance, and uses its token until it is used up. Returns how many certificates the record knows
/// of the token.
fn certificates_of_one_token(
    instance: &Instance,
    caller: &Caller,
    file: &Path,
    call: &'static str,
    when: usize,
) -> usize {
    let (issued, logged) = (issued(instance), caller.logged());
    let token = instance.token(PERSON).unwrap();
    let kill = Kill {
        file: file.to_owned(),
        call,
        when,
    };
    kill.within_an_issuance(instance, caller, &token, PERSON);
    let mut answered = 0;
    loop {
        match caller.certify_with(&token, PERSON) {
            Certified::Certificate(_) => answered += 1,
            Certified::Refused { code, .. } => {
                assert_eq!(code, "E-CA-041", "{call} {when}");
                break;
            }
            Certified::Lost => panic!("the authority is gone"),
        }
        assert!(answered <= 1, "{call} {when}: a token got two certificates");
    }
    let of_token = self::issued(instance) - issued;
    println!(
        "kill at {call} {when} of {}: {of_token} certificates, {answered} of them later",
        file.display()
    );
    assert!(
        caller.logged() - logged <= 1,
        "{call} {when}: two are in the log"
    );
    of_token
}

fn issued(instance: &Instance) -> usize {
    let listed = listed(instance);
    let issued = listed.iter().filter(|each| each["outcome"] == "issued");
    issued.count()
}

/// Writes it into the entry of the only issuer, which is the last of the file.
fn accept_tokens_once(instance: &Instance) {
    let file = instance.directory().join("ca/issuers.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(file, text + "    single-use: true\n").unwrap();
}
