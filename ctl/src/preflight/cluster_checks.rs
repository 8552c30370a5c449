//! The checks of a cluster.

use super::cluster::{Cluster, StorageClass};
use crate::doctor::finding::{Finding, Seen, Unseen, if_so};
use crate::doctor::table::{Check, Subject};

/// How a check looks.
pub(super) type Look = fn(&Cluster) -> Seen;

pub(super) static CLUSTER: [Subject<Look>; 1] = [Subject {
    name: "cluster",
    checks: &[
        Check::fault("E-PREFLIGHT-030", "the cluster answers", reached),
        Check::fault(
            "E-PREFLIGHT-031",
            "it is of a version that the chart is for",
            version,
        ),
        Check::fault(
            "E-PREFLIGHT-032",
            "it has the interfaces that the chart uses",
            interfaces,
        ),
        Check::fault(
            "E-PREFLIGHT-033",
            "the caller may create what the chart has",
            rights,
        ),
        Check::warning("E-PREFLIGHT-034", "the namespace is there", namespace),
        Check::warning(
            "E-PREFLIGHT-035",
            "the namespace keeps pods restricted",
            pod_security,
        ),
        Check::fault(
            "E-PREFLIGHT-036",
            "there is a storage class for the volumes",
            storage,
        ),
        Check::fault(
            "E-PREFLIGHT-037",
            "the storage class is none of a network file system",
            network_storage,
        ),
        Check::fault("E-PREFLIGHT-038", "the ingress class is there", ingress),
        Check::fault(
            "E-PREFLIGHT-039",
            "ServiceMonitor and PrometheusRule are known",
            monitoring,
        ),
    ],
}];

fn reached(cluster: &Cluster) -> Seen {
    let why = cluster.version.as_ref().err();
    let finding = |why| {
        Finding::new(
            "the cluster does not answer",
            "see that `kubectl version` prints the version of the server: the program, the kubeconfig, its context, the network",
        )
        .because(why)
    };
    Ok(why.map(finding).into_iter().collect())
}

fn version(cluster: &Cluster) -> Seen {
    let (major, minor) = cluster.version.as_ref().copied().map_err(|_| unreached())?;
    if_so((major, minor) < OLDEST, || {
        Finding::new(
            format!("the cluster is of Kubernetes {major}.{minor}"),
            format!("upgrade it: the chart needs {}.{}", OLDEST.0, OLDEST.1),
        )
    })
}

fn interfaces(cluster: &Cluster) -> Seen {
    let known = known(cluster)?;
    let missing = INTERFACES.into_iter().filter(|each| !known.contains(*each));
    let missing: Vec<_> = missing.collect();
    if_so(!missing.is_empty(), || {
        Finding::new(
            format!("the cluster does not serve {}", missing.join(", ")),
            "enable them: the chart makes objects of these versions and no others",
        )
    })
}

fn known(cluster: &Cluster) -> Result<&std::collections::BTreeSet<String>, Unseen> {
    cluster.api_versions.as_ref().map_err(|_| unreached())
}

fn rights(cluster: &Cluster) -> Seen {
    let mut forbidden = Vec::new();
    for (kind, may) in &cluster.may {
        match may {
            Ok(true) => {}
            Ok(false) => forbidden.push(*kind),
            Err(why) if cluster.version.is_ok() => {
                return Err(Unseen::new(format!("rights to {kind}: {why}")));
            }
            Err(_) => return Err(unreached()),
        }
    }
    if_so(!forbidden.is_empty(), || {
        Finding::new(
            format!(
                "the caller may not create {} in {}",
                forbidden.join(", "),
                cluster.namespace
            ),
            "have a Role bound that lets you, or install as somebody who may; `kubectl auth can-i` tells the same",
        )
    })
}

fn namespace(cluster: &Cluster) -> Seen {
    let labels = cluster.labels.as_ref().map_err(|_| unreached())?;
    if_so(labels.is_none(), || {
        Finding::new(
            format!("there is no namespace {}", cluster.namespace),
            format!(
                "make it: kubectl create namespace {}; or install with --create-namespace",
                cluster.namespace
            ),
        )
    })
}

