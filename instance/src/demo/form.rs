use platform::ids::Random;

/// A `multipart/form-data` body (RFC 7578).
pub(super) struct Form {
    boundary: String,
    body: Vec<u8>,
}

impl Form {
    pub(super) fn new(random: &Random) -> Self {
        Self { boundary: random.hex(16), body: vec![] }
    }

    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.part(&format!("name=\"{name}\""), value.as_bytes());
    }

    pub(super) fn file(&mut self, name: &str, file_name: &str, content_type: &str, content: &[u8]) {
        self.part(&format!("name=\"{name}\"; filename=\"{file_name}\"\r\nContent-Type: {content_type}"), content);
    }

    fn part(&mut self, head: &str, content: &[u8]) {
        let boundary = &self.boundary;
        self.body
            .extend_from_slice(format!("--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes());
        self.body.extend_from_slice(content);
        self.body.extend_from_slice(b"\r\n");
    }

    /// The body, and its content type.
    pub(super) fn finish(mut self) -> (Vec<u8>, String) {
        self.body.extend_from_slice(format!("--{}--\r\n", self.boundary).as_bytes());
        (self.body, format!("multipart/form-data; boundary={}", self.boundary))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_ends_with_its_boundary() {
        let mut form = Form::new(&Random::seeded(1));
        form.text("name", "A title");
        form.file("videofile", "clip.mp4", "video/mp4", b"bytes");
        let (body, content_type) = form.finish();
        let boundary = content_type.split_once("boundary=").unwrap().1;
        let body = String::from_utf8(body).unwrap();
        assert_eq!(body.matches(boundary).count(), 3);
        assert!(body.contains("\r\nContent-Type: video/mp4\r\n\r\nbytes\r\n--"), "{body}");
        assert!(body.ends_with("--\r\n"));
    }
}
