/// What is wrong with a template, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct TemplateFault {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) problem: Problem,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    #[error("{0} is not supported in templates of this file")]
    Unsupported(String),
    #[error("there is no function {0}")]
    FunctionUnknown(String),
    #[error("{0} is not closed")]
    Unclosed(&'static str),
    #[error("the action is empty")]
    Empty,
    #[error("{0} is not expected here")]
    Unexpected(String),
    #[error("{function} takes {expected}")]
    Arguments {
        function: &'static str,
        expected: &'static str,
    },
    #[error("if stands without end")]
    EndMissing,
    #[error("it nests more than 16 levels deep")]
    TooDeep,
    #[error("it is longer than 4096 bytes")]
    TooLong,
}