fn pod_security(cluster: &Cluster) -> Seen {
    let labels = cluster.labels.as_ref().map_err(|_| unreached())?;
    let labels = labels
        .as_ref()
        .ok_or_else(|| Unseen::new("there is no namespace"))?;
    let level = labels[ENFORCED].as_str().unwrap_or("privileged");
    if_so(level != "restricted", || {
        Finding::new(
            format!("pods of {} may be {level}", cluster.namespace),
            format!(
                "keep them restricted, which all pods of the chart are: kubectl label namespace {} {ENFORCED}=restricted",
                cluster.namespace
            ),
        )
    })
}

/// The class that the volumes will have.
fn class(cluster: &Cluster) -> Result<Option<&StorageClass>, Unseen> {
    let classes = cluster.storage_classes.as_ref();
    let mut classes = classes.map_err(|why| Unseen::new(why.clone()))?.iter();
    Ok(match &cluster.wanted.storage_class {
        Some(name) => classes.find(|class| class.name == *name),
        None => classes.find(|class| class.is_default),
    })
}

fn storage(cluster: &Cluster) -> Seen {
    let found = class(cluster)?;
    if_so(found.is_none(), || match &cluster.wanted.storage_class {
        Some(name) => Finding::new(
            format!("there is no storage class {name}"),
            "name one that is there: kubectl get storageclasses",
        ),
        None => Finding::new(
            "no storage class is the default",
            "name one as `global.storageClass` in the values of the chart, and here with --storage-class",
        ),
    })
}

/// By its name: no interface tells what is behind a class.
fn network_storage(cluster: &Cluster) -> Seen {
    let class = class(cluster)?.ok_or_else(|| Unseen::new("there is no storage class"))?;
    let provisioner = class.provisioner.to_lowercase();
    if_so(SHARED.iter().any(|part| provisioner.contains(part)), || {
        Finding::new(
            format!(
                "volumes of {} are on a network file system ({})",
                class.name, class.provisioner
            ),
            "name a class of block devices or of local disks: a network file system may lose what it called durable, and lets \
             two pods write one log",
        )
    })
}

fn ingress(cluster: &Cluster) -> Seen {
    let Some(name) = &cluster.wanted.ingress_class else {
        return Ok(Vec::new());
    };
    let classes = cluster.ingress_classes.as_ref();
    let classes = classes.map_err(|why| Unseen::new(why.clone()))?;
    if_so(!classes.contains(name), || {
        Finding::new(
            format!("there is no ingress class {name}"),
            "name one that is there: kubectl get ingressclasses",
        )
    })
}

fn monitoring(cluster: &Cluster) -> Seen {
    let known = known(cluster)?;
    if_so(
        cluster.wanted.metrics && !known.contains(MONITORING),
        || {
            Finding::new(
                "the cluster knows no ServiceMonitor and no PrometheusRule",
                "install the operator of Prometheus, or leave `metrics.serviceMonitor` and `metrics.rules` off",
            )
        },
    )
}

fn unreached() -> Unseen {
    Unseen::new("the cluster does not answer")
}

