use std::fs;

use http::StatusCode;
use sigstead_proto::admin::v1::get_entry_request::Entry as Asked;
use sigstead_proto::admin::v1::{
    FreezeLogRequest, GetEntryRequest, ListLogsRequest, OpenLogRequest, ProveConsistencyRequest,
};
use tonic::Code;

use crate::rekor_v1::{proposed, verified};
use crate::world::{
    Admin, ORIGIN, OTHER_ORIGIN, TestTlog, V1_HOST, config, make_log, post, request, v1_shard,
};

const ENTRIES: &str = "/api/v1/log/entries";

async fn append(tlog: &TestTlog, message: &[u8]) -> (String, serde_json::Value) {
    let answer = tlog
        .post_v1(ENTRIES, proposed(message).await.to_string())
        .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    verified(tlog, &answer).await
}

/// Opens the shard and ends the one before it.
async fn open_shard(tlog: &TestTlog, admin: &mut Admin, tree_id: u64) {
    let shard = v1_shard(tlog.folder.path(), tree_id);
    let request = OpenLogRequest {
        config_yaml: sigstead_config::to_yaml(&shard).unwrap(),
        freeze_predecessor: true,
        predecessor: String::new(),
    };
    let opened = admin.open_log(request).await.unwrap().into_inner();
    assert_eq!(opened.origin, format!("{V1_HOST} - {tree_id}"));
}

#[tokio::test]
async fn entries_are_numbered_through_all_shards() {
    let folder = tempfile::tempdir().unwrap();
    let first = v1_shard(folder.path(), 7);
    let (tlog, mut admin) = TestTlog::of(folder, vec![first]).await;
    let mut ids = Vec::new();
    for number in 0..3_u64 {
        ids.push(append(&tlog, &number.to_be_bytes()).await.0);
    }
    open_shard(&tlog, &mut admin, 8).await;
    let (id, entry) = append(&tlog, b"next").await;
    // The new shard began with an entry of its own.
    assert_eq!(entry["logIndex"], 4);
    assert_eq!(entry["verification"]["inclusionProof"]["logIndex"], 1);
    assert!(id.starts_with(&format!("{:016x}", 8)));
    ids.push(id);
    for (number, id) in [0, 1, 2, 4].into_iter().zip(&ids) {
        for path in [
            format!("{ENTRIES}?logIndex={number}"),
            format!("{ENTRIES}/{id}"),
            format!("{ENTRIES}/{}", &id[16..]),
        ] {
            let answer = tlog.get(&path).await;
            assert_eq!(&verified(&tlog, &answer).await.0, id, "{path}");
        }
    }
    let info = tlog.get("/api/v1/log").await.json();
    assert_eq!(info["treeID"], "8");
    let inactive = &info["inactiveShards"][0];
    assert_eq!(
        (&inactive["treeID"], &inactive["treeSize"]),
        (&"7".into(), &3.into())
    );
    let proof = tlog.get("/api/v1/log/proof?lastSize=3&treeID=7").await;
    assert_eq!(proof.json()["rootHash"], inactive["rootHash"]);
}

#[tokio::test]
async fn writers_meet_no_gap_while_a_shard_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let first = v1_shard(folder.path(), 1);
    let (tlog, mut admin) = TestTlog::of(folder, vec![first]).await;
    let write = async {
        for number in 0..40_u64 {
            append(&tlog, &number.to_be_bytes()).await;
        }
    };
    let replace = async {
        for tree_id in 2..5 {
            open_shard(&tlog, &mut admin, tree_id).await;
        }
    };
    tokio::join!(write, replace);
    let last = tlog.get(&format!("{ENTRIES}?logIndex=39")).await;
    assert_eq!(
        last.status,
        StatusCode::OK,
        "{}",
        tlog.get("/api/v1/log").await.text()
    );
    verified(&tlog, &last).await;
}

