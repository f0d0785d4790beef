/// A statement as it stands in the sources, registered by [`sql!`](crate::sql).
#[derive(Debug, Clone, Copy)]
pub struct Statement {
    /// The text, with `$1` placeholders.
    pub sql: &'static str,
    /// The source file.
    pub file: &'static str,
    /// The line in that file.
    pub line: u32,
    /// Whether [`DynamicQuery`](super::DynamicQuery) completes the text, so that it cannot be prepared by itself.
    pub fragment: bool,
}

inventory::collect!(Statement);

/// Every statement of the crates that are linked into this program.
pub fn statements() -> impl Iterator<Item = &'static Statement> {
    inventory::iter::<Statement>.into_iter()
}

/// Registers an SQL text, and is that text.
///
/// A test prepares every registered statement on both databases. `sql!(fragment "…")` marks the beginning of a statement
/// that [`Connection::build`](crate::db::Connection::build) completes.
#[macro_export]
macro_rules! sql {
    (fragment $text:expr) => {
        $crate::sql!(@register $text, true)
    };
    ($text:expr) => {
        $crate::sql!(@register $text, false)
    };
    (@register $text:expr, $fragment:literal) => {{
        const TEXT: &str = $text;
        $crate::inventory::submit! {
            $crate::db::Statement { sql: TEXT, file: file!(), line: line!(), fragment: $fragment }
        }
        TEXT
    }};
}
