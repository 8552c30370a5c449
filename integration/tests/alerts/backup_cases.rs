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
