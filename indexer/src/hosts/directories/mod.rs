//! Lists of instances that somebody else keeps, and that the operator chose to follow.
//!
//! **Invariant:** a directory that fails, answers nonsense or suddenly names almost nobody takes nobody out. What it newly
//! names is listed within the hour; what it no longer names goes once it was read completely, unless there is another reason
//! to list it. A directory cannot bring back who has opted out.

mod actions;
mod list;
mod model;
mod read;
pub(crate) mod store;

pub(super) use actions::{due, update};
pub use actions::{follow_configuration, status};
pub use model::{Directory, DirectoryStatus};
pub(super) use read::read;
