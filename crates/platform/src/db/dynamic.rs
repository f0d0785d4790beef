use sqlx::{AssertSqlSafe, SqlSafeStr};

use super::{
    DbError, Dialect,
    connection::{Bind, Connection, Query, Row, Scalar},
};

/// A statement that grows with its filters. Text comes from the program alone ([`push`](Self::push) takes `&'static str`);
/// every value is bound.
#[must_use = "a query does nothing until it is executed or fetched"]
pub struct DynamicQuery<'c> {
    text: String,
    dialect: Dialect,
    bound: usize,
    query: Query<'c>,
}

impl<'c> DynamicQuery<'c> {
    pub(super) fn new(connection: &'c mut Connection, beginning: &'static str) -> Self {
        let dialect = connection.dialect();
        Self { text: beginning.to_owned(), dialect, bound: 0, query: connection.prepare("".into_sql_str()) }
    }

    /// Appends text.
    pub fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a placeholder with its value.
    pub fn bind<T: Bind>(&mut self, value: T) -> &mut Self {
        self.bound += 1;
        match self.dialect {
            // SQLite looks numbered placeholders up by name, one after the other, which takes the square
            // of their number.
            Dialect::Sqlite => self.text.push('?'),
            Dialect::Postgres => {
                self.text.push('$');
                self.text.push_str(&self.bound.to_string());
            }
        }
        self.query.push(value);
        self
    }

    /// Appends placeholders in brackets; an empty list becomes `(NULL)`, which matches nothing.
    pub fn bind_list<T: Bind>(&mut self, values: impl IntoIterator<Item = T>) -> &mut Self {
        self.text.push('(');
        let before = self.bound;
        for value in values {
            if self.bound > before {
                self.text.push_str(", ");
            }
            self.bind(value);
        }
        if self.bound == before {
            self.text.push_str("NULL");
        }
        self.text.push(')');
        self
    }

    fn finish(self) -> Query<'c> {
        self.query.with_sql(AssertSqlSafe(self.text).into_sql_str())
    }

    /// All rows.
    ///
    /// # Errors
    /// [`DbError`] if the database refuses.
    pub async fn fetch_all<T: Row>(self) -> Result<Vec<T>, DbError> {
        self.finish().fetch_all().await
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// [`DbError`] if the database refuses.
    pub async fn fetch_optional<T: Row>(self) -> Result<Option<T>, DbError> {
        self.finish().fetch_optional().await
    }

    /// The first column of the only row.
    ///
    /// # Errors
    /// [`DbError`] if there is no row, or the database refuses.
    pub async fn fetch_scalar<T: Scalar>(self) -> Result<T, DbError> {
        self.finish().fetch_scalar().await
    }

    /// Runs it for its effect, and tells how many rows it touched.
    ///
    /// # Errors
    /// [`DbError`] if the database refuses.
    pub async fn execute(self) -> Result<u64, DbError> {
        self.finish().execute().await
    }
}
