//! A secret that cannot be printed by accident.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What every printer shows instead of a secret.
pub(super) const REDACTED: &str = "***";

/// A text that is wiped when dropped and prints as `***`.
#[derive(Clone)]
pub struct Secret {
    text: SecretString,
    /// Made once, because every request is compared with it. It is not wiped: whoever reads it does not have the text.
    digest: [u8; 32],
}

impl Secret {
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self {
            text: SecretString::from(text),
            digest: digest(text),
        }
    }

    /// The secret itself. Never put it into a message.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// Whether it is what somebody presents. Digests of one length are compared, so that the time tells neither how long the
    /// common beginning is nor how long the secret.
    pub(crate) fn is(&self, presented: &str) -> bool {
        self.digest.ct_eq(&digest(presented)).into()
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(REDACTED)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(REDACTED)
    }
}

/// Takes the same time wherever the first difference is.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.is(other.expose())
    }
}

impl Eq for Secret {}
