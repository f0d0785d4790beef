//! `multipart/form-data` (RFC 7578), made by hand so that a test can also send half of it.

const BOUNDARY: &str = "----shoal-tests-7f3a9c1e5b";

/// A form in the making.
#[derive(Debug, Default)]
pub struct Form {
    body: Vec<u8>,
}

impl Form {
    /// Adds a field.
    #[must_use]
    pub fn text(mut self, name: &str, value: &str) -> Self {
        self.part(&format!("name=\"{name}\""), value.as_bytes());
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn file(mut self, name: &str, file_name: &str, content_type: &str, content: &[u8]) -> Self {
        self.part(&format!("name=\"{name}\"; filename=\"{file_name}\"\r\nContent-Type: {content_type}"), content);
        self
    }

    fn part(&mut self, head: &str, content: &[u8]) {
        self.body.extend(format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n").bytes());
        self.body.extend(content);
        self.body.extend(b"\r\n");
    }

    /// The body, and its content type.
    pub fn finish(mut self) -> (Vec<u8>, String) {
        self.body.extend(format!("--{BOUNDARY}--\r\n").bytes());
        (self.body, format!("multipart/form-data; boundary={BOUNDARY}"))
    }
}

/// The form of `POST /api/v1/videos/upload`.
pub fn upload_form(channel: i64, title: &str, file: &[u8]) -> Form {
    Form::default()
        .text("channelId", &channel.to_string())
        .text("name", title)
        .text("description", "Made for a test.")
        .text("privacy", "1")
        .text("waitTranscoding", "true")
        .text("tags[]", "test card")
        .text("tags[]", "six seconds")
        .file("videofile", "clip.mp4", "video/mp4", file)
}
