//! From rows to values, without trusting the rows.

use std::str::FromStr;

use crate::{Error, Result};

/// Parses a word or another text column.
pub(crate) fn parse<T: FromStr>(
    table: &'static str,
    column: &'static str,
    text: &str,
) -> Result<T> {
    text.parse()
        .map_err(|_| Error::Inconsistent { table, column })
}

/// Converts a column, such as a number that must not be negative.
pub(crate) fn convert<T, U: TryFrom<T>>(
    table: &'static str,
    column: &'static str,
    value: T,
) -> Result<U> {
    U::try_from(value).map_err(|_| Error::Inconsistent { table, column })
}

/// Converts a number for a column; the domain keeps numbers below `i64::MAX`.
pub(crate) fn bigint(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
