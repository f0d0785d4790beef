use federation::{origin::Host, webfinger::Handle, wire::lenient::MAX_URL_LENGTH};
use url::Url;

/// What somebody pasted to name one thing of the federation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// `name@host`, in any spelling.
    Handle(Handle),
    /// An address: the id of something, or its page.
    Url(Url),
}

impl Reference {
    /// Reads a handle or an address; `None` for words.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > MAX_URL_LENGTH {
            return None;
        }
        if let Ok(handle) = text.parse() {
            return Some(Self::Handle(handle));
        }
        let url = Url::parse(text).ok().filter(|url| Host::of(url).is_some())?;
        (url.username().is_empty() && url.password().is_none()).then(|| from_page(url))
    }
}

/// The pages of an actor (its videos, its playlists) name the actor; a page about somebody from elsewhere names them by
/// handle.
fn from_page(mut url: Url) -> Reference {
    url.set_fragment(None);
    let segments: Vec<String> = url.path_segments().into_iter().flatten().map(str::to_owned).collect();
    let ([section, name] | [section, name, ..]) = segments.as_slice() else { return Reference::Url(url) };
    if !matches!(section.as_str(), "a" | "c" | "accounts" | "video-channels") {
        return Reference::Url(url);
    }
    if let Ok(handle) = name.parse() {
        return Reference::Handle(handle);
    }
    if matches!(segments.get(2).map(String::as_str), Some("videos" | "video-playlists" | "video-channels" | "about")) {
        url.set_path(&format!("/{section}/{name}"));
        url.set_query(None);
    }
    Reference::Url(url)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> Option<String> {
        Reference::read(text).map(|reference| match reference {
            Reference::Handle(handle) => handle.to_string(),
            Reference::Url(url) => url.to_string(),
        })
    }

    #[test]
    fn what_people_paste_is_understood() {
        for (pasted, meant) in [
            (" @bob@tube.example ", "bob@tube.example"),
            ("bob@Tube.example:9000", "bob@tube.example:9000"),
            ("https://tube.example/w/abc#t=3", "https://tube.example/w/abc"),
            ("https://tube.example/c/bob/videos?s=1", "https://tube.example/c/bob"),
            ("https://tube.example/a/bob/video-channels", "https://tube.example/a/bob"),
            ("https://tube.example/c/bob@other.example/videos", "bob@other.example"),
            ("https://tube.example/video-channels/bob", "https://tube.example/video-channels/bob"),
        ] {
            assert_eq!(shown(pasted).as_deref(), Some(meant), "{pasted}");
        }
    }

    #[test]
    fn words_are_words() {
        for words in ["", "cats", "cats @home", "tube.example", "ftp://tube.example/a", "https://bob:x@tube.example/a"]
        {
            assert_eq!(shown(words), None, "{words}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,80}") {
            let _ = Reference::read(&text);
        }
    }
}
