//! The types of configuration values: how each is read, described and printed.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::secret::Secret;
use super::table::{Allowed, Mismatch};
use super::tree::Scalar;

/// A type that a key can have.
pub(super) trait Value: Sized {
    /// Whether `show` hides the value.
    const SECRET: bool = false;

    /// What a reader of the message should write instead, as in `expected <this>`.
    fn expected(allowed: &Allowed) -> String;

    fn read(scalar: &Scalar, allowed: &Allowed) -> Result<Self, Mismatch>;

    /// Reads a list; for types that are lists.
    fn read_list(_: &[Scalar], _: &Allowed) -> Result<Self, Mismatch> {
        Err(Mismatch::Type)
    }

    /// YAML on one line that reads back as the same value (secrets excepted).
    fn show(&self) -> String;
}

/// A number of milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(pub u64);

impl Millis {
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

/// A number of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub u64);

impl Seconds {
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

impl ByteSize {
    /// As a length in memory; saturates where memory cannot be that large.
    #[must_use]
    pub fn length(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// A part of a whole: 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Ratio(pub f32);
/// How many times something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Factor(pub f64);

/// By how much the defaults that are sized for the small container grow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MemoryMultiplier {
    /// The container's memory limit divided by that of the small container.
    Auto,
    Fixed(f64),
}

fn integer(scalar: &Scalar, allowed: &Allowed) -> Result<u64, Mismatch> {
    if scalar.quoted {
        return Err(Mismatch::Type);
    }
    let digits = scalar.text.strip_prefix('-').unwrap_or(&scalar.text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Mismatch::Type);
    }
    let value: u64 = scalar.text.parse().map_err(|_| Mismatch::Value)?;
    let fits = match *allowed {
        Allowed::Range(low, high) => (low..=high).contains(&value),
        Allowed::AtLeast(low) => value >= low,
        Allowed::Any => true,
    };
    if fits {
        Ok(value)
    } else {
        Err(Mismatch::Value)
    }
}

fn limits(noun: &str, allowed: &Allowed) -> String {
    match allowed {
        Allowed::Range(low, high) => format!("{noun} from {low} to {high}"),
        Allowed::AtLeast(low) => format!("{noun} of at least {low}"),
        Allowed::Any => noun.to_owned(),
    }
}

macro_rules! integers {
    ($($type:ty),+) => {$(
        impl Value for $type {
            fn expected(allowed: &Allowed) -> String {
                limits("an integer", allowed)
            }

            fn read(scalar: &Scalar, allowed: &Allowed) -> Result<Self, Mismatch> {
                Self::try_from(integer(scalar, allowed)?).map_err(|_| Mismatch::Value)
            }

            fn show(&self) -> String {
                self.to_string()
            }
        }
    )+};
}

integers!(u16, u32, u64, usize);

macro_rules! quantities {
    ($($type:ident $noun:literal),+) => {$(
        impl Value for $type {
            fn expected(allowed: &Allowed) -> String {
                limits($noun, allowed)
            }

            fn read(scalar: &Scalar, allowed: &Allowed) -> Result<Self, Mismatch> {
                integer(scalar, allowed).map(Self)
            }

            fn show(&self) -> String {
                self.0.to_string()
            }
        }
    )+};
}

quantities!(Millis "milliseconds, an integer", Seconds "seconds, an integer", ByteSize "bytes, an integer");

impl Value for bool {
    fn expected(_: &Allowed) -> String {
        "true or false".to_owned()
    }

