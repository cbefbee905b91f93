//! What all lists share: `?limit=…&cursor=…` and `{items, next_cursor}`.

use serde::{Deserialize, Serialize};
use sofie_app::{Cursor, Page};
use utoipa::{IntoParams, ToSchema};

use crate::Problem;

/// The most rows of one page.
const MAX: usize = 200;
const USUAL: usize = 50;

/// Which page of a list is wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many rows, 1 to 200; 50 without it.
    limit: Option<usize>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

impl PageQuery {
    /// Returns how many rows to list.
    #[must_use]
    pub fn limit(&self) -> usize {
        limit(self.limit)
    }

    /// Returns where the page starts.
    pub fn cursor(&self) -> Result<Option<Cursor>, Problem> {
        cursor(self.cursor.as_deref())
    }
}

/// Reads where a page starts and how many rows it has, for queries with more fields than these two.
pub(crate) fn page(
    rows: Option<usize>,
    after: Option<&str>,
) -> Result<(Option<Cursor>, usize), Problem> {
    Ok((cursor(after)?, limit(rows)))
}

fn limit(rows: Option<usize>) -> usize {
    rows.unwrap_or(USUAL).clamp(1, MAX)
}

fn cursor(text: Option<&str>) -> Result<Option<Cursor>, Problem> {
    let parsed = text.map(str::parse).transpose();
    parsed.map_err(|_| sofie_app::Error::invalid("cursor", "invalid").into())
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageBody<T: ToSchema> {
    /// The rows.
    pub items: Vec<T>,
    /// What to ask the next page with; none at the end.
    pub next_cursor: Option<String>,
}

impl<T: ToSchema> PageBody<T> {
    /// Turns a page of rows into a page of wire types.
    pub fn from_page<U>(page: Page<U>, change: impl FnMut(U) -> T) -> Self {
        let page = page.map(change);
        Self {
            items: page.items,
            next_cursor: page.next.map(|cursor| cursor.to_string()),
        }
    }
}

/// A list that is short enough to be given whole.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemsBody<T: ToSchema> {
    /// The rows.
    pub items: Vec<T>,
}

impl<T: ToSchema> ItemsBody<T> {
    /// Turns rows into wire types.
    pub fn from_items<U: Into<T>>(rows: Vec<U>) -> Self {
        Self {
            items: rows.into_iter().map(Into::into).collect(),
        }
    }
}
