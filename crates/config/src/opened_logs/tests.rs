use sigstead_signer::KeyConfig;
use tempfile::TempDir;

use super::*;
use crate::tlog::LogConfig;

fn log(folder: &TempDir, origin: &str) -> LogConfig {
    let key = KeyConfig::file(format!("/keys/{origin}.key"), None);
    let data = folder.path().join(origin);
    let anchor = folder.path().join(format!("{origin}.anchor"));
    LogConfig::rekor_v2(origin.parse().unwrap(), key, data, anchor)
}

fn logs_d(folder: &TempDir) -> PathBuf {
    folder.path().join("logs.d")
}

fn read(folder: &TempDir) -> OpenedLogs<LogConfig> {
    let configured = vec![log(folder, "first.example.com")];
    OpenedLogs::read(configured, Some(&logs_d(folder))).unwrap()
}

fn keep(opened: &mut OpenedLogs<LogConfig>, log: &LogConfig) -> Result<(), OpenedLogsError> {
    let description = opened.write_down(log)?;
    opened.remember(description)
}

fn origins(opened: &OpenedLogs<LogConfig>) -> Vec<&str> {
    opened.all().iter().map(|log| log.origin.as_str()).collect()
}

#[test]
fn a_description_that_was_only_written_down_is_no_log_and_makes_room() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = read(&folder);
    drop(
        opened
            .write_down(&log(&folder, "given-up.example.com"))
            .unwrap(),
    );
    fs::write(logs_d(&folder).join("00002.yaml.new"), "half of a fi").unwrap();
    assert_eq!(origins(&read(&folder)), ["first.example.com"]);
    for origin in ["second.example.com", "third.example.com"] {
        keep(&mut opened, &log(&folder, origin)).unwrap();
    }
    let expected = [
        "first.example.com",
        "second.example.com",
        "third.example.com",
    ];
    assert_eq!(origins(&read(&folder)), expected);
    assert_eq!(origins(&opened), expected);
    assert_eq!(fs::read_dir(logs_d(&folder)).unwrap().count(), 2);
}

#[test]
fn a_description_is_numbered_after_the_highest_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = read(&folder);
    for origin in ["a.example.com", "b.example.com"] {
        keep(&mut opened, &log(&folder, origin)).unwrap();
    }
    fs::remove_file(logs_d(&folder).join("00001.yaml")).unwrap();
    let newest = logs_d(&folder).join("00002.yaml");
    let before = fs::read(&newest).unwrap();
    keep(&mut opened, &log(&folder, "c.example.com")).unwrap();
    assert_eq!(fs::read(&newest).unwrap(), before);
    let expected = ["first.example.com", "b.example.com", "c.example.com"];
    assert_eq!(origins(&read(&folder)), expected);
}

#[test]
fn no_description_is_replaced_or_overtaken() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = read(&folder);
    let config = log(&folder, "a.example.com");
    let description = opened.write_down(&config).unwrap();
    let place = logs_d(&folder).join("00001.yaml");
    fs::write(&place, "from elsewhere").unwrap();
    let refused = opened.remember(description).unwrap_err();
    assert!(is_in_the_way(&refused, &place), "{refused:?}");
    assert_eq!(fs::read_to_string(&place).unwrap(), "from elsewhere");
    for name in ["7.yaml", "newest.yaml", "99999.yaml"] {
        let path = logs_d(&folder).join(name);
        fs::write(&path, "by hand").unwrap();
        let refused = keep(&mut opened, &config).unwrap_err();
        assert!(is_in_the_way(&refused, &path), "{name}: {refused:?}");
        fs::remove_file(path).unwrap();
    }
    keep(&mut opened, &config).unwrap();
    assert!(logs_d(&folder).join("00002.yaml").exists());
}

fn is_in_the_way(error: &OpenedLogsError, place: &Path) -> bool {
    matches!(error, OpenedLogsError::InTheWay(path) if path == place)
}

#[test]
fn without_a_directory_no_log_can_join() {
    let folder = tempfile::tempdir().unwrap();
    let opened = OpenedLogs::read(vec![log(&folder, "first.example.com")], None).unwrap();
    let refused = opened.check(&log(&folder, "second.example.com"));
    assert!(matches!(refused, Err(OpenedLogsError::NoDirectory)));
}