    fn read(scalar: &Scalar, _: &Allowed) -> Result<Self, Mismatch> {
        match scalar.text.as_str() {
            "true" | "True" | "TRUE" if !scalar.quoted => Ok(true),
            "false" | "False" | "FALSE" if !scalar.quoted => Ok(false),
            _ => Err(Mismatch::Type),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for IpAddr {
    fn expected(_: &Allowed) -> String {
        "an IP address".to_owned()
    }

    fn read(scalar: &Scalar, _: &Allowed) -> Result<Self, Mismatch> {
        scalar.text.parse().map_err(|_| Mismatch::Type)
    }

    fn show(&self) -> String {
        quote(&self.to_string())
    }
}

impl Value for PathBuf {
    fn expected(_: &Allowed) -> String {
        "a path".to_owned()
    }

    fn read(scalar: &Scalar, _: &Allowed) -> Result<Self, Mismatch> {
        if scalar.is_empty() {
            Err(Mismatch::Value)
        } else {
            Ok(Self::from(&scalar.text))
        }
    }

    fn show(&self) -> String {
        quote(&self.to_string_lossy())
    }
}

impl Value for Option<Secret> {
    const SECRET: bool = true;

    fn expected(_: &Allowed) -> String {
        "a text".to_owned()
    }

    /// Empty is "not set". The redacted form is refused: it comes from a printed configuration that was read back.
    fn read(scalar: &Scalar, _: &Allowed) -> Result<Self, Mismatch> {
        match scalar.text.as_str() {
            _ if scalar.is_empty() => Ok(None),
            super::secret::REDACTED => Err(Mismatch::Value),
            text => Ok(Some(Secret::new(text))),
        }
    }

    fn show(&self) -> String {
        quote(if self.is_some() {
            super::secret::REDACTED
        } else {
            ""
        })
    }
}

impl Value for Ratio {
    fn expected(_: &Allowed) -> String {
        "a number from 0 to 1".to_owned()
    }

    fn read(scalar: &Scalar, _: &Allowed) -> Result<Self, Mismatch> {
        match scalar.text.parse::<f32>() {
            Ok(ratio) if !scalar.quoted && (0.0..=1.0).contains(&ratio) => Ok(Self(ratio)),
            Ok(_) if !scalar.quoted => Err(Mismatch::Value),
            _ => Err(Mismatch::Type),
        }
    }

    fn show(&self) -> String {
        self.0.to_string()
    }
}

impl Value for Factor {
    fn expected(allowed: &Allowed) -> String {
        limits("a number", allowed)
    }

    fn read(scalar: &Scalar, allowed: &Allowed) -> Result<Self, Mismatch> {
        if scalar.quoted {
            return Err(Mismatch::Type);
        }
        let number: f64 = scalar.text.parse().map_err(|_| Mismatch::Type)?;
        #[expect(clippy::cast_precision_loss, reason = "limits are small")]
        let fits = match *allowed {
            Allowed::Range(low, high) => (low as f64..=high as f64).contains(&number),
            Allowed::AtLeast(low) => number >= low as f64,
            Allowed::Any => true,
        };
        if fits && number.is_finite() {
            Ok(Self(number))
        } else {
            Err(Mismatch::Value)
        }
    }

    fn show(&self) -> String {
        self.0.to_string()
    }
}

impl Value for MemoryMultiplier {
    fn expected(_: &Allowed) -> String {
        "auto or a number of at least 1".to_owned()
    }

    fn read(scalar: &Scalar, _: &Allowed) -> Result<Self, Mismatch> {
        match scalar.text.as_str() {
            "auto" => Ok(Self::Auto),
            text if !scalar.quoted => match text.parse::<f64>() {
                Ok(number) if number.is_finite() && number >= 1.0 => Ok(Self::Fixed(number)),
                Ok(_) => Err(Mismatch::Value),
                Err(_) => Err(Mismatch::Type),
            },
            _ => Err(Mismatch::Type),
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Auto => "auto".to_owned(),
            Self::Fixed(number) => number.to_string(),
        }
    }
}

/// An `http` or `https` URL; with another scheme, or none, it is no value.
pub(super) fn web_address(scalar: &Scalar) -> Result<Url, Mismatch> {
    let url: Url = scalar.text.parse().map_err(|_| Mismatch::Value)?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        _ => Err(Mismatch::Value),
    }
}

/// A text as a YAML scalar: plain where that is safe, else in double quotes.
#[must_use]
pub(super) fn quote(text: &str) -> String {
    let plain = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "/._-".contains(letter))
        && !["true", "false", "null", "yes", "no", "on", "off"]
            .contains(&text.to_ascii_lowercase().as_str());
    if plain {
        return text.to_owned();
    }
    // A JSON text is a YAML text in double quotes.
    serde_json::to_string(text).expect("a text always serialises")
}

/// Declares an enumeration that is written as one of a few words.
macro_rules! words {
    (
        $(#[doc = $about:literal])+
        $name:ident { $( $(#[doc = $meaning:literal])+ $variant:ident = $word:literal, )+ }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $( $(#[doc = $meaning])+ $variant, )+
        }

        impl $crate::config::value::Value for $name {
            fn expected(_: &$crate::config::table::Allowed) -> String {
                [$($word),+].join(" or ")
            }

            fn read(
                scalar: &$crate::config::tree::Scalar,
                _: &$crate::config::table::Allowed,
            ) -> Result<Self, $crate::config::table::Mismatch> {
                match scalar.text.as_str() {
                    $( $word => Ok(Self::$variant), )+
                    _ => Err($crate::config::table::Mismatch::Value),
                }
            }

            fn show(&self) -> String {
                match self {
                    $( Self::$variant => $word.to_owned(), )+
                }
            }
        }
    };
}

pub(crate) use words;
