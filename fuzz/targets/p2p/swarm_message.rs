//! What another player sends on its data channel: a command that is understood can be said back, and all else is segment
//! data, untouched.
#![no_main]

use libfuzzer_sys::fuzz_target;
use p2p::wire::{Assembler, Message, Received};
use shoal_fuzz::messages;

fuzz_target!(|bytes: &[u8]| {
    let mut assembler = Assembler::default();
    for bytes in messages(bytes) {
        match assembler.receive(bytes) {
            Ok(Received::Message(message)) => check(&message),
            Ok(Received::Data(data)) => assert_eq!(data, bytes),
            Ok(Received::Part) | Err(_) => {}
        }
    }
});

fn check(message: &Message) {
    let again = said_back(message);
    match (message, &again) {
        // What announces more groups of segments than the format can count, is said back up to there.
        (Message::Announcement { loaded, loading }, Message::Announcement { loaded: less, loading: fewer }) => {
            assert!(loaded.iter().take(less.len()).eq(less) && loading.iter().take(fewer.len()).eq(fewer));
            assert!(less.is_empty() == loaded.is_empty() && fewer.is_empty() == loading.is_empty());
        }
        (message, again) => assert_eq!(message, again),
    }
    assert_eq!(said_back(&again), again);
}

fn said_back(message: &Message) -> Message {
    let frames = message.encode();
    let mut assembler = Assembler::default();
    let (last, first) = frames.split_last().expect("a message is at least one frame");
    for frame in first {
        assert_eq!(assembler.receive(frame), Ok(Received::Part));
    }
    match assembler.receive(last) {
        Ok(Received::Message(message)) => message,
        other => panic!("{message:?} came back as {other:?}"),
    }
}
