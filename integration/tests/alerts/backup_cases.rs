//! Series for the alerts of backups.

use crate::cases::{Case, fires, silent};

pub(crate) const BACKUP_CASES: &[Case] = &[
    // These clocks begin at zero.
    fires(
        "SigsteadBackupIsOld",
        20,
        "sigstead_backup_proven_timestamp_seconds{name='acme'}: -129601x30",
    ),
    // One of last night, and one that took its time.
    silent(
        "SigsteadBackupIsOld",
        20,
        "sigstead_backup_proven_timestamp_seconds{name='acme'}: -86400x30
         sigstead_backup_proven_timestamp_seconds{name='other'}: -140000x10 0x20",
    ),
    // Nothing says anything of backups.
    fires("SigsteadBackupIsMissing", 70, "up{job='s'}: 1x90"),
    silent(
        "SigsteadBackupIsMissing",
        70,
        "sigstead_backup_proven_timestamp_seconds{name='acme'}: -99x90",
    ),
    // In a cluster the jobs say it.
    silent(
        "SigsteadBackupIsMissing",
        70,
        "kube_cronjob_created{namespace='a', cronjob='acme-sigstead-backup-tlog-0'}: 0x90",
    ),
    // Jobs of others are none of ours.
    fires(
        "SigsteadBackupIsMissing",
        70,
        "kube_cronjob_created{namespace='a', cronjob='other-backup'}: 0x90",
    ),
    fires(
        "SigsteadClusterBackupIsOld",
        20,
        "kube_cronjob_created{namespace='a', cronjob='acme-sigstead-backup-tlog-0'}: -999999x30
         kube_cronjob_status_last_successful_time{namespace='a', cronjob='acme-sigstead-backup-tlog-0'}: -129601x30",
    ),
    // It never ended well.
    fires(
        "SigsteadClusterBackupIsOld",
        20,
        "kube_cronjob_created{namespace='a', cronjob='acme-sigstead-backup-ca-1'}: -129601x30",
    ),
    // One of last night, a new one, and one of something else.
    silent(
        "SigsteadClusterBackupIsOld",
        20,
        "kube_cronjob_created{namespace='a', cronjob='acme-sigstead-backup-tlog-0'}: -999999x30
         kube_cronjob_status_last_successful_time{namespace='a', cronjob='acme-sigstead-backup-tlog-0'}: -86400x30
         kube_cronjob_created{namespace='b', cronjob='acme-sigstead-backup-tlog-0'}: -100x30
         kube_cronjob_created{namespace='a', cronjob='another'}: -999999x30",
    ),
    fires(
        "SigsteadBackupWarns",
        20,
        "sigstead_backup_warnings{name='acme'}: 1x30",
    ),
    // The next one found nothing.
    silent(
        "SigsteadBackupWarns",
        20,
        "sigstead_backup_warnings{name='acme'}: 1x9 0x30",
    ),
];
