//! Who may call what on the admin interfaces of all services: the one table of it.

use sigstead_kit::{Access, Role};

use Role::{Operator, Owner, Viewer};

/// Every method of every admin interface, with the least role that may call it. What is not in it nobody may call.
///
/// A viewer looks. An operator does what can be undone, and hands in the tokens of others to look at. An owner does what
/// cannot be undone, and says who exists: an account of the issuer is as good as the certificates that it gets.
pub const ACCESS: &[Access] = &[
    Access::new("/sigstead.admin.v1.CaAdmin/ListIssuances", Viewer),
    Access::new("/sigstead.admin.v1.CaAdmin/GetIssuance", Viewer),
    Access::new("/sigstead.admin.v1.CaAdmin/TestToken", Operator),
    Access::new("/sigstead.admin.v1.CaAdmin/ListIssuers", Viewer),
    Access::new("/sigstead.admin.v1.CaAdmin/ListKeys", Viewer),
    Access::new("/sigstead.admin.v1.CaAdmin/ListCtLogs", Viewer),
    Access::new("/sigstead.admin.v1.TlogAdmin/ListLogs", Viewer),
    Access::new("/sigstead.admin.v1.TlogAdmin/OpenLog", Owner).recording(&[
        "predecessor",
        "freeze_predecessor",
        "config_yaml",
    ]),
    Access::new("/sigstead.admin.v1.TlogAdmin/FreezeLog", Owner).recording(&["origin"]),
    Access::new("/sigstead.admin.v1.TlogAdmin/PauseLog", Operator).recording(&["origin", "reason"]),
    Access::new("/sigstead.admin.v1.TlogAdmin/ResumeLog", Operator).recording(&["origin"]),
    Access::new("/sigstead.admin.v1.TlogAdmin/GetEntry", Viewer),
    Access::new("/sigstead.admin.v1.TlogAdmin/SearchEntries", Viewer),
    Access::new("/sigstead.admin.v1.TlogAdmin/ProveConsistency", Viewer),
    Access::new("/sigstead.admin.v1.TlogAdmin/RebuildIndex", Operator).recording(&["origin"]),
    Access::new("/sigstead.admin.v1.CtLogAdmin/ListLogs", Viewer),
    Access::new("/sigstead.admin.v1.CtLogAdmin/OpenLog", Owner).recording(&["config_yaml"]),
    Access::new("/sigstead.admin.v1.CtLogAdmin/FreezeLog", Owner).recording(&["origin"]),
    Access::new("/sigstead.admin.v1.CtLogAdmin/PauseLog", Operator)
        .recording(&["origin", "reason"]),
    Access::new("/sigstead.admin.v1.CtLogAdmin/ResumeLog", Operator).recording(&["origin"]),
    Access::new("/sigstead.admin.v1.TsaAdmin/ListKeys", Viewer),
    Access::new("/sigstead.admin.v1.TufAdmin/ListKeys", Viewer),
    Access::new("/sigstead.admin.v1.OidcAdmin/AddUser", Owner).recording(&["email"]),
    Access::new("/sigstead.admin.v1.OidcAdmin/ListUsers", Viewer),
    Access::new("/sigstead.admin.v1.OidcAdmin/RemoveUser", Owner).recording(&["email"]),
    Access::new("/sigstead.admin.v1.OidcAdmin/SetPassword", Owner).recording(&["email"]),
    Access::new("/sigstead.admin.v1.OidcAdmin/ChangeUser", Owner).recording(&[
        "email",
        "add_groups",
        "remove_groups",
        "remove_claims",
        "add_links",
        "remove_links",
    ]),
    Access::new("/sigstead.admin.v1.OidcAdmin/ListGroups", Viewer),
    Access::new("/sigstead.admin.v1.OidcAdmin/ChangeGroup", Owner).recording(&[
        "name",
        "add_members",
        "remove_members",
        "remove_everybody",
        "new_name",
    ]),
    Access::new("/sigstead.admin.v1.OidcAdmin/ChangeSecondFactor", Owner)
        .recording(&["email", "change"]),
    Access::new("/sigstead.admin.v1.OidcAdmin/ProbeConnectors", Viewer),
    Access::new("/sigstead.admin.v1.OidcAdmin/ListKeys", Viewer),
];
