//! The value of a key, which follows from the master key and the key's uid.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

/// The secret that a key's holder presents.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyValue([u8; 32]);

/// HMAC-SHA256 of the uid as lowercase hyphenated text, under the master key (reference 4.1). Values are never stored:
/// another master key is another value for every key.
pub fn key_value(master_key: &[u8], uid: Uuid) -> KeyValue {
    let mut buffer = Uuid::encode_buffer();
    let uid = uid.hyphenated().encode_lower(&mut buffer);
    let mut mac =
        Hmac::<Sha256>::new_from_slice(master_key).expect("HMAC takes keys of any length");
    mac.update(uid.as_bytes());
    KeyValue(mac.finalize().into_bytes().into())
}

impl KeyValue {
    /// Reads what a client presents: 64 hexadecimal digits, upper case too.
    pub fn parse(presented: &str) -> Option<Self> {
        let digits = presented.as_bytes();
        let mut bytes = [0; 32];
        if digits.len() != 2 * bytes.len() {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |digit: u8| char::from(digit).to_digit(16);
            *byte = u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()?;
        }
        Some(Self(bytes))
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// 64 lowercase hexadecimal digits.
impl fmt::Display for KeyValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// A secret: it shows itself only where it is asked for by `Display`.
impl fmt::Debug for KeyValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyValue(..)")
    }
}
