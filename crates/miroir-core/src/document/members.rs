//! The members of an object, as slices, by the same library and the same calls that the server reads documents with.
//!
//! What is valid, and what the error says, is therefore the server's answer by construction. (It is laxer than a parse
//! into a tree: a lone surrogate or a number beyond `f64` inside a value passes, and fails later in the task.)

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Calls `each` with the decoded key and the raw value of every member of the object `value`, in order.
///
/// # Errors
/// `invalid type: .., expected a map` (category `Data`) when the value is no object; a syntax error when a key is no
/// valid text.
pub(crate) fn for_each_member<'d>(
    value: &'d RawValue,
    each: impl FnMut(&str, &'d RawValue),
) -> serde_json::Result<()> {
    value.deserialize_map(Members(each))
}

struct Members<F>(F);

impl<'d, F: FnMut(&str, &'d RawValue)> Visitor<'d> for Members<F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map")
    }

    fn visit_map<A: MapAccess<'d>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = map.next_key()? {
            (self.0)(&key, map.next_value()?);
        }
        Ok(())
    }
}

/// A key, borrowed where it has no escapes.
struct Key<'d>(Cow<'d, str>);

impl<'d> Deserialize<'d> for Key<'d> {
    fn deserialize<D: Deserializer<'d>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor).map(Key)
    }
}

struct KeyVisitor;

impl<'d> Visitor<'d> for KeyVisitor {
    type Value = Cow<'d, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'d str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// An object that was parsed as strictly as into a tree, without building one.
pub(crate) struct StrictObject;

impl<'d> Deserialize<'d> for StrictObject {
    fn deserialize<D: Deserializer<'d>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_map(StrictMap)
            .map(|()| StrictObject)
    }
}

struct StrictMap;

impl<'d> Visitor<'d> for StrictMap {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map")
    }

    fn visit_map<A: MapAccess<'d>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<Key<'d>, StrictValue>()?.is_some() {}
        Ok(())
    }
}

struct StrictValue;

impl<'d> Deserialize<'d> for StrictValue {
    fn deserialize<D: Deserializer<'d>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictAny)
    }
}

struct StrictAny;

impl<'d> Visitor<'d> for StrictAny {
    type Value = StrictValue;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any valid JSON value")
    }

    fn visit_unit<E>(self) -> Result<StrictValue, E> {
        Ok(StrictValue)
    }

    fn visit_bool<E>(self, _: bool) -> Result<StrictValue, E> {
        Ok(StrictValue)
    }

    fn visit_i64<E>(self, _: i64) -> Result<StrictValue, E> {
        Ok(StrictValue)
    }

    fn visit_u64<E>(self, _: u64) -> Result<StrictValue, E> {
        Ok(StrictValue)
    }

    fn visit_f64<E>(self, _: f64) -> Result<StrictValue, E> {
        Ok(StrictValue)
    }

    fn visit_str<E>(self, _: &str) -> Result<StrictValue, E> {
        Ok(StrictValue)
    }

    fn visit_seq<A: SeqAccess<'d>>(self, mut elements: A) -> Result<StrictValue, A::Error> {
        while elements.next_element::<StrictValue>()?.is_some() {}
        Ok(StrictValue)
    }

    fn visit_map<A: MapAccess<'d>>(self, map: A) -> Result<StrictValue, A::Error> {
        StrictMap.visit_map(map).map(|()| StrictValue)
    }
}
