use platform::clock::Timestamp;
use url::Url;

/// What became of asking an instance to tell the index what is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowState {
    /// It has not answered yet.
    Asked,
    /// It tells.
    Accepted,
    /// It does not want to, and is not asked again.
    Refused,
    /// Nobody is there who could be asked; it is looked again later.
    Unavailable,
}

impl FollowState {
    const ALL: [Self; 4] = [Self::Asked, Self::Accepted, Self::Refused, Self::Unavailable];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// How following an instance goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follow {
    /// What became of it.
    pub state: FollowState,
    /// Since when.
    pub since: Timestamp,
    /// Why nobody could be asked.
    pub error: Option<String>,
}

/// Whom the index follows, or wants to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// The actor that stands for the instance.
    pub actor: Url,
    /// Where it takes activities.
    pub inbox: Url,
}
