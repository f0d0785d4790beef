//! Where is the program under test?

use std::path::{Path, PathBuf};

use platform::config::variable;

/// The folder of this build, such as `target/debug`.
pub fn build_folder() -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let folder = test.parent().and_then(Path::parent).expect("a test lies in target/<profile>/deps");
    folder.to_owned()
}

/// The program `shoal` of this build, or the one that `SHOAL_BIN` names.
///
/// # Panics
/// If it has not been built.
pub fn shoal() -> PathBuf {
    let path = variable("SHOAL_BIN").map_or_else(|| build_folder().join("shoal"), PathBuf::from);
    assert!(path.is_file(), "{} is missing: run `cargo build --workspace` first", path.display());
    path
}