/// As the chart's `kubeVersion`.
const OLDEST: (u32, u32) = (1, 30);
const INTERFACES: [&str; 5] = [
    "v1",
    "apps/v1",
    "networking.k8s.io/v1",
    "policy/v1",
    "autoscaling/v2",
];
const MONITORING: &str = "monitoring.coreos.com/v1";
const ENFORCED: &str = "pod-security.kubernetes.io/enforce";
/// In the names of what makes volumes on file systems that many machines write.
const SHARED: [&str; 6] = [
    "nfs",
    "efs.csi",
    "azurefile",
    "file.csi.azure",
    "filestore",
    "smb",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::preflight::cluster::Wanted;

    /// The codes that are expected, and what is done to one that has none.
    type Plant = (&'static [&'static str], fn(&mut Cluster));

    fn healthy() -> Cluster {
        let class = StorageClass {
            name: "local".to_owned(),
            provisioner: "rancher.io/local-path".to_owned(),
            is_default: true,
        };
        let versions = INTERFACES.into_iter().chain([MONITORING]);
        Cluster {
            namespace: "team-a".to_owned(),
            wanted: Wanted {
                ingress_class: Some("nginx".to_owned()),
                metrics: true,
                storage_class: None,
            },
            version: Ok((1, 34)),
            labels: Ok(Some(json!({ENFORCED: "restricted"}))),
            may: vec![("secrets", Ok(true)), ("pods", Ok(true))],
            storage_classes: Ok(vec![class]),
            ingress_classes: Ok(BTreeSet::from(["nginx".to_owned()])),
            api_versions: Ok(versions.map(str::to_owned).collect()),
        }
    }

    /// The codes of what is found, and of what could not be looked at.
    fn found(change: fn(&mut Cluster)) -> (Vec<&'static str>, usize) {
        let mut cluster = healthy();
        change(&mut cluster);
        let mut unmade = 0;
        let checks = CLUSTER[0].checks.iter();
        let found = checks.filter(|check| match (check.look)(&cluster) {
            Ok(findings) => !findings.is_empty(),
            Err(_) => {
                unmade += 1;
                false
            }
        });
        let found = found.map(|check| check.code).collect();
        (found, unmade)
    }

    #[test]
    fn each_fault_of_a_cluster_is_named_by_one_code() {
        let plants: [Plant; 15] = [
            (&[], |_| {}),
            (&["E-PREFLIGHT-031"], |cluster| {
                cluster.version = Ok((1, 29))
            }),
            (&["E-PREFLIGHT-032"], |cluster| {
                cluster.api_versions.as_mut().unwrap().remove("policy/v1");
            }),
            (&["E-PREFLIGHT-033"], |cluster| cluster.may[1].1 = Ok(false)),
            (&["E-PREFLIGHT-034"], |cluster| cluster.labels = Ok(None)),
            (&["E-PREFLIGHT-035"], |cluster| {
                cluster.labels = Ok(Some(json!(null)))
            }),
            (&["E-PREFLIGHT-035"], |cluster| {
                cluster.labels = Ok(Some(json!({ENFORCED: "baseline"})));
            }),
            (&["E-PREFLIGHT-036"], |cluster| {
                cluster.storage_classes.as_mut().unwrap()[0].is_default = false;
            }),
            (&["E-PREFLIGHT-036"], |cluster| {
                cluster.wanted.storage_class = Some("fast".to_owned());
            }),
            (&["E-PREFLIGHT-037"], |cluster| {
                let class = &mut cluster.storage_classes.as_mut().unwrap()[0];
                class.provisioner = "cluster.local/nfs-subdir-external-provisioner".to_owned();
            }),
            (&["E-PREFLIGHT-038"], |cluster| {
                cluster.ingress_classes = Ok(BTreeSet::new())
            }),
            (&[], |cluster| {
                cluster.wanted.ingress_class = None;
                cluster.ingress_classes = Ok(BTreeSet::new());
            }),
            (&["E-PREFLIGHT-039"], |cluster| {
                cluster.api_versions.as_mut().unwrap().remove(MONITORING);
            }),
            (&[], |cluster| {
                cluster.wanted.metrics = false;
                cluster.api_versions.as_mut().unwrap().remove(MONITORING);
            }),
            (&[], |cluster| {
                cluster.wanted.storage_class = Some("local".to_owned());
                cluster.storage_classes.as_mut().unwrap()[0].is_default = false;
            }),
        ];
        for (position, (expected, change)) in plants.into_iter().enumerate() {
            assert_eq!(found(change).0, expected, "{position}");
        }
    }

    #[test]
    fn a_cluster_that_does_not_answer_is_told_once() {
        let (codes, unmade) = found(|cluster| {
            let gone = || "connection refused".to_owned();
            cluster.version = Err(gone());
            cluster.labels = Err(gone());
            cluster
                .may
                .iter_mut()
                .for_each(|(_, may)| *may = Err(gone()));
            cluster.storage_classes = Err(gone());
            cluster.ingress_classes = Err(gone());
            cluster.api_versions = Err(gone());
        });
        assert_eq!(codes, ["E-PREFLIGHT-030"]);
        assert_eq!(unmade, 9);
    }
}
