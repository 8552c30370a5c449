//! What clients do with a root that names a key of ML-DSA (TAP 21) beside keys that they know, which meet every threshold: ADR 34
//! rests on it.

use std::fs;

use sigstead_integration::Instance;
use sigstead_key::Algorithm;
use sigstead_signer::KeyConfig;
use sigstead_trust_root::tuf::{Root, Signed, TufKey};
use tokio::runtime::Runtime;

use super::attacked::{Attacked, said};
use super::server::Mirror;
use super::{copied, state};

#[test]
fn some_clients_refuse_a_root_that_names_a_key_of_ml_dsa() {
    let instance = Instance::start("lattice-tuf", &[]).unwrap();
    let first = copied(&instance, &instance.kit("root.json"), "first-root.json");
    let published = state(&instance, "published", 1);
    let mirror = Mirror::start();
    let before = fs::read(&first).unwrap();
    let before = Signed::<Root>::parse(&before).unwrap().signed;
    let extra = key_of_ml_dsa();

    let alone = {
        let mut root = before.successor(before.expires);
        root.keys.insert(extra.id(), extra.clone());
        root
    };
    let in_role = {
        let root = before.successor(before.expires);
        let own = root.roles["root"].keyids.iter();
        let own = own.map(|id| root.keys[id].clone());
        let keys: Vec<_> = own.chain([extra]).collect();
        root.with_role("root", &keys, 1)
    };
    for (what, next) in [
        (Named::Nowhere, before.successor(before.expires)),
        (Named::InKeysAlone, alone),
        (Named::InRole, in_role),
    ] {
        let shown = copied(&instance, &published, &format!("{what:?}"));
        let next = signed(&instance, next);
        fs::write(shown.join("2.root.json"), next.encode()).unwrap();
        mirror.show(shown);
        for client in Attacked::here() {
            let home = instance.work().join(format!("{client:?} {what:?}"));
            let walked = client.walk(&mirror.url, &first, &home).unwrap();
            let told = said(&walked);
            assert_eq!(
                walked.status.success(),
                !refuses(client, what),
                "{client:?}, {what:?}: {told}"
            );
        }
    }
}

/// As TAP 21 has it.
fn key_of_ml_dsa() -> TufKey {
    let signer = sigstead_signer::ephemeral(Algorithm::MlDsa44).unwrap();
    serde_json::from_value(serde_json::json!({
        "keytype": "ml-dsa",
        "scheme": "ml-dsa-44/1",
        "keyval": {"public": signer.public_key().to_pem()},
    }))
    .unwrap()
}

fn signed(instance: &Instance, root: Root) -> Signed<Root> {
    let folder = instance.directory();
    let key = folder.join("trust/tuf-root.key");
    let key = KeyConfig::file(key, Some(folder.join("passphrase")));
    let runtime = Runtime::new().unwrap();
    let signer = runtime.block_on(sigstead_signer::open(&key)).unwrap();
    let mut signed = Signed::unsigned(root);
    let bytes = signed.bytes_to_sign().unwrap();
    let signature = runtime.block_on(signer.sign(&bytes)).unwrap();
    signed.add_signature(&TufKey::new(signer.public_key()).unwrap(), &signature);
    signed
}

/// Once none refuses, such keys may come into the roots.
const fn refuses(client: Attacked, what: Named) -> bool {
    match client {
        // It reads no key of a kind that it does not know.
        Attacked::Tough => !matches!(what, Named::Nowhere),
        Attacked::Cosign => matches!(what, Named::InRole),
        Attacked::PythonTuf | Attacked::SigstorePython | Attacked::SigstoreJs => false,
    }
}

/// Where the root names the key.
#[derive(Clone, Copy, Debug)]
enum Named {
    Nowhere,
    InKeysAlone,
    InRole,
}
