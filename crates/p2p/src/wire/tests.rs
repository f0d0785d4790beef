use proptest::prelude::*;

use super::*;

fn hex_of(message: &Message) -> String {
    let frames = message.encode();
    assert_eq!(frames.len(), 1);
    hex::encode(frames.concat())
}

fn read(frames: &[Vec<u8>]) -> Message {
    let mut assembler = Assembler::default();
    let mut received = None;
    for frame in frames {
        received = Some(assembler.receive(frame).unwrap());
    }
    match received {
        Some(Received::Message(message)) => message,
        other => panic!("no message: {other:?}"),
    }
}

fn announcement(loaded: impl IntoIterator<Item = u64>, loading: impl IntoIterator<Item = u64>) -> Message {
    Message::Announcement { loaded: loaded.into_iter().collect(), loading: loading.into_iter().collect() }
}

fn request(segment: u64, request: u64) -> Request {
    Request { segment, request }
}

#[test]
fn every_command_is_written_as_players_write_it() {
    let vectors = [
        (announcement([0, 1, 2, 255, 256, 300], [3]), "63737472006c10020104000102ff020102002c70100101010363656e64"),
        (announcement([], []), "637374720063656e64"),
        (Message::SegmentRequest { request: request(5, 123), from_byte: None }, "637374720169010572017b63656e64"),
        (
            Message::SegmentRequest { request: request(300, 999), from_byte: Some(70_000) },
            "63737472016902012c720203e7620301117063656e64",
        ),
        (
            Message::SegmentData { request: request(300, 7), size_bytes: 1_500_000 },
            "63737472026902012c730316e36072010763656e64",
        ),
        (Message::SendingCompleted(request(300, 7)), "63737472036902012c72010763656e64"),
        (Message::SegmentAbsent(request(300, 7)), "63737472046902012c72010763656e64"),
        (Message::CancelRequest(request(300, 7)), "63737472056902012c72010763656e64"),
    ];
    for (message, expected) in vectors {
        assert_eq!(hex_of(&message), expected, "{message:?}");
        assert_eq!(read(&[hex::decode(expected).unwrap()]), message);
    }
}

#[test]
fn integers_leave_room_for_the_sign() {
    let vectors = [(0, "0100"), (127, "017f"), (128, "020080"), (300, "02012c"), (65_535, "0300ffff")];
    for (number, expected) in vectors {
        let mut output = Vec::new();
        value::write_integer(number, &mut output);
        assert_eq!(hex::encode(output), expected, "{number}");
    }
}

#[test]
fn a_negative_segment_is_refused() {
    let message = hex::decode("637374720169018172017b63656e64").unwrap();
    assert_eq!(Assembler::default().receive(&message), Err(WireError::OutOfRange));
}

#[test]
fn a_full_block_is_announced_as_two_groups() {
    let message = announcement(256..512, []);
    let bytes = message.encode().concat();
    // command, name, type, two groups, and the first group's head: 0x0100 | 128.
    assert_eq!(hex::encode(&bytes[..10]), "63737472006c10020201".to_owned());
    assert_eq!(bytes[10], 0x80);
    assert_eq!(read(&[bytes]), message);
}

#[test]
fn a_full_block_as_browsers_write_it_is_understood() {
    let payload: Vec<u8> = [0, b'l', 0x10, 1, 1, 0].into_iter().chain(0..=255).collect();
    assert_eq!(read(&frame::wrap(&payload)), announcement(0..256, []));
}

#[test]
fn values_may_come_in_any_order_and_unknown_ones_are_skipped() {
    // r before i, and a string named x between them
    let message = hex::decode("637374720172017b782002414269010563656e64").unwrap();
    assert_eq!(read(&[message]), Message::SegmentRequest { request: request(5, 123), from_byte: None });
}

#[test]
fn bytes_without_markers_are_segment_data() {
    let bytes = b"\x00\x00\x00\x18ftypiso5";
    assert_eq!(Assembler::default().receive(bytes), Ok(Received::Data(bytes)));
}

#[test]
fn a_split_message_is_put_together_and_a_stray_part_is_refused() {
    let mut assembler = Assembler::default();
    assert_eq!(assembler.receive(b"dstrxcend"), Err(WireError::OutOfOrder));
    assert_eq!(assembler.receive(b"cstr\x01i\x01dend"), Ok(Received::Part));
    let expected = Message::SegmentRequest { request: request(5, 1), from_byte: None };
    assert_eq!(assembler.receive(b"dstr\x05r\x01\x01cend"), Ok(Received::Message(expected)));
}

#[test]
fn a_message_without_end_is_cut_off() {
    let mut assembler = Assembler::default();
    let part = [b"dstr".as_slice(), &vec![0; 60_000], b"dend"].concat();
    assert_eq!(assembler.receive(b"cstrdend"), Ok(Received::Part));
    let outcomes: Vec<_> = (0..3).map(|_| assembler.receive(&part).err()).collect();
    assert_eq!(outcomes, [None, None, Some(WireError::TooLong)]);
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
        let mut assembler = Assembler::default();
        let _ = assembler.receive(&bytes);
        let framed = [b"cstr".as_slice(), &bytes, b"cend"].concat();
        let _ = assembler.receive(&framed);
    }

    #[test]
    fn announcements_survive_the_round_trip(
        loaded in prop::collection::btree_set(0_u64..5000, 0..600),
        loading in prop::collection::btree_set(0_u64..(1 << 40), 0..20),
    ) {
        let message = Message::Announcement { loaded, loading };
        prop_assert_eq!(read(&message.encode()), message);
    }

    #[test]
    fn requests_survive_the_round_trip(
        segment in 0_u64..(1 << 53),
        number in 0_u64..1000,
        from_byte in prop::option::of(0_u64..(1 << 53)),
    ) {
        let message = Message::SegmentRequest { request: request(segment, number), from_byte };
        prop_assert_eq!(read(&message.encode()), message);
    }
}

proptest! {
    // Making large payloads is slow without optimisation.
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn frames_hold_what_a_channel_takes_and_are_of_one_size(payload in prop::collection::vec(any::<u8>(), 1..200_000)) {
        let frames = frame::wrap(&payload);
        prop_assert!(frames.iter().all(|frame| frame.len() <= 65_535));
        prop_assert_eq!(frames.iter().map(|frame| frame.len() - 8).sum::<usize>(), payload.len());
        prop_assert!(frames.iter().rev().skip(1).all(|frame| frame.len() == frames[0].len()));
    }
}
