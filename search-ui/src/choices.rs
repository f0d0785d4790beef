//! What can be chosen in the filters, with the values that links carry.

/// A choice among a few.
pub(crate) trait Choice: Copy + Default + PartialEq + 'static {
    /// All of them with their values in links and their names, the default first.
    const ALL: &'static [(Self, &'static str, &'static str)];

    /// The choice of a value; the default for one that is not known.
    fn parse(value: &str) -> Self {
        Self::ALL.iter().find(|(_, known, _)| *known == value).map_or_else(Self::default, |(choice, _, _)| *choice)
    }

    /// Its value in links.
    fn value(self) -> &'static str {
        Self::ALL.iter().find(|(choice, _, _)| *choice == self).map_or("", |(_, value, _)| *value)
    }
}

/// What is looked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum ResultType {
    #[default]
    Videos,
    Channels,
    Playlists,
}

impl Choice for ResultType {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Videos, "videos", "Videos"),
        (Self::Channels, "video-channels", "Channels"),
        (Self::Playlists, "video-playlists", "Playlists"),
    ];
}

/// Which results come first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Order {
    #[default]
    Best,
    Newest,
    Oldest,
    MostViewed,
}

impl Choice for Order {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Best, "-match", "Best match"),
        (Self::Newest, "-publishedAt", "Newest"),
        (Self::Oldest, "publishedAt", "Oldest"),
        (Self::MostViewed, "-views", "Most viewed"),
    ];
}

/// When a video was published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Published {
    #[default]
    Ever,
    Today,
    LastWeek,
    LastMonth,
    LastYear,
}

impl Choice for Published {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Ever, "any_published_date", "Any date"),
        (Self::Today, "today", "Today"),
        (Self::LastWeek, "last_7days", "Last 7 days"),
        (Self::LastMonth, "last_30days", "Last 30 days"),
        (Self::LastYear, "last_365days", "Last 365 days"),
    ];
}

/// How long a video is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Length {
    #[default]
    Any,
    Short,
    Medium,
    Long,
}

impl Choice for Length {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Any, "any_duration", "Any length"),
        (Self::Short, "short", "Under 4 minutes"),
        (Self::Medium, "medium", "4 to 10 minutes"),
        (Self::Long, "long", "Over 10 minutes"),
    ];
}

/// Whether sensitive videos are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Sensitive {
    #[default]
    Blurred,
    Hidden,
    Only,
}

impl Choice for Sensitive {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Blurred, "both", "Show blurred"),
        (Self::Hidden, "false", "Hide"),
        (Self::Only, "true", "Only sensitive"),
    ];
}

/// Whether a stream is running or a video was recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    Any,
    Live,
    Recorded,
}

impl Choice for Kind {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Any, "both", "Live and recorded"),
        (Self::Live, "true", "Live"),
        (Self::Recorded, "false", "Recorded"),
    ];
}

/// Values that videos carry, with their names.
pub(crate) type Named = [(&'static str, &'static str)];

/// PeerTube's categories.
pub(crate) const CATEGORIES: &Named = &[
    ("1", "Music"),
    ("2", "Films"),
    ("3", "Vehicles"),
    ("4", "Art"),
    ("5", "Sports"),
    ("6", "Travels"),
    ("7", "Gaming"),
    ("8", "People"),
    ("9", "Comedy"),
    ("10", "Entertainment"),
    ("11", "News & Politics"),
    ("12", "How To"),
    ("13", "Education"),
    ("14", "Activism"),
    ("15", "Science & Technology"),
    ("16", "Animals"),
    ("17", "Kids"),
    ("18", "Food"),
];

/// PeerTube's licences.
pub(crate) const LICENCES: &Named = &[
    ("1", "Attribution"),
    ("2", "Attribution - Share Alike"),
    ("3", "Attribution - No Derivatives"),
    ("4", "Attribution - Non Commercial"),
    ("5", "Attribution - Non Commercial - Share Alike"),
    ("6", "Attribution - Non Commercial - No Derivatives"),
    ("7", "Public Domain Dedication"),
];

/// The languages that are spoken most in videos of the federation, by their own names.
pub(crate) const LANGUAGES: &Named = &[
    ("ar", "العربية"),
    ("ca", "Català"),
    ("cs", "Čeština"),
    ("de", "Deutsch"),
    ("el", "Ελληνικά"),
    ("en", "English"),
    ("eo", "Esperanto"),
    ("es", "Español"),
    ("eu", "Euskara"),
    ("fr", "Français"),
    ("gd", "Gàidhlig"),
    ("it", "Italiano"),
    ("ja", "日本語"),
    ("ko", "한국어"),
    ("nl", "Nederlands"),
    ("oc", "Occitan"),
    ("pl", "Polski"),
    ("pt", "Português"),
    ("ru", "Русский"),
    ("sv", "Svenska"),
    ("tr", "Türkçe"),
    ("zh", "中文"),
    ("_unknown", "Not given"),
];
