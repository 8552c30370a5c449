//! Series for the alerts of backups and of drills.

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
    fires(
        "SigsteadDrillFails",
        20,
        "sigstead_drill_failed{backup='a.tar.age'}: 1x30",
    ),
    // The next one found that it could be.
    silent(
        "SigsteadDrillFails",
        20,
        "sigstead_drill_failed{backup='a.tar.age'}: 1x9 _x30
         sigstead_drill_failed{backup='b.tar.age'}: _x9 0x30",
    ),
    fires(
        "SigsteadDrillIsOld",
        20,
        "sigstead_drill_proven_timestamp_seconds{name='acme'}: -777601x30",
    ),
    // One of last week.
    silent(
        "SigsteadDrillIsOld",
        20,
        "sigstead_drill_proven_timestamp_seconds{name='acme'}: -604800x30",
    ),
    // The last one failed, or is at work for longer than it may be.
    fires(
        "SigsteadClusterDrillFails",
        20,
        "kube_cronjob_status_last_schedule_time{namespace='a', cronjob='acme-sigstead-drill-tlog-0'}: -25201x30
         kube_cronjob_status_last_successful_time{namespace='a', cronjob='acme-sigstead-drill-tlog-0'}: -604800x30",
    ),
    // None ever ended well.
    fires(
        "SigsteadClusterDrillFails",
        20,
        "kube_cronjob_status_last_schedule_time{namespace='a', cronjob='acme-sigstead-drill-ca-1'}: -25201x30",
    ),
    // One that ended well, one that is at work, and jobs that are no drills.
    silent(
        "SigsteadClusterDrillFails",
        20,
        "kube_cronjob_status_last_schedule_time{namespace='a', cronjob='acme-sigstead-drill-tlog-0'}: -99999x30
         kube_cronjob_status_last_successful_time{namespace='a', cronjob='acme-sigstead-drill-tlog-0'}: -99900x30
         kube_cronjob_status_last_schedule_time{namespace='b', cronjob='acme-sigstead-drill-tlog-0'}: -9999x30
         kube_cronjob_status_last_schedule_time{namespace='a', cronjob='acme-sigstead-backup-tlog-0'}: -99999x30
         kube_cronjob_status_last_schedule_time{namespace='a', cronjob='fire-drill-0'}: -99999x30",
    ),
    fires(
        "SigsteadClusterDrillIsOld",
        20,
        "kube_cronjob_created{namespace='a', cronjob='acme-sigstead-drill-tlog-0'}: -9999999x30
         kube_cronjob_status_last_successful_time{namespace='a', cronjob='acme-sigstead-drill-tlog-0'}: -777601x30",
    ),
    // It never ended well, or was never begun.
    fires(
        "SigsteadClusterDrillIsOld",
        20,
        "kube_cronjob_created{namespace='a', cronjob='acme-sigstead-drill-ca-1'}: -777601x30",
    ),
    // One of last week, a new one, and a backup.
    silent(
        "SigsteadClusterDrillIsOld",
        20,
        "kube_cronjob_created{namespace='a', cronjob='acme-sigstead-drill-tlog-0'}: -9999999x30
         kube_cronjob_status_last_successful_time{namespace='a', cronjob='acme-sigstead-drill-tlog-0'}: -604800x30
         kube_cronjob_created{namespace='b', cronjob='acme-sigstead-drill-tlog-0'}: -100x30
         kube_cronjob_created{namespace='a', cronjob='acme-sigstead-backup-tlog-0'}: -9999999x30",
    ),
];
