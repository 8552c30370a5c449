//! SIGHUP, as programs that rotate logs send it: no service ends, and what can be read again is read again.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use sigstead_integration::{Instance, SERVICES, run, wait_for};

#[test]
fn a_hang_up_ends_nothing_and_has_the_configuration_read_again() {
    let instance = Instance::start("hang-up", &[]).unwrap();
    for service in SERVICES {
        let running = |ending: &str| {
            let file = instance.directory().join(format!("run/{service}.{ending}"));
            std::fs::read_to_string(file).unwrap()
        };
        let config = instance.directory().join(service).join("config.yaml");
        let text = std::fs::read_to_string(&config).unwrap();
        assert!(text.contains("log_level: info"), "{text}");
        std::fs::write(&config, text.replace("log_level: info", "log_level: debug")).unwrap();
        assert!(!running("log").contains("request answered"));
        let process = running("pid");
        run(Command::new("kill").args(["-HUP", process.trim()])).unwrap();
        let url = instance.url(service);
        let told = wait_for("the level of the log", || {
            ask(&url);
            running("log").contains("request answered")
        });
        told.unwrap();
        assert_eq!(running("pid"), process);
    }
    let directory = instance.directory();
    let status = instance.json(&["status", directory.to_str().unwrap()]);
    let services = status.unwrap()["services"].as_array().unwrap().clone();
    assert!(
        services.iter().all(|each| each["state"] == "ready"),
        "{services:?}"
    );
}

/// Asks for anything; at the level `debug` each answer is a line.
fn ask(url: &str) {
    let authority = url.split('/').nth(2).unwrap();
    let mut connection = TcpStream::connect(authority).unwrap();
    let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    connection.write_all(request.as_bytes()).unwrap();
    let _answered = connection.read_to_end(&mut Vec::new());
}
