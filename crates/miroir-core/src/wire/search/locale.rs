//! Languages a search or a setting may name: ISO 639-1 and ISO 639-3 codes.

use std::fmt;

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValueKind, ValuePointerRef,
    take_cf_content,
};
use serde::{Serialize, Serializer};

use crate::wire::deserialize::{FromParameter, Reason};

/// The codes in the order JSON errors list them: two letters, then three, paired, then the one without a pair.
const CODES: &[&str] = &[
    "af", "ak", "am", "ar", "az", "be", "bn", "bg", "ca", "cs", "da", "de", "el", "en", "eo", "et",
    "fi", "fr", "gu", "he", "hi", "hr", "hu", "hy", "id", "it", "jv", "ja", "kn", "ka", "km", "ko",
    "la", "lv", "lt", "ml", "mr", "mk", "my", "ne", "nl", "nb", "or", "pa", "fa", "pl", "pt", "ro",
    "ru", "si", "sk", "sl", "sn", "es", "sr", "sv", "ta", "te", "tl", "th", "tk", "tr", "uk", "ur",
    "uz", "vi", "yi", "zh", "zu", "afr", "aka", "amh", "ara", "aze", "bel", "ben", "bul", "cat",
    "ces", "dan", "deu", "ell", "eng", "epo", "est", "fin", "fra", "guj", "heb", "hin", "hrv",
    "hun", "hye", "ind", "ita", "jav", "jpn", "kan", "kat", "khm", "kor", "lat", "lav", "lit",
    "mal", "mar", "mkd", "mya", "nep", "nld", "nob", "ori", "pan", "pes", "pol", "por", "ron",
    "rus", "sin", "slk", "slv", "sna", "spa", "srp", "swe", "tam", "tel", "tgl", "tha", "tuk",
    "tur", "ukr", "urd", "uzb", "vie", "yid", "zho", "zul", "cmn",
];

/// A supported language code, as the client wrote it (`ja` and `jpn` are equal to the engine, not here).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Locale(&'static str);

impl Locale {
    /// The locale with this code, which is case-sensitive.
    pub fn from_code(code: &str) -> Option<Locale> {
        let known = CODES.iter().find(|known| **known == code)?;
        Some(Locale(known))
    }

    pub fn code(self) -> &'static str {
        self.0
    }

    /// The language by the name that the engine has for it, whichever of its two codes was written: `Jpn`.
    pub fn name(self) -> String {
        let pairs = CODES.len() / 2;
        let place = CODES.iter().position(|code| *code == self.0);
        let code = match place.filter(|place| *place < pairs) {
            Some(place) => CODES[place + pairs],
            None => self.0,
        };
        code[..1].to_ascii_uppercase() + &code[1..]
    }
}

impl fmt::Debug for Locale {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl Serialize for Locale {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl FromParameter for Locale {
    fn from_parameter(text: &str) -> Result<Self, Reason> {
        Locale::from_code(text).ok_or_else(|| {
            let mut codes = CODES.to_vec();
            codes.sort_by_key(|code| (code.len(), *code));
            Reason(format!(
                "Unsupported locale `{text}`, expected one of {}",
                codes.join(", ")
            ))
        })
    }
}

impl<E: DeserializeError> Deserr<E> for Locale {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, E> {
        let problem = match &value {
            Value::String(code) => match Locale::from_code(code) {
                Some(locale) => return Ok(locale),
                None => ErrorKind::UnknownValue {
                    value: code,
                    accepted: CODES,
                },
            },
            _ => ErrorKind::IncorrectValueKind {
                actual: value,
                accepted: &[ValueKind::String],
            },
        };
        Err(take_cf_content(E::error::<V>(None, problem, location)))
    }
}
