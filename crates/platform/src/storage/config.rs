//! Where an operator wants files to be kept.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where videos and other files are kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StorageConfig {
    /// `"folder"` keeps files on this machine, `"s3"` in a bucket of an S3-compatible service.
    pub kind: StorageKind,
    /// The folder, if `kind` is `"folder"`: `storage` in the data folder unless set. It must be one file system.
    pub folder: Option<PathBuf>,
    /// The bucket, if `kind` is `"s3"`.
    pub s3: S3Config,
}

impl StorageConfig {
    /// The folder to use; a relative one starts at the data folder.
    pub(super) fn folder_in(&self, data_dir: &Path) -> PathBuf {
        data_dir.join(self.folder.as_deref().unwrap_or(Path::new("storage")))
    }
}

/// The kinds of storage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StorageKind {
    /// A folder on this machine.
    #[default]
    Folder,
    /// A bucket of an S3-compatible service.
    S3,
}

/// A bucket of an S3-compatible service.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct S3Config {
    /// The name of the bucket, which must exist.
    pub bucket: String,
    /// The address of the service, such as `https://s3.example.org`; Amazon's for the region if empty.
    pub endpoint: String,
    /// The region, or whatever the service expects in its place.
    pub region: String,
    /// The name of the access key.
    pub access_key_id: String,
    /// The secret of the access key.
    pub secret_access_key: String,
    /// Puts the bucket into the path (`https://s3.example.org/bucket/key`) rather than the host name. Most services other
    /// than Amazon's want this.
    pub path_style: bool,
    /// Put before every key, so that a bucket can be shared: `shoal` makes `shoal/web-videos/…`.
    pub prefix: String,
}

impl Default for S3Config {
    fn default() -> Self {
        Self {
            bucket: String::new(),
            endpoint: String::new(),
            region: "us-east-1".to_owned(),
            access_key_id: String::new(),
            secret_access_key: String::new(),
            path_style: true,
            prefix: String::new(),
        }
    }
}

impl fmt::Debug for S3Config {
    /// Shows everything but the secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("S3Config")
            .field("bucket", &self.bucket)
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("access_key_id", &self.access_key_id)
            .field("path_style", &self.path_style)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_a_folder_inside_the_data_folder() {
        let config: StorageConfig = toml::from_str("").expect("a configuration");
        assert_eq!(config.kind, StorageKind::Folder);
        assert_eq!(config.folder_in(Path::new("/var/lib/shoal")), Path::new("/var/lib/shoal/storage"));
    }

    #[test]
    fn an_absolute_folder_stands_for_itself() {
        let config: StorageConfig = toml::from_str("folder = \"/srv/videos\"").expect("a configuration");
        assert_eq!(config.folder_in(Path::new("/var/lib/shoal")), Path::new("/srv/videos"));
    }

    #[test]
    fn the_secret_does_not_show_up_in_logs() {
        let config = S3Config { secret_access_key: "hush".to_owned(), ..S3Config::default() };
        assert!(!format!("{config:?}").contains("hush"));
    }
}
