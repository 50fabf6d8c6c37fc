//! One row per configuration key: the loader, the default file, the printed configuration and the reference page all
//! read the same rows, so that none of them can know a key that another one does not.

use super::Config;
use super::tree::Scalar;

/// What a value must look like beyond its type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Allowed {
    /// Both ends included.
    Range(u64, u64),
    AtLeast(u64),
    /// The type itself, and nothing else, limits the value.
    Any,
}

/// One scalar key of the configuration.
pub(crate) struct Key {
    /// Without the root: `scatter.node_timeout_ms`.
    pub(crate) path: &'static str,
    /// Lines of text as written above the field.
    pub(crate) meaning: &'static [&'static str],
    /// `runtime`: may be changed while the process runs. `scaled`: its default grows with `server.memory_multiplier`.
    pub(crate) marks: &'static [&'static str],
    pub(crate) allowed: Allowed,
    /// `expected ...`: type and limits in words, from the type of the field.
    pub(crate) expected: fn(&Allowed) -> String,
    /// Whether printing the value shows it.
    pub(crate) secret: bool,
    /// An error is the reason why the text is no such value, to be put before what was expected.
    pub(crate) set: fn(&mut Config, &Scalar, &Allowed) -> Result<(), Mismatch>,
    /// The same for a list, which most types are not.
    pub(crate) set_list: fn(&mut Config, &[Scalar], &Allowed) -> Result<(), Mismatch>,
    /// The value as YAML on one line; secrets as `***`.
    pub(crate) get: fn(&Config) -> String,
}

impl Key {
    #[must_use]
    pub(crate) fn is_scaled(&self) -> bool {
        self.marks.contains(&"scaled")
    }

    /// The part after the last dot.
    #[must_use]
    pub(crate) fn name(&self) -> &'static str {
        self.path
            .rsplit_once('.')
            .map_or(self.path, |(_, name)| name)
    }

    /// The meaning as one line of text.
    #[must_use]
    pub(crate) fn sentence(&self) -> String {
        let lines: Vec<&str> = self.meaning.iter().map(|line| line.trim()).collect();
        lines.join(" ")
    }
}

/// Why a value was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// Not a value of the type.
    Type,
    /// Of the right type, but not an allowed value.
    Value,
    /// Allowed in the product, not built in this version.
    NotBuilt,
}

/// A part of the configuration with keys of its own.
pub(crate) struct Section {
    /// Empty for the root.
    pub(crate) path: &'static str,
    pub(crate) meaning: &'static [&'static str],
    pub(crate) keys: &'static [Key],
}

/// Every section of this version, the root first, and one inside another right after it.
pub(crate) const SECTIONS: &[Section] = &[
    Config::SECTION,
    super::TaskStore::SECTION,
    super::Admin::SECTION,
    super::Server::SECTION,
    super::ServerTls::SECTION,
    super::Metrics::SECTION,
    super::Log::SECTION,
    super::Tracing::SECTION,
    super::ConnectionPoolPerNode::SECTION,
    super::Health::SECTION,
    super::Scatter::SECTION,
    super::ReplicaSelection::SECTION,
    super::Hedging::SECTION,
    super::Rebalancer::SECTION,
    super::QueryPlanner::SECTION,
    super::Explain::SECTION,
    super::MultiSearch::SECTION,
    super::Idempotency::SECTION,
    super::QueryCoalescing::SECTION,
    super::SettingsBroadcast::SECTION,
    super::SettingsDriftCheck::SECTION,
    super::TaskRegistry::SECTION,
    super::VectorSearch::SECTION,
    super::ExactDictionary::SECTION,
    super::NodeTls::SECTION,
    super::Security::SECTION,
    super::TaskWebhook::SECTION,
    super::Backups::SECTION,
];

/// Every scalar key of this version.
pub(crate) fn keys() -> impl Iterator<Item = &'static Key> {
    SECTIONS.iter().flat_map(|section| section.keys)
}

/// The row of a path, if this version has it.
#[must_use]
pub(crate) fn key(path: &str) -> Option<&'static Key> {
    keys().find(|key| key.path == path)
}

/// Declares a section: the struct, its defaults and its rows.
///
/// `Name at (place.in.config) { /// meaning  [marks] field: Type = default, Allowed; .. nested { field: Type, .. } }`.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $name:ident at $place:tt {
            $(
                $(#[doc = $meaning:literal])+
                $([$($mark:ident),+])?
                $field:ident : $type:ty = $default:expr, $allowed:expr;
            )*
            $(nested { $( $(#[doc = $nested_meaning:literal])+ $nested:ident : $nested_type:ty, )+ })?
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $( $(#[doc = $meaning])+ pub $field: $type, )*
            $($( $(#[doc = $nested_meaning])+ pub $nested: $nested_type, )+)?
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    $( $field: $default, )*
                    $($( $nested: Default::default(), )+)?
                }
            }
        }

        impl $name {
            /// The rows of the keys above.
            pub(crate) const SECTION: $crate::config::table::Section = $crate::config::table::Section {
                path: $crate::config::table::path_of!($place),
                meaning: &[$($about),+],
                keys: &[$(
                    $crate::config::table::Key {
                        path: $crate::config::table::path_of!($place $field),
                        meaning: &[$($meaning),+],
                        marks: &[$($(stringify!($mark)),+)?],
                        allowed: $allowed,
                        expected: <$type as $crate::config::value::Value>::expected,
                        secret: <$type as $crate::config::value::Value>::SECRET,
                        set: |config, scalar, allowed| {
                            $crate::config::table::field_of!(config $place $field) =
                                $crate::config::value::Value::read(scalar, allowed)?;
                            Ok(())
                        },
                        set_list: |config, items, allowed| {
                            $crate::config::table::field_of!(config $place $field) =
                                $crate::config::value::Value::read_list(items, allowed)?;
                            Ok(())
                        },
                        get: |config| $crate::config::value::Value::show(&$crate::config::table::field_of!(config $place $field)),
                    },
                )*],
            };
        }
    };
}

/// The place of a section, or of a field in it, as text.
macro_rules! path_of {
    (()) => { "" };
    (() $field:ident) => { stringify!($field) };
    (($first:ident $(. $rest:ident)*)) => { concat!(stringify!($first) $(, ".", stringify!($rest))*) };
    (($($place:ident).+) $field:ident) => { concat!($(stringify!($place), ".",)+ stringify!($field)) };
}

/// The place of a field as an expression.
macro_rules! field_of {
    ($config:ident ($($place:ident).*) $field:ident) => { $config$(.$place)*.$field };
}

pub(crate) use {field_of, path_of, section};
