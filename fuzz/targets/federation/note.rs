//! Comments and other texts: whoever wrote one lives where it lives.
#![no_main]

use federation::{origin::same_host, wire::Note};
use libfuzzer_sys::fuzz_target;
use shoal_fuzz::{assert_settled, document};

fuzz_target!(|bytes: &[u8]| {
    let Some(document) = document(bytes) else { return };
    let Ok(note) = Note::from_value(&document) else { return };
    let again = assert_settled(&note, Note::to_document, Note::from_value);
    assert!(same_host(&note.attributed_to, &note.id));
    assert_eq!(again.is_public(), note.is_public());
    assert!(!note.content.contains('\0'));
});
