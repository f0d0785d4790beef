use std::path::PathBuf;

use clap::Args;
use platform::config;

use super::CliError;
use crate::{Config, compose::Roles};

/// Which server a command is about.
#[derive(Debug, Clone, Default, Args)]
pub struct Place {
    /// Configuration file (TOML); every key is also a variable, as in `SHOAL__SERVER__LISTEN`
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder that holds database, files and index
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

impl Place {
    /// Reads the configuration: the file, over it the variables, over them the command line.
    ///
    /// # Errors
    /// [`CliError::Config`] if it cannot be read.
    pub fn load(&self) -> Result<Config, CliError> {
        self.load_with(config::environment())
    }

    fn load_with(&self, variables: impl IntoIterator<Item = (String, String)>) -> Result<Config, CliError> {
        let mut config: Config = config::load(self.config.as_deref(), variables)?;
        if let Some(data) = &self.data {
            config.server.data.clone_from(data);
        }
        Ok(config)
    }
}

/// What `shoal serve` takes.
#[derive(Debug, Clone, Default, Args)]
pub struct ServeOptions {
    #[command(flatten)]
    pub place: Place,
    /// Address and port to listen on
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<String>,
    /// How the world reaches this server, as in `https://tube.example`; cannot be changed later
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// What this process is: instance, indexer, redundancy, search-ui
    #[arg(long, value_name = "ROLE,…", value_delimiter = ',')]
    pub roles: Option<Vec<String>>,
    /// Stop when standard input closes, so that the server does not outlive who started it
    #[arg(long, hide = true)]
    pub stop_with_stdin: bool,
}

impl ServeOptions {
    /// Reads the configuration, the command line over everything else, and looks at the roles.
    ///
    /// # Errors
    /// [`CliError`] if it cannot be read, or the roles make no sense.
    pub fn load(&self) -> Result<Config, CliError> {
        self.load_with(config::environment())
    }

    fn load_with(&self, variables: impl IntoIterator<Item = (String, String)>) -> Result<Config, CliError> {
        let mut config = self.place.load_with(variables)?;
        let server = &mut config.server;
        if let Some(listen) = &self.listen {
            server.listen.clone_from(listen);
        }
        if self.public_url.is_some() {
            server.public_url.clone_from(&self.public_url);
        }
        if let Some(roles) = &self.roles {
            server.roles.clone_from(roles);
        }
        Roles::parse(&server.roles)?;
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        options: ServeOptions,
    }

    fn load(line: &[&str], variables: &[(&str, &str)], file: &str) -> Result<Config, CliError> {
        let written = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(written.path(), file).unwrap();
        let mut options = Line::try_parse_from([&["shoal"], line].concat()).unwrap().options;
        options.place.config = Some(written.path().to_owned());
        options.load_with(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn the_command_line_rules_over_variables_and_these_over_the_file() {
        let file = "[server]\nlisten = \"127.0.0.1:1\"\ndata = \"from-file\"\ngrace = \"1s\"\n";
        let variables = [("SHOAL__SERVER__LISTEN", "127.0.0.1:2"), ("SHOAL__SERVER__DATA", "from-variable")];
        let config = load(&["--listen", "127.0.0.1:3"], &variables, file).unwrap();
        assert_eq!(config.server.listen, "127.0.0.1:3");
        assert_eq!(config.server.data, PathBuf::from("from-variable"));
        assert_eq!(config.server.grace.to_string(), "1s");
    }

    #[test]
    fn roles_are_separated_by_commas() {
        let config = load(&["--roles", "instance,redundancy"], &[], "").unwrap();
        assert_eq!(config.server.roles, ["instance", "redundancy"]);
    }

    #[test]
    fn a_role_that_does_not_exist_is_found_before_anything_is_opened() {
        let error = load(&["--roles", "instance,search"], &[], "").unwrap_err();
        assert!(error.to_string().starts_with("there is no role \"search\""), "{error}");
    }

    #[test]
    fn a_mistyped_key_names_the_right_one() {
        let error = load(&[], &[], "[server]\nlisen = \"x\"\n").unwrap_err();
        assert_eq!(error.to_string(), "unknown configuration key `server.lisen`: did you mean `server.listen`?");
    }
}