#[tokio::test]
async fn a_frozen_log_answers_405_and_stays_readable() {
    let folder = tempfile::tempdir().unwrap();
    for origin in [ORIGIN, OTHER_ORIGIN] {
        make_log(folder.path(), origin);
    }
    let logs = config(folder.path(), &[ORIGIN, OTHER_ORIGIN]).logs;
    let (tlog, mut admin) = TestTlog::of(folder, logs).await;
    let logged = request(b"logged").await;
    let entry = tlog.append(&logged).await;
    let freeze = FreezeLogRequest {
        origin: ORIGIN.to_owned(),
    };
    for _ in 0..2 {
        let frozen = admin.freeze_log(freeze.clone()).await.unwrap().into_inner();
        assert!(frozen.frozen);
        assert_eq!(frozen.size, 1);
    }
    let late = post(ORIGIN, request(b"late").await.to_string());
    let refused = tlog.send(late).await;
    assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(
        refused
            .text()
            .contains("This log has been frozen, please switch to the latest log.")
    );
    tlog.verify_log().await;
    let listed = admin
        .list_logs(ListLogsRequest {})
        .await
        .unwrap()
        .into_inner();
    assert!(listed.logs[0].frozen);
    assert!(listed.logs[0].checkpoint.starts_with(ORIGIN));
    assert_eq!(entry["logIndex"], "0");
}

#[tokio::test]
async fn administrators_read_entries_and_proofs_of_any_log() {
    let tlog = TestTlog::new().await;
    drop(tlog);
    let folder = tempfile::tempdir().unwrap();
    make_log(folder.path(), ORIGIN);
    let mut logs = config(folder.path(), &[ORIGIN]).logs;
    logs.push(v1_shard(folder.path(), 9));
    let (tlog, mut admin) = TestTlog::of(folder, logs).await;
    tlog.append(&request(b"of v2").await).await;
    let (id, _) = append(&tlog, b"of v1").await;
    let by_hash = GetEntryRequest {
        origin: String::new(),
        entry: Some(Asked::LeafHash(hex::decode(&id[16..]).unwrap())),
    };
    let entry = admin.get_entry(by_hash).await.unwrap().into_inner();
    assert_eq!(entry.origin, format!("{V1_HOST} - 9"));
    assert!(entry.integrated_time.is_some());
    let by_index = GetEntryRequest {
        origin: ORIGIN.to_owned(),
        entry: Some(Asked::LeafIndex(0)),
    };
    let entry = admin.get_entry(by_index).await.unwrap().into_inner();
    assert!(entry.integrated_time.is_none());
    let beyond = GetEntryRequest {
        origin: ORIGIN.to_owned(),
        entry: Some(Asked::LeafIndex(1)),
    };
    assert_eq!(
        admin.get_entry(beyond).await.unwrap_err().code(),
        Code::NotFound
    );
    let proof = ProveConsistencyRequest {
        origin: ORIGIN.to_owned(),
        first_size: 1,
        second_size: 0,
    };
    let proof = admin.prove_consistency(proof).await.unwrap().into_inner();
    assert_eq!((proof.second_size, proof.hashes.len()), (1, 0));
}

#[tokio::test]
async fn a_log_that_does_not_fit_the_others_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (v1_shard(folder.path(), 1), v1_shard(folder.path(), 2));
    let (tlog, mut admin) = TestTlog::of(folder, vec![first.clone()]).await;
    let mut same_key = second.clone();
    same_key.key = first.key.clone();
    let mut same_data = second.clone();
    same_data.data.clone_from(&first.data);
    let table = [
        (
            sigstead_config::to_yaml(&first).unwrap(),
            true,
            Code::AlreadyExists,
        ),
        (
            sigstead_config::to_yaml(&second).unwrap(),
            false,
            Code::FailedPrecondition,
        ),
        (
            sigstead_config::to_yaml(&same_key).unwrap(),
            true,
            Code::InvalidArgument,
        ),
        (
            sigstead_config::to_yaml(&same_data).unwrap(),
            true,
            Code::InvalidArgument,
        ),
        ("face: rekor-v3".to_owned(), true, Code::InvalidArgument),
    ];
    for (config_yaml, freeze_predecessor, code) in table {
        let request = OpenLogRequest {
            config_yaml: config_yaml.clone(),
            freeze_predecessor,
            predecessor: String::new(),
        };
        let refused = admin.open_log(request).await.unwrap_err();
        assert_eq!(refused.code(), code, "{config_yaml}: {refused}");
    }
    append(&tlog, b"still taken").await;
}

