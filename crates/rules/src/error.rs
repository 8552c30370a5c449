/// Why an expression is not taken as a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Nobody could say which rule decided.
    #[error(
        "a rule has no name; give it one of 1 to 64 letters, digits, blanks, dots, hyphens and underscores"
    )]
    Name,
    /// Two rules have one name.
    #[error("two rules are named {0:?}; give each a name of its own")]
    NameTwice(String),
    /// The expression is longer than any that people read.
    #[error("rule {name:?} has {bytes} bytes; write at most {limit}")]
    TooLong {
        /// The rule.
        name: String,
        /// Its length.
        bytes: usize,
        /// The longest that is taken.
        limit: usize,
    },
    /// The expression is not of the language.
    #[error("rule {name:?}, line {line}, column {column}: {reason}")]
    Syntax {
        /// The rule.
        name: String,
        /// The line of the fault, from 1.
        line: usize,
        /// The column of the fault, from 1.
        column: usize,
        /// What the parser says.
        reason: String,
    },
    /// The expression is of the language, and could only ever fail or cost too much.
    #[error("rule {name:?}, line {line}, column {column}: {fault}")]
    Refused {
        /// The rule.
        name: String,
        /// The line of the fault, from 1.
        line: usize,
        /// The column of the fault, from 1.
        column: usize,
        /// What is wrong.
        fault: Fault,
    },
}

/// What makes an expression unfit for a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No such variable.
    #[error("there is no {0}; a rule sees claims, san, issuer and type")]
    UnknownName(String),
    /// No such function.
    #[error(
        "there is no function {0}; a rule may call size, contains, startsWith, endsWith, matches, int, double, string, \
         has, all, exists, exists_one, filter and map"
    )]
    UnknownFunction(String),
    /// A construct that rules do not need.
    #[error("{0} is not possible in a rule")]
    Construct(&'static str),
    /// The pattern could come from the token, and so from a stranger.
    #[error("the pattern of matches must be written out as a text")]
    PatternNotLiteral,
    /// The pattern is no regular expression.
    #[error("the pattern of matches is not a regular expression: {0}")]
    PatternInvalid(String),
    /// The expression nests too deeply.
    #[error("it nests deeper than {0} levels")]
    TooDeep(usize),
    /// One loop within another multiplies the cost.
    #[error("all, exists, exists_one, filter and map cannot stand within one another")]
    NestedLoop,
    /// All its steps together are too many.
    #[error("it may take more than {0} steps; a loop counts 256 times what it repeats")]
    TooCostly(usize),
}
