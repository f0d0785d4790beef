//! How the makers of a video or channel want its player to look (PeerTube 8.0).

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::{WireError, kind_of, lenient, members, read};
use crate::{context::Context, origin};

/// The `type` of the object.
pub const KIND: &str = "PlayerSettings";

/// Settings of the player of a video, or of all videos of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlayerSettings {
    /// Its URL.
    #[serde(deserialize_with = "lenient::url")]
    pub id: Url,
    /// The video or channel.
    #[serde(deserialize_with = "lenient::url")]
    pub object: Url,
    /// The look.
    #[serde(default)]
    pub theme: PlayerTheme,
}

/// Looks of PeerTube's player.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlayerTheme {
    /// What the server that shows it likes.
    #[default]
    InstanceDefault,
    /// What the channel likes (videos only).
    ChannelDefault,
    /// The one up to PeerTube 7.
    Galaxy,
    /// The one since PeerTube 8.
    Lucide,
}

impl PlayerTheme {
    const ALL: [Self; 4] = [Self::InstanceDefault, Self::ChannelDefault, Self::Galaxy, Self::Lucide];

    /// Its name in documents and in the REST API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InstanceDefault => "instance-default",
            Self::ChannelDefault => "channel-default",
            Self::Galaxy => "galaxy",
            Self::Lucide => "lucide",
        }
    }

    /// The look with this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == text)
    }
}

impl<'de> Deserialize<'de> for PlayerTheme {
    /// Reads any value: a look that is not known here is the server's own.
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        Ok(lenient::text::<50, D>(source)?.as_deref().and_then(Self::parse).unwrap_or_default())
    }
}

impl PlayerSettings {
    /// Reads settings.
    ///
    /// # Errors
    /// If it is something else, if its id or object is missing, or if they live on different hosts.
    pub fn from_value(value: &Value) -> Result<Self, WireError> {
        if kind_of(value) != Some(KIND) {
            return Err(WireError::kind(KIND, value));
        }
        let settings: Self = read(KIND, value)?;
        origin::ensure_same_host(&settings.object, &settings.id).map_err(|error| WireError::malformed(KIND, error))?;
        Ok(settings)
    }

    /// The members as they stand inside another document.
    pub fn to_members(&self) -> Map<String, Value> {
        let mut members = members(self);
        members.insert("type".to_owned(), KIND.into());
        members
    }

    /// The complete document.
    pub fn to_document(&self) -> Value {
        Context::PlayerSettings.document(self.to_members())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::wire::any_json::{any_json, spoiled};

    fn document() -> Value {
        json!({"type": "PlayerSettings", "id": "https://a.test/videos/watch/1/player-settings",
            "object": "https://a.test/videos/watch/1", "theme": "lucide"})
    }

    #[test]
    fn settings_survive_reading_and_writing() {
        let settings = PlayerSettings::from_value(&document()).unwrap();
        assert_eq!(settings.theme, PlayerTheme::Lucide);
        assert_eq!(Value::Object(settings.to_members()), document());
    }

    #[test]
    fn every_theme_is_written_by_the_name_it_is_read_by() {
        for theme in PlayerTheme::ALL {
            assert_eq!(serde_json::to_value(theme).unwrap(), theme.as_str());
            assert_eq!(PlayerTheme::parse(theme.as_str()), Some(theme));
        }
    }

    #[test]
    fn a_theme_from_the_future_is_the_server_s_own() {
        let mut future = document();
        future["theme"] = "holographic".into();
        assert_eq!(PlayerSettings::from_value(&future).unwrap().theme, PlayerTheme::InstanceDefault);
    }

    #[test]
    fn nobody_dresses_the_player_of_another_host() {
        let mut foreign = document();
        foreign["object"] = "https://b.test/videos/watch/1".into();
        assert!(PlayerSettings::from_value(&foreign).is_err());
    }

    proptest! {
        #[test]
        fn any_json_is_read_without_panic(value in any_json()) {
            let _ = PlayerSettings::from_value(&value);
        }

        #[test]
        fn spoiled_settings_are_refused_or_written_as_they_were_read(value in spoiled(document())) {
            if let Ok(settings) = PlayerSettings::from_value(&value) {
                prop_assert_eq!(PlayerSettings::from_value(&settings.to_document()).unwrap(), settings);
            }
        }
    }
}
