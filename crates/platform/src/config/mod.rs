//! Configuration: a TOML file, over it `SHOAL__SECTION__KEY` variables, over them the command line.
//!
//! **Invariant:** the doc comments of the structs are the reference ([`reference()`]), and what the structs do not know is
//! an error that names the nearest key ([`ConfigError::UnknownKey`]); so neither can drift from the program.

mod human;
mod keys;

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use toml::{Table, Value};

pub use human::{ByteSize, HumanDuration};

use keys::KnownKeys;

/// Prefix of the variables that set configuration keys.
const PREFIX: &str = "SHOAL__";

/// What is wrong with the configuration, in one sentence.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read the configuration file {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("the configuration file {path} is not valid TOML: {reason}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where and why.
        reason: String,
    },
    /// A key that does not exist.
    #[error("unknown configuration key `{key}`{}", nearest.as_ref().map(|near| format!(": did you mean `{near}`?")).unwrap_or_default())]
    UnknownKey {
        /// As it was written, with its sections.
        key: String,
        /// The known key that looks most like it.
        nearest: Option<String>,
    },
    /// A value that does not fit its key.
    #[error("wrong configuration value: {0}")]
    Value(String),
}

/// Reads the configuration.
///
/// `variables` are those of the environment; names that do not begin with `SHOAL__` are skipped.
///
/// # Errors
/// [`ConfigError`], which reads well as the only line that the program prints.
pub fn load<T>(file: Option<&Path>, variables: impl IntoIterator<Item = (String, String)>) -> Result<T, ConfigError>
where
    T: DeserializeOwned + JsonSchema,
{
    let keys = KnownKeys::of::<T>();
    let mut table = file.map(read_file).transpose()?.unwrap_or_default();
    for (name, value) in variables {
        if let Some(path) = name.strip_prefix(PREFIX) {
            let path: Vec<String> = path.split("__").map(str::to_ascii_lowercase).collect();
            set(&mut table, &path, keys.value_for(&path.join("."), &value));
        }
    }
    keys.check(&table)?;
    T::deserialize(Value::Table(table)).map_err(|error| ConfigError::Value(error.to_string().trim().to_owned()))
}

fn read_file(path: &Path) -> Result<Table, ConfigError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
    text.parse().map_err(|error: toml::de::Error| ConfigError::Syntax {
        path: path.to_owned(),
        reason: error.to_string().trim().to_owned(),
    })
}

fn set(table: &mut Table, path: &[String], value: Value) {
    match path {
        [] => {}
        [key] => {
            table.insert(key.clone(), value);
        }
        [section, rest @ ..] => {
            let inner = table.entry(section.clone()).or_insert_with(|| Value::Table(Table::new()));
            if !inner.is_table() {
                *inner = Value::Table(Table::new());
            }
            if let Some(inner) = inner.as_table_mut() {
                set(inner, rest, value);
            }
        }
    }
}

/// The reference of all keys: a TOML file in which every key stands commented out with its default.
pub fn reference<T: Serialize + Default + JsonSchema>() -> String {
    let defaults = Value::try_from(T::default()).unwrap_or_else(|_| Value::Table(Table::new()));
    KnownKeys::of::<T>().reference(&defaults)
}

/// The variables of this process.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// One variable of this process. `None` when it is absent or not UTF-8.
pub fn variable(name: &str) -> Option<String> {
    environment().find(|(candidate, _)| candidate == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    /// Everything.
    #[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
    #[serde(default, deny_unknown_fields)]
    struct Sample {
        /// How it listens.
        server: Server,
    }

    /// A server.
    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    #[serde(default, deny_unknown_fields)]
    struct Server {
        /// Address and port.
        listen: String,
        /// How many.
        workers: u32,
        /// Names.
        hosts: Vec<String>,
        /// How long.
        patience: HumanDuration,
        /// Perhaps.
        token: Option<String>,
    }

    impl Default for Server {
        fn default() -> Self {
            Self {
                listen: "127.0.0.1:9000".into(),
                workers: 2,
                hosts: vec![],
                patience: HumanDuration::from_secs(30),
                token: None,
            }
        }
    }

    fn load_sample(toml: &str, variables: &[(&str, &str)]) -> Result<Sample, ConfigError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), toml).unwrap();
        load(Some(file.path()), variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn variables_override_the_file_whatever_their_type() {
        let sample = load_sample(
            "[server]\nlisten = \"[::]:80\"\nworkers = 3\n",
            &[
                ("SHOAL__SERVER__WORKERS", "7"),
                ("SHOAL__SERVER__HOSTS", "a.example, b.example"),
                ("SHOAL__SERVER__PATIENCE", "2m"),
                ("SHOAL__SERVER__TOKEN", "12345"),
                ("HOME", "/"),
            ],
        )
        .unwrap();
        assert_eq!(sample.server.listen, "[::]:80");
        assert_eq!(sample.server.workers, 7);
        assert_eq!(sample.server.hosts, ["a.example", "b.example"]);
        assert_eq!(sample.server.patience, HumanDuration::from_secs(120));
        assert_eq!(sample.server.token.as_deref(), Some("12345"));
    }

    #[test]
    fn an_unknown_key_names_the_nearest_known_one() {
        let error = load_sample("[server]\nlisten_on = \"x\"\n", &[]).unwrap_err();
        assert_eq!(error.to_string(), "unknown configuration key `server.listen_on`: did you mean `server.listen`?");
        let error = load_sample("", &[("SHOAL__SERVR__WORKERS", "7")]).unwrap_err();
        assert_eq!(error.to_string(), "unknown configuration key `servr.workers`: did you mean `server.workers`?");
    }

    #[test]
    fn a_wrong_value_and_a_wrong_file_are_said_plainly() {
        assert!(load_sample("[server]\nworkers = \"many\"\n", &[]).unwrap_err().to_string().contains("workers"));
        assert!(load_sample("[server", &[]).unwrap_err().to_string().contains("not valid TOML"));
        let missing = load::<Sample>(Some(Path::new("/nonexistent/shoal.toml")), []).unwrap_err();
        assert!(missing.to_string().starts_with("cannot read the configuration file /nonexistent/shoal.toml"));
    }

    #[test]
    fn the_reference_holds_every_key_with_its_words_and_default() {
        let reference = reference::<Sample>();
        assert!(reference.contains("# How it listens.\n[server]\n"), "{reference}");
        assert!(reference.contains("# Address and port.\n# listen = \"127.0.0.1:9000\"\n"), "{reference}");
        assert!(reference.contains("# patience = \"30s\"\n"), "{reference}");
        assert!(reference.contains("# token ="), "{reference}");
    }
}
