use super::*;

#[tokio::test]
async fn metrics_tell_what_readyz_tells() {
    for is_ill in [true, false] {
        let service = service()
            .readiness("store", move || async move {
                match is_ill {
                    true => Err("it is away".to_owned()),
                    false => Ok(()),
                }
            })
            .warning("issuers", move || is_ill.then(|| "one is away".to_owned()))
            // Two of one name count as one.
            .warning("issuers", || None)
            .warning("logs", || None);
        let running = Running::start(service).await;
        let metrics = get(format!("{}/metrics", running.ops)).await.1;
        for line in [
            format!("sigstead_ready {}", i32::from(!is_ill)),
            format!(
                "sigstead_warning{{check=\"issuers\"}} {}",
                i32::from(is_ill)
            ),
            "sigstead_warning{check=\"logs\"} 0".to_owned(),
        ] {
            assert!(
                metrics.lines().any(|each| each == line),
                "{line}\n{metrics}"
            );
        }
        running.stop().await;
    }
}

#[tokio::test]
async fn metrics_tell_of_room_and_of_ends() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent");
    let service = service()
        .keeps(folder.path())
        .keeps(&absent)
        .certificate("chain", || 1_900_000_000);
    let running = Running::start(service).await;
    let metrics = get(format!("{}/metrics", running.ops)).await.1;
    let value = |name: &str| {
        let mut lines = metrics.lines();
        let found = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        found.map(|value| value.parse::<f64>().unwrap())
    };
    let room = |path: &Path| {
        ["available", "size"].map(|which| {
            value(&format!(
                "sigstead_disk_{which}_bytes{{folder=\"{}\"}}",
                path.display()
            ))
        })
    };
    let [available, size] = room(folder.path()).map(Option::unwrap);
    assert!(0.0 < available && available <= size, "{available} {size}");
    // What is not there has no number, rather than none left.
    assert_eq!(room(&absent), [None, None]);
    let ends = "sigstead_certificate_expires_timestamp_seconds{certificate=\"chain\"}";
    assert_eq!(value(ends), Some(1_900_000_000.0));
    assert!(value("process_start_time_seconds") > Some(1_700_000_000.0));
    running.stop().await;
}
