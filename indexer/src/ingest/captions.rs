use super::{WireCaption, clean, read_language, wire::WirePage};

/// Captions of one video that are read at most.
const MAX_CAPTIONS: usize = 8;
const MAX_STAMP: usize = 60;

/// Where the captions of a video in one language are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptionFile {
    /// As an ISO 639 code.
    pub language: String,
    /// Its name in English.
    pub label: String,
    /// Whether a program has written down what it heard.
    pub is_automatic: bool,
    /// The file, as a path at the origin.
    pub path: String,
    /// Changes when the file does.
    pub source: String,
}

/// Reads a video's list of captions: one file a language, those that are at the origin itself.
pub fn read_caption_list(page: &WirePage) -> Vec<CaptionFile> {
    let mut files: Vec<CaptionFile> = Vec::new();
    for record in page.data.iter().take(10 * MAX_CAPTIONS) {
        let wire: WireCaption = serde_json::from_str(record.get()).unwrap_or_default();
        let Some(file) = read_file(&wire) else { continue };
        if files.iter().all(|known| known.language != file.language) {
            files.push(file);
        }
    }
    files.truncate(MAX_CAPTIONS);
    files
}

fn read_file(wire: &WireCaption) -> Option<CaptionFile> {
    let language = read_language(wire.language.as_ref());
    let path = wire.caption_path.as_deref().and_then(clean::path)?;
    let stamp = clean::line(wire.updated_at.as_deref().unwrap_or_default(), MAX_STAMP);
    Some(CaptionFile {
        language: language.id?,
        label: language.label,
        is_automatic: wire.automatically_generated,
        source: format!("{path} {stamp}"),
        path,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn files(page: Value) -> Vec<CaptionFile> {
        read_caption_list(&serde_json::from_value(page).unwrap())
    }

    fn caption(language: &str, path: &str) -> Value {
        json!({"language": {"id": language, "label": "L"}, "captionPath": path, "updatedAt": "2026-01-01"})
    }

    #[test]
    fn a_recorded_list_is_read() {
        let page: Value = serde_json::from_str(include_str!("../../fixtures/peertube-captions.json")).unwrap();
        let file = files(page).remove(0);
        assert_eq!((file.language.as_str(), file.label.as_str(), file.is_automatic), ("en", "English", false));
        assert_eq!(file.path, "/lazy-static/video-captions/2c82c21a-ab07-46d2-996f-c716de0ae7a5-en.vtt");
        assert!(file.source.ends_with("-en.vtt 2026-11-22T03:56:33.329Z"));
    }

    #[test]
    fn one_file_a_language_is_read_and_only_from_the_origin() {
        let odd = json!({"data": [caption("fr", "/a.vtt"), caption("fr", "/b.vtt"), caption("de", "//evil.example/c"),
            caption("", "/d.vtt"), 7, {"language": "en"}]});
        assert_eq!(files(odd).into_iter().map(|file| file.path).collect::<Vec<_>>(), ["/a.vtt"]);
        let many: Vec<Value> = (0..60).map(|number| caption(&format!("a{number}"), "/a.vtt")).collect();
        assert_eq!(files(json!({"data": many})).len(), MAX_CAPTIONS);
    }
}
