//! One transaction on one connection: what the tables are built from.

use std::error::Error;
use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use rusqlite::types::Type;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Params, Row, ffi};

use crate::transaction::implement_transactions;
use crate::{Json, Result, StoreError};

/// A transaction that somebody else begins and ends.
pub(super) struct Session<'c> {
    connection: &'c Connection,
}

implement_transactions!(Session<'_>);

impl<'c> Session<'c> {
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self { connection }
    }

    /// The first row, if there is one.
    pub(super) fn one<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row(parameters, read).optional()?)
    }

    pub(super) fn all<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(parameters, read)?;
        Ok(rows.collect::<rusqlite::Result<Vec<T>>>()?)
    }

    /// Changes rows; returns how many.
    pub(super) fn execute(&self, sql: &str, parameters: impl Params) -> Result<usize> {
        Ok(self.connection.prepare_cached(sql)?.execute(parameters)?)
    }

    /// Adds a row; `Exists` with that key if a unique column is taken.
    pub(super) fn insert(
        &self,
        table: &'static str,
        key: impl Display,
        sql: &str,
        parameters: impl Params,
    ) -> Result<()> {
        let outcome = self.connection.prepare_cached(sql)?.execute(parameters);
        match outcome {
            Err(error) if breaks(&error, TAKEN) => Err(StoreError::exists(table, key)),
            outcome => {
                outcome?;
                Ok(())
            }
        }
    }

    /// Adds or replaces a row that belongs to one of another table; `Missing` with that one's key if it is not there.
    pub(super) fn put_child(
        &self,
        parent: &'static str,
        key: impl Display,
        sql: &str,
        parameters: impl Params,
    ) -> Result<()> {
        let outcome = self.connection.prepare_cached(sql)?.execute(parameters);
        match outcome {
            Err(error) if breaks(&error, ORPHANED) => Err(StoreError::missing(parent, key)),
            outcome => {
                outcome?;
                Ok(())
            }
        }
    }

    /// Changes one row; `Missing` if it is not there.
    pub(super) fn update(
        &self,
        table: &'static str,
        key: impl Display,
        sql: &str,
        parameters: impl Params,
    ) -> Result<()> {
        match self.execute(sql, parameters)? {
            0 => Err(StoreError::missing(table, key)),
            _ => Ok(()),
        }
    }
}

const TAKEN: &[i32] = &[
    ffi::SQLITE_CONSTRAINT_PRIMARYKEY,
    ffi::SQLITE_CONSTRAINT_ROWID,
    ffi::SQLITE_CONSTRAINT_UNIQUE,
];
const ORPHANED: &[i32] = &[ffi::SQLITE_CONSTRAINT_FOREIGNKEY];

fn breaks(error: &rusqlite::Error, constraints: &[i32]) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => constraints.contains(&failure.extended_code),
        _ => false,
    }
}

// === columns ===

/// A text column of a type that is read from text.
pub(super) fn text<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T: FromStr,
    T::Err: Display,
{
    let text = row.get_ref(column)?.as_str()?;
    text.parse().map_err(|error| unknown(column, error))
}

/// A text column of such a type, or null.
pub(super) fn optional_text<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>>
where
    T: FromStr,
    T::Err: Display,
{
    let text = row.get_ref(column)?.as_str_or_null()?;
    text.map(|text| text.parse().map_err(|error| unknown(column, error)))
        .transpose()
}

pub(super) fn json(row: &Row<'_>, column: usize) -> rusqlite::Result<Json> {
    Ok(Json::from_text(row.get::<_, String>(column)?))
}

pub(super) fn optional_json(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Json>> {
    Ok(row.get::<_, Option<String>>(column)?.map(Json::from_text))
}

/// A count; SQLite's integers are signed.
pub(super) fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|error| unreadable(column, error))
}

/// A count on its way into a column. Counts begin at 0 and grow by one, so the upper half of their range is never seen.
pub(super) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub(super) fn unreadable(
    column: usize,
    error: impl Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Null, Box::new(error))
}

/// A text that is none of the texts of its type.
pub(super) fn unknown(column: usize, reason: impl Display) -> rusqlite::Error {
    unreadable(column, std::io::Error::other(reason.to_string()))
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error as E;
        match (&error, error.sqlite_error_code()) {
            (_, Some(ErrorCode::DiskFull)) => Self::Full,
            (_, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)) => {
                Self::Damaged(Arc::new(error))
            }
            (
                E::FromSqlConversionFailure(column, ..)
                | E::IntegralValueOutOfRange(column, ..)
                | E::InvalidColumnType(column, ..),
                _,
            ) => Self::Unreadable {
                place: format!("column {column} of a row"),
                reason: error.to_string(),
            },
            _ => Self::Unavailable(Arc::new(error)),
        }
    }
}
