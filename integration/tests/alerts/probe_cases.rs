//! Series for the alerts of the prober.

use crate::cases::{Case, fires, silent};

pub(crate) const PROBE_CASES: &[Case] = &[
    fires(
        "SigsteadProbeFails",
        20,
        "sigstead_probe_failing{step='certificate', code='E-CTL-076'}: _x10 1x10",
    ),
    // It fails in another way each time.
    fires(
        "SigsteadProbeFails",
        20,
        "sigstead_probe_failing{step='certificate', code='E-CTL-076'}: _x9 1 stale 1 stale 1 stale 1 stale 1 stale 1
         sigstead_probe_failing{step='certificate', code='E-CA-030'}: _x10 1 stale 1 stale 1 stale 1 stale 1 stale",
    ),
    // Every second round succeeds.
    fires(
        "SigsteadProbeFails",
        20,
        "sigstead_probe_failing{step='certificate', code='E-CTL-076'}: _x9 1 stale 1 stale 1 stale 1 stale 1 stale 1",
    ),
    // Two rounds of four, and no more.
    silent(
        "SigsteadProbeFails",
        20,
        "sigstead_probe_failing{step='certificate', code='E-CTL-076'}: _x13 1 stale _ 1 stale _x10",
    ),
    // One round failed, another in another way, and a log went back, which is another alert's.
    silent(
        "SigsteadProbeFails",
        20,
        "sigstead_probe_failing{step='certificate', code='E-CTL-076'}: _x16 1 _x10
         sigstead_probe_failing{step='certificate', code='E-CA-030'}: _x17 1x3
         sigstead_probe_failing{step='growth', code='E-CTL-400'}: 1x20",
    ),
    fires(
        "SigsteadProbeSeesAnotherHistory",
        2,
        "sigstead_probe_failing{step='growth', code='E-CTL-401'}: _ 1x10",
    ),
    silent(
        "SigsteadProbeSeesAnotherHistory",
        10,
        "sigstead_probe_failing{step='growth', code='E-CTL-076'}: 1x10
         sigstead_probe_failing{step='tuf', code='E-CTL-404'}: 1x10",
    ),
    fires(
        "SigsteadProbeIsLate",
        40,
        "sigstead_probe_step_duration_seconds_bucket{step='entry', le='5'}: 0+8x50
         sigstead_probe_step_duration_seconds_bucket{step='entry', le='10'}: 0+10x50
         sigstead_probe_step_duration_seconds_bucket{step='entry', le='+Inf'}: 0+10x50",
    ),
    silent(
        "SigsteadProbeIsLate",
        40,
        "sigstead_probe_step_duration_seconds_bucket{step='entry', le='5'}: 0+95x50
         sigstead_probe_step_duration_seconds_bucket{step='entry', le='10'}: 0+100x50
         sigstead_probe_step_duration_seconds_bucket{step='entry', le='+Inf'}: 0+100x50",
    ),
    fires(
        "SigsteadProbeStopped",
        30,
        "sigstead_probe_last_round_timestamp_seconds: 0+60x5 300x40",
    ),
    silent(
        "SigsteadProbeStopped",
        30,
        "sigstead_probe_last_round_timestamp_seconds: 0+60x40",
    ),
    fires(
        "SigsteadServedTrustRootEnds",
        11,
        "sigstead_probe_tuf_expires_timestamp_seconds{role='timestamp'}: 80000x20",
    ),
    silent(
        "SigsteadServedTrustRootEnds",
        11,
        "sigstead_probe_tuf_expires_timestamp_seconds{role='timestamp'}: 90000x20",
    ),
];