#[tokio::test]
async fn a_log_that_cannot_be_kept_leaves_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let first = v1_shard(folder.path(), 1);
    let (tlog, mut admin) = TestTlog::of(folder, vec![first]).await;
    let logs_d = tlog.folder.path().join("logs.d");
    fs::write(&logs_d, "not a directory").unwrap();
    let second = v1_shard(tlog.folder.path(), 2);
    let request = OpenLogRequest {
        config_yaml: sigstead_config::to_yaml(&second).unwrap(),
        freeze_predecessor: true,
        predecessor: String::new(),
    };
    for _ in 0..2 {
        let refused = admin.open_log(request.clone()).await.unwrap_err();
        assert_eq!(refused.code(), Code::Internal, "{refused}");
    }
    append(&tlog, b"still taken").await;
    fs::remove_file(logs_d).unwrap();
    admin.open_log(request).await.unwrap();
    let (_, entry) = append(&tlog, b"next").await;
    assert_eq!(entry["logIndex"], 2);
    assert_eq!(entry["verification"]["inclusionProof"]["logIndex"], 1);
}

#[tokio::test]
async fn the_last_log_that_takes_entries_is_not_frozen() {
    let folder = tempfile::tempdir().unwrap();
    for origin in [ORIGIN, OTHER_ORIGIN] {
        make_log(folder.path(), origin);
    }
    let mut logs = config(folder.path(), &[ORIGIN, OTHER_ORIGIN]).logs;
    logs.push(v1_shard(folder.path(), 1));
    let (tlog, mut admin) = TestTlog::of(folder, logs).await;
    let shard = format!("{V1_HOST} - 1");
    for (origin, is_refused) in [
        (shard.as_str(), true),
        (ORIGIN, false),
        (OTHER_ORIGIN, true),
    ] {
        let origin = origin.to_owned();
        let answer = admin
            .freeze_log(FreezeLogRequest {
                origin: origin.clone(),
            })
            .await;
        assert_eq!(answer.is_err(), is_refused, "{origin}");
        if let Err(refused) = answer {
            assert_eq!(refused.code(), Code::FailedPrecondition);
            assert!(refused.message().contains("E-TLOG-071"), "{refused}");
        }
    }
    assert_eq!(frozen(&mut admin).await, [ORIGIN]);
    append(&tlog, b"still taken").await;
}

#[tokio::test]
async fn a_key_that_cannot_be_opened_is_for_the_operator_to_mend() {
    let folder = tempfile::tempdir().unwrap();
    let first = v1_shard(folder.path(), 1);
    let (tlog, mut admin) = TestTlog::of(folder, vec![first]).await;
    let second = v1_shard(tlog.folder.path(), 2);
    let key = second.key.to_string();
    let key = key.strip_prefix("file:").unwrap();
    for content in [None, Some("no key")] {
        match content {
            None => fs::remove_file(key).unwrap(),
            Some(content) => fs::write(key, content).unwrap(),
        }
        let request = OpenLogRequest {
            config_yaml: sigstead_config::to_yaml(&second).unwrap(),
            freeze_predecessor: true,
            predecessor: String::new(),
        };
        let refused = admin.open_log(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition, "{refused}");
        for part in ["E-TLOG-070", "cannot open the key", "mend the file"] {
            assert!(refused.message().contains(part), "{part}: {refused}");
        }
    }
    append(&tlog, b"still taken").await;
}

