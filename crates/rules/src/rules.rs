use crate::error::RuleError;
use crate::facts::Facts;
use crate::rule::{Rule, RuleConfig};

/// Who may have a certificate: no rule that denies holds, and one that allows does, where one is asked for.
#[derive(Debug, Default)]
pub struct Rules {
    deny: Vec<Rule>,
    allow: Vec<Rule>,
    needs_allow: bool,
}

/// What the rules say of some facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// A certificate may be issued.
    Allowed {
        /// The rule that allows, unless none is needed.
        by: Option<&'a str>,
    },
    /// A rule forbids it, or could not tell whether it does.
    Denied {
        /// The rule.
        by: &'a str,
    },
    /// Rules say who may, and none of them holds.
    NotAllowed,
    /// A claim is larger than rules may be asked about.
    Unanswerable {
        /// Which claim, and its size.
        reason: String,
    },
}

/// Whether a rule allows or denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It says who may.
    Allow,
    /// It says who may not, whatever else allows it.
    Deny,
}

/// What one rule said, for those who write rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome<'a> {
    /// The rule.
    pub rule: &'a str,
    /// What it is for.
    pub effect: Effect,
    /// Whether it holds, or why it could not tell.
    pub holds: Result<bool, String>,
}

impl Rules {
    /// Reads and checks rules. With `is_shared` the issuer serves strangers too: without a rule that allows, nobody may.
    ///
    /// # Errors
    /// The first rule that cannot be taken, or a name that stands twice.
    pub fn compile(
        allow: &[RuleConfig],
        deny: &[RuleConfig],
        is_shared: bool,
    ) -> Result<Self, RuleError> {
        let mut names = std::collections::BTreeSet::new();
        for rule in allow.iter().chain(deny) {
            if !names.insert(&rule.name) {
                return Err(RuleError::NameTwice(rule.name.clone()));
            }
        }
        let compile = |rules: &[RuleConfig]| {
            rules
                .iter()
                .map(Rule::compile)
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            deny: compile(deny)?,
            allow: compile(allow)?,
            needs_allow: is_shared || !allow.is_empty(),
        })
    }

    /// Whether nobody may have a certificate, because a rule that allows is needed and there is none.
    #[must_use]
    pub fn refuse_everybody(&self) -> bool {
        self.needs_allow && self.allow.is_empty()
    }

    /// Decides. A rule that cannot tell counts against the bearer: one that denies denies, one that allows does not.
    #[must_use]
    pub fn decide(&self, facts: &Facts<'_>) -> Verdict<'_> {
        if self.deny.is_empty() && !self.needs_allow {
            return Verdict::Allowed { by: None };
        }
        let context = match facts.context() {
            Ok(context) => context,
            Err(reason) => return Verdict::Unanswerable { reason },
        };
        let denies = |rule: &&Rule| rule.holds(&context) != Ok(false);
        if let Some(rule) = self.deny.iter().find(denies) {
            return Verdict::Denied { by: rule.name() };
        }
        if !self.needs_allow {
            return Verdict::Allowed { by: None };
        }
        let allows = |rule: &&Rule| rule.holds(&context) == Ok(true);
        let by = self.allow.iter().find(allows).map(Rule::name);
        by.map_or(Verdict::NotAllowed, |name| Verdict::Allowed {
            by: Some(name),
        })
    }

    /// What each rule says of `facts`, those that deny first.
    #[must_use]
    pub fn outcomes(&self, facts: &Facts<'_>) -> Vec<Outcome<'_>> {
        let context = facts.context();
        let outcome = |rule: &'_ Rule| match &context {
            Ok(context) => rule.holds(context),
            Err(reason) => Err(reason.clone()),
        };
        let denying = self.deny.iter().map(|rule| Outcome {
            rule: rule.name(),
            effect: Effect::Deny,
            holds: outcome(rule),
        });
        let allowing = self.allow.iter().map(|rule| Outcome {
            rule: rule.name(),
            effect: Effect::Allow,
            holds: outcome(rule),
        });
        denying.chain(allowing).collect()
    }
}
