//! What is wrong with a configuration, and where.

use std::fmt;
use std::sync::Arc;

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Line and column count from 1; 0 stands for the file as a whole.
    File {
        name: Arc<str>,
        line: usize,
        column: usize,
    },
    /// The variable.
    Environment(String),
    /// The path after `--set`.
    Flag(String),
    /// Nobody wrote it: a default, or something that is missing.
    Default,
}

impl Origin {
    /// For a reader of another line of the same message.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::File { line, .. } => format!("on line {line}"),
            Self::Environment(name) => format!("in {name}"),
            Self::Flag(path) => format!("with --set {path}"),
            Self::Default => "by default".to_owned(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { name, line: 0, .. } => write!(formatter, "{name} "),
            Self::File { name, line, column } => write!(formatter, "{name}:{line}:{column} "),
            Self::Environment(name) => write!(formatter, "{name} "),
            Self::Flag(path) => write!(formatter, "--set {path} "),
            Self::Default => Ok(()),
        }
    }
}

/// One mistake. Displays as `file:line:column path: what is wrong, what is expected`, and never contains a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub origin: Origin,
    /// With the root: `miroir.scatter.node_timeout_ms`. Empty where no key is concerned.
    pub path: String,
    pub text: String,
}

impl Problem {
    /// About a key, named without the root; the empty name is the root itself.
    pub(super) fn at_key(origin: &Origin, key: &str, text: impl Into<String>) -> Self {
        let path = if key.is_empty() {
            "miroir".to_owned()
        } else {
            format!("miroir.{key}")
        };
        Self {
            origin: origin.clone(),
            path,
            text: text.into(),
        }
    }

    /// About a source as a whole.
    pub(super) fn of(origin: &Origin, text: impl Into<String>) -> Self {
        Self {
            origin: origin.clone(),
            path: String::new(),
            text: text.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.path.is_empty() { "" } else { ": " };
        write!(
            formatter,
            "{}{}{separator}{}",
            self.origin, self.path, self.text
        )
    }
}

/// Every mistake of a configuration, one line each, in the order in which they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str("\n")?;
            }
            write!(formatter, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
