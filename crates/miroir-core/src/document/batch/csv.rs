//! A CSV payload, converted to NDJSON by the server's rules.
//!
//! A header may end in `:string`, `:number` or `:boolean` (after its last colon); any other text is part of the name.
//! Untyped cells are strings, an empty cell is null, and only numbers and booleans are trimmed. Of several columns with
//! one name the last gives the value, at the place of the first.

use std::fmt;
use std::io::Write;

use csv::{ReaderBuilder, StringRecord};

use crate::error::{ApiError, Code};
use crate::wire::raw::push_string;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CellType {
    String,
    Number,
    Boolean,
}

/// A member of the documents: its key, and the column that gives its value.
struct Member {
    key: Vec<u8>,
    column: usize,
}

/// One JSON object per record, one per line.
///
/// # Errors
/// `malformed_payload` in the server's words; records count from 1.
pub(super) fn to_ndjson(body: &[u8], delimiter: u8) -> Result<Vec<u8>, ApiError> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).from_reader(body);
    let headers = reader.headers().map_err(malformed)?.clone();
    let columns: Vec<(&str, CellType)> = headers.iter().map(parse_header).collect();
    let members = members(&columns);

    let mut out = Vec::with_capacity(body.len() + body.len() / 2);
    let mut record = StringRecord::new();
    let mut line = 0_usize;
    while reader.read_record(&mut record).map_err(malformed)? {
        line += 1;
        // Every column is converted, because a bad cell is an error even where a later column of that name wins.
        let cells = columns
            .iter()
            .zip(&record)
            .map(|((_, cell_type), text)| convert(text, *cell_type, line))
            .collect::<Result<Vec<_>, _>>()?;
        out.push(b'{');
        for (place, member) in members.iter().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&member.key);
            out.push(b':');
            cells[member.column].push_to(&mut out);
        }
        out.extend_from_slice(b"}\n");
    }
    Ok(out)
}

fn members(columns: &[(&str, CellType)]) -> Vec<Member> {
    let mut members: Vec<(&str, Member)> = Vec::new();
    for (column, (name, _)) in columns.iter().enumerate() {
        match members.iter_mut().find(|(known, _)| known == name) {
            Some((_, member)) => member.column = column,
            None => {
                let mut key = Vec::new();
                push_string(name, &mut key);
                members.push((name, Member { key, column }));
            }
        }
    }
    members.into_iter().map(|(_, member)| member).collect()
}

fn parse_header(header: &str) -> (&str, CellType) {
    match header.rsplit_once(':') {
        Some((name, "string")) => (name, CellType::String),
        Some((name, "number")) => (name, CellType::Number),
        Some((name, "boolean")) => (name, CellType::Boolean),
        _ => (header, CellType::String),
    }
}

enum Cell<'r> {
    Null,
    Text(&'r str),
    Integer(i64),
    Float(f64),
    Boolean(bool),
}

impl Cell<'_> {
    fn push_to(&self, out: &mut Vec<u8>) {
        let written = match self {
            Cell::Null => out.write_all(b"null"),
            Cell::Text(text) => {
                push_string(text, out);
                Ok(())
            }
            Cell::Integer(integer) => write!(out, "{integer}"),
            // Infinities and NaN become null, as in the server.
            Cell::Float(float) => serde_json::to_writer(out, float).map_err(Into::into),
            Cell::Boolean(boolean) => write!(out, "{boolean}"),
        };
        written.expect("a vector takes every write");
    }
}

fn convert(text: &str, cell_type: CellType, line: usize) -> Result<Cell<'_>, ApiError> {
    let trimmed = text.trim();
    let bad = |kind: &str, error: &dyn fmt::Display| {
        malformed(format!(
            "Error parsing {kind} {text:?} at line {line}: {error}"
        ))
    };
    match cell_type {
        CellType::String if text.is_empty() => Ok(Cell::Null),
        CellType::String => Ok(Cell::Text(text)),
        _ if trimmed.is_empty() => Ok(Cell::Null),
        CellType::Number => match trimmed.parse::<i64>() {
            Ok(integer) => Ok(Cell::Integer(integer)),
            Err(_) => trimmed
                .parse()
                .map(Cell::Float)
                .map_err(|error| bad("number", &error)),
        },
        CellType::Boolean => trimmed
            .parse()
            .map(Cell::Boolean)
            .map_err(|error| bad("boolean", &error)),
    }
}

fn malformed(reason: impl fmt::Display) -> ApiError {
    ApiError::new(
        Code::MalformedPayload,
        format!("The `csv` payload provided is malformed: `{reason}`."),
    )
}