#[tokio::test]
async fn a_description_without_end_is_refused_unread() {
    let folder = tempfile::tempdir().unwrap();
    let first = v1_shard(folder.path(), 1);
    let (_tlog, mut admin) = TestTlog::of(folder, vec![first]).await;
    for config_yaml in [
        "[".repeat(50_000),
        "{a: ".repeat(50_000),
        "- ".repeat(50_000),
    ] {
        let request = OpenLogRequest {
            config_yaml,
            freeze_predecessor: false,
            predecessor: String::new(),
        };
        let refused = admin.open_log(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
        assert!(refused.message().contains("nested"), "{refused}");
    }
}

#[tokio::test]
async fn a_proof_from_a_larger_to_a_smaller_size_is_named_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let first = v1_shard(folder.path(), 1);
    let (tlog, mut admin) = TestTlog::of(folder, vec![first]).await;
    for content in [b"one".as_slice(), b"two"] {
        append(&tlog, content).await;
    }
    let request = ProveConsistencyRequest {
        origin: format!("{V1_HOST} - 1"),
        first_size: 2,
        second_size: 1,
    };
    let refused = admin.prove_consistency(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    assert!(
        refused
            .message()
            .contains("first_size 2 is larger than second_size 1"),
        "{refused}"
    );
}

#[tokio::test]
async fn of_several_logs_only_the_one_that_is_named_is_frozen() {
    const NEW: &str = "log2028-1.rekor.example.com";
    let folder = tempfile::tempdir().unwrap();
    for origin in [ORIGIN, OTHER_ORIGIN, NEW] {
        make_log(folder.path(), origin);
    }
    let mut logs = config(folder.path(), &[ORIGIN, OTHER_ORIGIN]).logs;
    logs.push(v1_shard(folder.path(), 1));
    let new = sigstead_config::to_yaml(&config(folder.path(), &[NEW]).logs[0]).unwrap();
    let (_tlog, mut admin) = TestTlog::of(folder, logs).await;
    let shard = format!("{V1_HOST} - 1");
    let table = [
        (true, "", Code::FailedPrecondition, OTHER_ORIGIN),
        (true, shard.as_str(), Code::FailedPrecondition, V1_HOST),
        (true, NEW, Code::NotFound, NEW),
        (false, ORIGIN, Code::InvalidArgument, "freeze_predecessor"),
    ];
    for (freeze_predecessor, predecessor, code, named) in table {
        let request = OpenLogRequest {
            config_yaml: new.clone(),
            freeze_predecessor,
            predecessor: predecessor.to_owned(),
        };
        let refused = admin.open_log(request).await.unwrap_err();
        assert_eq!(refused.code(), code, "{predecessor}: {refused}");
        assert!(refused.message().contains(named), "{refused}");
    }
    assert!(frozen(&mut admin).await.is_empty());
    let request = OpenLogRequest {
        config_yaml: new,
        freeze_predecessor: true,
        predecessor: ORIGIN.to_owned(),
    };
    admin.open_log(request).await.unwrap();
    assert_eq!(frozen(&mut admin).await, [ORIGIN]);
}

async fn frozen(admin: &mut Admin) -> Vec<String> {
    let listed = admin.list_logs(ListLogsRequest {}).await.unwrap();
    let logs = listed.into_inner().logs.into_iter();
    logs.filter(|log| log.frozen)
        .map(|log| log.origin)
        .collect()
}

#[tokio::test]
async fn the_description_of_a_log_never_replaces_another() {
    let folder = tempfile::tempdir().unwrap();
    let first = v1_shard(folder.path(), 1);
    let (tlog, mut admin) = TestTlog::of(folder, vec![first]).await;
    open_shard(&tlog, &mut admin, 2).await;
    open_shard(&tlog, &mut admin, 3).await;
    let logs_d = tlog.folder.path().join("logs.d");
    let newest = fs::read(logs_d.join("00002.yaml")).unwrap();
    fs::remove_file(logs_d.join("00001.yaml")).unwrap();
    open_shard(&tlog, &mut admin, 4).await;
    assert_eq!(fs::read(logs_d.join("00002.yaml")).unwrap(), newest);
    assert!(logs_d.join("00003.yaml").exists());
}
