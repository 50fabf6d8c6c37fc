//! Values of query parameters, which are all strings: numbers, comma lists, `*`.

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, MergeWithError, Value, ValueKind,
    ValuePointerRef, take_cf_content,
};

use super::Reason;

/// A value that can be written as the value of a query parameter.
pub trait FromParameter: Sized {
    fn from_parameter(text: &str) -> Result<Self, Reason>;
}

fn positive_integer<T: std::str::FromStr>(text: &str) -> Result<T, Reason> {
    text.parse()
        .map_err(|_| Reason(format!("could not parse `{text}` as a positive integer")))
}

impl FromParameter for usize {
    fn from_parameter(text: &str) -> Result<Self, Reason> {
        positive_integer(text)
    }
}

impl FromParameter for u32 {
    fn from_parameter(text: &str) -> Result<Self, Reason> {
        positive_integer(text)
    }
}

impl FromParameter for f32 {
    fn from_parameter(text: &str) -> Result<Self, Reason> {
        text.parse()
            .map_err(|error: std::num::ParseFloatError| Reason(error.to_string()))
    }
}

impl FromParameter for bool {
    fn from_parameter(text: &str) -> Result<Self, Reason> {
        text.parse().map_err(|_| {
            Reason(format!(
                "could not parse `{text}` as a boolean, expected either `true` or `false`"
            ))
        })
    }
}

impl FromParameter for String {
    fn from_parameter(text: &str) -> Result<Self, Reason> {
        Ok(text.to_owned())
    }
}

/// One value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parameter<T>(pub T);

/// Values separated by commas; empty elements are dropped, so an empty parameter is an empty list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct List<T>(pub Vec<T>);

/// Absent, `*`, or one value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StarOr<T> {
    #[default]
    Absent,
    Star,
    One(T),
}

impl<T> StarOr<T> {
    /// The value, if there is one; `*` restricts nothing.
    pub fn into_option(self) -> Option<T> {
        match self {
            StarOr::Absent | StarOr::Star => None,
            StarOr::One(value) => Some(value),
        }
    }

    pub fn is_absent(&self) -> bool {
        matches!(self, StarOr::Absent)
    }
}

/// Absent, a comma list with `*` in it, or a comma list without.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum StarOrList<T> {
    #[default]
    Absent,
    Star,
    List(Vec<T>),
}

impl<T> StarOrList<T> {
    /// The list, if there is one; `*` restricts nothing.
    pub fn into_option(self) -> Option<Vec<T>> {
        match self {
            StarOrList::Absent | StarOrList::Star => None,
            StarOrList::List(values) => Some(values),
        }
    }

    pub fn is_absent(&self) -> bool {
        matches!(self, StarOrList::Absent)
    }
}

/// The text of a parameter, or the error that it is not one.
fn text<V: IntoValue, E: DeserializeError>(
    value: Value<V>,
    location: ValuePointerRef,
) -> Result<String, E> {
    match value {
        Value::String(text) => Ok(text),
        actual => Err(take_cf_content(E::error(
            None,
            ErrorKind::IncorrectValueKind {
                actual,
                accepted: &[ValueKind::String],
            },
            location,
        ))),
    }
}

fn elements(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').filter(|element| !element.is_empty())
}

fn refuse<E: MergeWithError<Reason>>(reason: Reason, location: ValuePointerRef) -> E {
    take_cf_content(E::merge(None, reason, location))
}

impl<T: FromParameter, E: DeserializeError + MergeWithError<Reason>> Deserr<E> for Parameter<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, E> {
        let text = text(value, location)?;
        T::from_parameter(&text)
            .map(Parameter)
            .map_err(|reason| refuse(reason, location))
    }
}

impl<T: FromParameter, E: DeserializeError + MergeWithError<Reason>> Deserr<E> for List<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, E> {
        let text = text(value, location)?;
        elements(&text)
            .map(T::from_parameter)
            .collect::<Result<_, _>>()
            .map(List)
            .map_err(|reason| refuse(reason, location))
    }
}

impl<T: FromParameter, E: DeserializeError + MergeWithError<Reason>> Deserr<E> for StarOr<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, E> {
        let text = text(value, location)?;
        if text == "*" {
            return Ok(StarOr::Star);
        }
        T::from_parameter(&text)
            .map(StarOr::One)
            .map_err(|reason| refuse(reason, location))
    }
}

impl<T: FromParameter, E: DeserializeError + MergeWithError<Reason>> Deserr<E> for StarOrList<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, E> {
        let text = text(value, location)?;
        let several = elements(&text).nth(1).is_some();
        let mut star = false;
        let mut values = Vec::new();
        for (index, element) in elements(&text).enumerate() {
            if element == "*" {
                star = true;
                continue;
            }
            match T::from_parameter(element) {
                Ok(value) => values.push(value),
                Err(reason) => {
                    let place = if several {
                        location.push_index(index)
                    } else {
                        location
                    };
                    return Err(refuse(reason, place));
                }
            }
        }
        Ok(if star {
            StarOrList::Star
        } else {
            StarOrList::List(values)
        })
    }
}
