//! Series for each alert. A line is a series and its values, one for each minute: a first value, a step and a number of
//! steps.

/// What an alert must do over some series.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) alert: &'static str,
    pub(crate) fires: bool,
    pub(crate) after_minutes: u32,
    pub(crate) series: &'static str,
}

pub(crate) const fn fires(alert: &'static str, after_minutes: u32, series: &'static str) -> Case {
    Case {
        alert,
        fires: true,
        after_minutes,
        series,
    }
}

pub(crate) const fn silent(alert: &'static str, after_minutes: u32, series: &'static str) -> Case {
    Case {
        fires: false,
        ..fires(alert, after_minutes, series)
    }
}

pub(crate) const CASES: &[Case] = &[
    fires(
        "SigsteadServiceIsDown",
        30,
        "up{job='s', instance='ca'}: 1x10 0x30
         sigstead_build_info{job='s', instance='ca', service='ca', version='1'}: 1x10 _x30",
    ),
    // It answers again; and a target that never was one of ours.
    silent(
        "SigsteadServiceIsDown",
        30,
        "up{job='s', instance='ca'}: 0x10 1x30
         up{job='other', instance='x'}: 0x40
         sigstead_build_info{job='s', instance='ca', service='ca', version='1'}: 1x40",
    ),
    fires(
        "SigsteadServiceIsNotReady",
        6,
        "sigstead_ready{job='s', instance='ca'}: 0x10
         sigstead_build_info{job='s', instance='ca', service='ca', version='1'}: 1x10",
    ),
    silent(
        "SigsteadServiceIsNotReady",
        6,
        "sigstead_ready{job='s', instance='ca'}: 0 0 0 1x10
         sigstead_build_info{job='s', instance='ca', service='ca', version='1'}: 1x10",
    ),
    fires(
        "SigsteadServiceRestarts",
        20,
        "process_start_time_seconds{job='s', instance='ca'}: 0+60x20
         sigstead_build_info{job='s', instance='ca', service='ca', version='1'}: 1x20",
    ),
    // One restart of ours, and many of somebody else's.
    silent(
        "SigsteadServiceRestarts",
        20,
        "process_start_time_seconds{job='s', instance='ca'}: 100x10 700x10
         process_start_time_seconds{job='other', instance='x'}: 0+60x20
         sigstead_build_info{job='s', instance='ca', service='ca', version='1'}: 1x20",
    ),
    fires(
        "SigsteadServiceWarns",
        62,
        "sigstead_warning{job='s', instance='ca', check='issuers file'}: 1x70
         sigstead_build_info{job='s', instance='ca', service='ca', version='1'}: 1x70",
    ),
    silent(
        "SigsteadServiceWarns",
        62,
        "sigstead_warning{job='s', instance='ca', check='issuers file'}: 0x70
         sigstead_build_info{job='s', instance='ca', service='ca', version='1'}: 1x70",
    ),
    fires(
        "SigsteadAnswersWithErrors",
        30,
        "http_requests_total{job='s', instance='ca', code='201', method='POST', route='/a'}: 0+90x40
         http_requests_total{job='s', instance='ca', code='503', method='POST', route='/a'}: 0+5x40
         http_requests_total{job='s', instance='ca', code='grpc-13', method='POST', route='/b'}: 0+5x40
         sigstead_build_info{job='s', instance='ca', service='ca', version='1'}: 1x40",
    ),
    // The callers' own errors, and those of another program.
    silent(
        "SigsteadAnswersWithErrors",
        30,
        "http_requests_total{job='s', instance='ca', code='400', method='POST', route='/a'}: 0+90x40
         http_requests_total{job='s', instance='ca', code='500', method='POST', route='/a'}: 0+2x40
         http_requests_total{job='other', instance='x', code='500', method='POST', route='/a'}: 0+90x40
         sigstead_build_info{job='s', instance='ca', service='ca', version='1'}: 1x40",
    ),
    fires(
        "SigsteadAnswersLate",
        40,
        "http_request_duration_seconds_bucket{job='s', instance='ca', method='POST', route='/a', le='2.5'}: 0+90x50
         http_request_duration_seconds_bucket{job='s', instance='ca', method='POST', route='/a', le='5.0'}: 0+100x50
         http_request_duration_seconds_bucket{job='s', instance='ca', method='POST', route='/a', le='+Inf'}: 0+100x50
         sigstead_build_info{job='s', instance='ca', service='ca', version='1'}: 1x50",
    ),
    silent(
        "SigsteadAnswersLate",
        40,
        "http_request_duration_seconds_bucket{job='s', instance='ca', method='POST', route='/a', le='1.0'}: 0+100x50
         http_request_duration_seconds_bucket{job='s', instance='ca', method='POST', route='/a', le='+Inf'}: 0+100x50
         sigstead_build_info{job='s', instance='ca', service='ca', version='1'}: 1x50",
    ),
    fires(
        "SigsteadDiskFillsUp",
        16,
        "sigstead_disk_available_bytes{folder='record'}: 1e11x20
         sigstead_disk_size_bytes{folder='record'}: 1e12x20",
    ),
    silent(
        "SigsteadDiskFillsUp",
        16,
        "sigstead_disk_available_bytes{folder='record'}: 2e11x20
         sigstead_disk_size_bytes{folder='record'}: 1e12x20",
    ),
    fires(
        "SigsteadDiskIsFull",
        6,
        "sigstead_disk_available_bytes{folder='record'}: 4e10x10
         sigstead_disk_size_bytes{folder='record'}: 1e12x10",
    ),
    // Much of a small disk is little.
    fires(
        "SigsteadDiskIsFull",
        6,
        "sigstead_disk_available_bytes{folder='record'}: 5e8x10
         sigstead_disk_size_bytes{folder='record'}: 2e9x10",
    ),
    silent(
        "SigsteadDiskIsFull",
        6,
        "sigstead_disk_available_bytes{folder='record'}: 1e11x10
         sigstead_disk_size_bytes{folder='record'}: 1e12x10",
    ),
    // Time begins at 0, so what ends at 5184000 ends in sixty days.
    fires(
        "SigsteadChainEnds",
        11,
        "sigstead_certificate_expires_timestamp_seconds{certificate='chain'}: 5180000x20",
    ),
    silent(
        "SigsteadChainEnds",
        11,
        "sigstead_certificate_expires_timestamp_seconds{certificate='chain'}: 5200000x20
         sigstead_certificate_expires_timestamp_seconds{certificate='admin'}: 1x20",
    ),
    fires(
        "SigsteadServerCertificateEnds",
        11,
        "sigstead_certificate_expires_timestamp_seconds{certificate='admin'}: 1200000x20",
    ),
    silent(
        "SigsteadServerCertificateEnds",
        11,
        "sigstead_certificate_expires_timestamp_seconds{certificate='admin'}: 1300000x20
         sigstead_certificate_expires_timestamp_seconds{certificate='chain'}: 1200000x20",
    ),
    fires(
        "SigsteadTrustRootExpires",
        11,
        "sigstead_tuf_expires_timestamp_seconds{role='targets'}: 5180000x20",
    ),
    silent(
        "SigsteadTrustRootExpires",
        11,
        "sigstead_tuf_expires_timestamp_seconds{role='root'}: 5200000x20
         sigstead_tuf_expires_timestamp_seconds{role='timestamp'}: 90000x20",
    ),
    fires(
        "SigsteadTrustRootExpiresSoon",
        11,
        "sigstead_tuf_expires_timestamp_seconds{role='root'}: 1200000x20",
    ),
    silent(
        "SigsteadTrustRootExpiresSoon",
        11,
        "sigstead_tuf_expires_timestamp_seconds{role='root'}: 1300000x20
         sigstead_tuf_expires_timestamp_seconds{role='snapshot'}: 90000x20",
    ),
    fires(
        "SigsteadTrustRootIsNotRenewed",
        11,
        "sigstead_tuf_expires_timestamp_seconds{role='timestamp'}: 80000x20",
    ),
    silent(
        "SigsteadTrustRootIsNotRenewed",
        11,
        "sigstead_tuf_expires_timestamp_seconds{role='snapshot'}: 90000x20
         sigstead_tuf_expires_timestamp_seconds{role='root'}: 80000x20",
    ),
    fires(
        "SigsteadLogTakesNothing",
        6,
        "sigstead_tlog_read_only{origin='a'}: 1x10
         sigstead_tlog_paused{origin='a'}: 0x10
         sigstead_tlog_frozen{origin='a'}: 0x10",
    ),
    fires(
        "SigsteadLogTakesNothing",
        6,
        "sigstead_ctlog_read_only{origin='a'}: 1x10
         sigstead_ctlog_paused{origin='a'}: 0x10",
    ),
    // One takes entries, one has ended, one is paused, and so is the certificate log.
    silent(
        "SigsteadLogTakesNothing",
        6,
        "sigstead_tlog_read_only{origin='a'}: 0x10
         sigstead_tlog_read_only{origin='b'}: 1x10
         sigstead_tlog_frozen{origin='b'}: 1x10
         sigstead_tlog_read_only{origin='c'}: 1x10
         sigstead_tlog_paused{origin='c'}: 1x10
         sigstead_ctlog_read_only{origin='d'}: 1x10
         sigstead_ctlog_paused{origin='d'}: 1x10
         sigstead_ctlog_read_only{origin='e'}: 1x10
         sigstead_ctlog_frozen{origin='e'}: 1x10",
    ),
    fires("SigsteadLogIsPaused", 1442, "sigstead_tlog_paused{origin='a'}: 1x1450"),
    fires("SigsteadLogIsPaused", 1442, "sigstead_ctlog_paused{origin='a'}: 1x1450"),
    silent("SigsteadLogIsPaused", 600, "sigstead_tlog_paused{origin='a'}: 1x650"),
    fires(
        "SigsteadEntriesWait",
        10,
        "sigstead_tlog_waiting_entries{origin='a'}: 3x20
         sigstead_tlog_checkpoint_timestamp_seconds{origin='a'}: 0x20",
    ),
    fires(
        "SigsteadEntriesWait",
        10,
        "sigstead_ctlog_waiting_entries{origin='a'}: 3x20
         sigstead_ctlog_checkpoint_timestamp_seconds{origin='a'}: 0x20",
    ),
    // A busy log has some whenever one looks, and an idle one has an old checkpoint.
    silent(
        "SigsteadEntriesWait",
        10,
        "sigstead_tlog_waiting_entries{origin='a'}: 3x20
         sigstead_tlog_checkpoint_timestamp_seconds{origin='a'}: 0+60x20
         sigstead_tlog_waiting_entries{origin='b'}: 0x20
         sigstead_tlog_checkpoint_timestamp_seconds{origin='b'}: 0x20",
    ),
    fires(
        "SigsteadLogHasNoFreshCheckpoint",
        40,
        "sigstead_ctlog_checkpoint_timestamp_seconds{origin='a'}: 0x50",
    ),
    silent(
        "SigsteadLogHasNoFreshCheckpoint",
        40,
        "sigstead_ctlog_checkpoint_timestamp_seconds{origin='a'}: 0x10 600x10 1200x10 1800x20
         sigstead_ctlog_checkpoint_timestamp_seconds{origin='b'}: 0x50
         sigstead_ctlog_frozen{origin='b'}: 1x50",
    ),
    fires(
        "SigsteadAnchorIsBehind",
        20,
        "sigstead_tlog_size{origin='a'}: 100+10x30
         sigstead_tlog_anchored_size{origin='a'}: 100x30",
    ),
    fires(
        "SigsteadAnchorIsBehind",
        20,
        "sigstead_ctlog_size{origin='a'}: 101x30
         sigstead_ctlog_anchored_size{origin='a'}: 100x30",
    ),
    // A busy log is always a little ahead of it.
    silent(
        "SigsteadAnchorIsBehind",
        20,
        "sigstead_tlog_size{origin='a'}: 110+10x30
         sigstead_tlog_anchored_size{origin='a'}: 100+10x30
         sigstead_ctlog_size{origin='a'}: 100x30
         sigstead_ctlog_anchored_size{origin='a'}: 100x30",
    ),
    fires(
        "SigsteadColdStorageIsBehind",
        16,
        "sigstead_tlog_size{origin='a'}: 100000x20
         sigstead_tlog_bundles_in_cold{origin='a'}: 100x20",
    ),
    fires(
        "SigsteadColdStorageIsBehind",
        16,
        "sigstead_ctlog_size{origin='a'}: 100000x20
         sigstead_ctlog_bundles_in_cold{origin='a'}: 100x20",
    ),
    silent(
        "SigsteadColdStorageIsBehind",
        16,
        "sigstead_tlog_size{origin='a'}: 100000x20
         sigstead_tlog_bundles_in_cold{origin='a'}: 380x20",
    ),
    fires(
        "SigsteadWitnessesAreTooFew",
        11,
        "sigstead_tlog_size{origin='a'}: 7x20
         sigstead_tlog_cosigned_size{origin='a'}: 0x20
         sigstead_tlog_witnessed{origin='a'}: 1x20",
    ),
    // One has a quorum, one has no witnesses.
    silent(
        "SigsteadWitnessesAreTooFew",
        11,
        "sigstead_tlog_size{origin='a'}: 7x20
         sigstead_tlog_cosigned_size{origin='a'}: 7x20
         sigstead_tlog_witnessed{origin='a'}: 1x20
         sigstead_tlog_size{origin='b'}: 7x20
         sigstead_tlog_cosigned_size{origin='b'}: 0x20
         sigstead_tlog_witnessed{origin='b'}: 0x20",
    ),
    fires("SigsteadRecordTakesNothing", 3, "sigstead_ca_record_writable: 0x10"),
    silent("SigsteadRecordTakesNothing", 3, "sigstead_ca_record_writable: 0 1x10"),
    fires(
        "SigsteadIssuanceIsPutOff",
        30,
        "sigstead_ca_issuances_put_off_total{reason='record_late'}: 0+2x40",
    ),
    silent(
        "SigsteadIssuanceIsPutOff",
        30,
        "sigstead_ca_issuances_put_off_total{reason='record_late'}: 0x20 3x20",
    ),
    fires(
        "SigsteadIssuerIsAway",
        40,
        "sigstead_ca_issuer_fetch_failures_total{issuer='https://a.example'}: 0+1x50",
    ),
    silent(
        "SigsteadIssuerIsAway",
        40,
        "sigstead_ca_issuer_fetch_failures_total{issuer='https://a.example'}: 0x30 2x20",
    ),
    fires(
        "SigsteadIssuerIsUnusable",
        11,
        "sigstead_ca_issuer_usable{issuer='https://a.example'}: 0x20",
    ),
    silent(
        "SigsteadIssuerIsUnusable",
        11,
        "sigstead_ca_issuer_usable{issuer='https://a.example'}: 0 0 0 1x20",
    ),
    fires("SigsteadIssuersFileIsRefused", 6, "sigstead_ca_issuers_file_accepted: 0x10"),
    silent("SigsteadIssuersFileIsRefused", 6, "sigstead_ca_issuers_file_accepted: 1x10"),
];
