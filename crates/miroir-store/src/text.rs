//! Enumerations that are stored as text.

use thiserror::Error;

/// A stored text that names no variant.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not a {of}")]
pub struct UnknownText {
    pub of: &'static str,
    pub text: String,
}

/// Defines an enumeration with its text per variant: `as_str`, `Display`, `FromStr`, `ALL`, serde as that text.
macro_rules! text_enum {
    (
        $(#[$attribute:meta])*
        $name:ident { $($(#[$doc:meta])* $variant:ident => $text:literal,)+ }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $text)] $variant,)+ }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The text that is stored and shown.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::text::UnknownText;

            fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($crate::text::UnknownText { of: stringify!($name), text: text.to_owned() }),
                }
            }
        }
    };
}

pub(crate) use text_enum;
