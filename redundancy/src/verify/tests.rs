use proptest::prelude::*;

use super::*;

fn variant(name: &str, init: u64, lengths: &[u64]) -> Variant {
    let mut end = init;
    let segments = lengths.iter().map(|length| {
        let start = end;
        end += length;
        start..end
    });
    Variant { media: FileName::new(name).unwrap(), init: 0..init, segments: segments.collect() }
}

fn declared(name: &str, size_bytes: u64) -> SourceFile {
    SourceFile { url: format!("https://origin.test/hls/{name}").parse().unwrap(), size_bytes }
}

/// The hash list of one file with these contents.
fn hashes(name: &str, variant: &Variant, content: &[u8]) -> SegmentHashes {
    let ranges = variant.segments.iter().map(|range| {
        let bytes = &content[range.start as usize..range.end as usize];
        (format!("{}-{}", range.start, range.end - 1), hex::encode(Sha256::digest(bytes)))
    });
    SegmentHashes([(name.to_owned(), ranges.collect())].into())
}

fn planned(content: &[u8], init: u64, lengths: &[u64]) -> Arc<MediaFile> {
    let variant = variant("a.mp4", init, lengths);
    let hashes = hashes("a.mp4", &variant, content);
    plan(vec![variant], &hashes, &[declared("a.mp4", content.len() as u64)]).unwrap().remove(0)
}

#[test]
fn a_plan_needs_a_hash_for_every_segment() {
    let variant = variant("a.mp4", 10, &[5, 5]);
    let hashes = SegmentHashes::parse(br#"{"a.mp4":{"10-14":"00"}}"#).unwrap();
    let file = FileName::new("a.mp4").unwrap();
    assert_eq!(
        plan(vec![variant], &hashes, &[declared("a.mp4", 20)]),
        Err(PlanError::NoHash { file, start: 10, end: 14 })
    );
}

#[test]
fn an_origin_that_lies_about_its_sizes_is_refused() {
    let content = [7; 30];
    let variant = variant("a.mp4", 10, &[10, 10]);
    let hashes = hashes("a.mp4", &variant, &content);
    let attempt = |declared: &[SourceFile]| plan(vec![variant.clone()], &hashes, declared).map(drop);
    let file = FileName::new("a.mp4").unwrap();
    assert_eq!(attempt(&[declared("a.mp4", 29)]), Ok(()), "5 % are tolerated");
    assert_eq!(
        attempt(&[declared("a.mp4", 20)]),
        Err(PlanError::LargerThanDeclared { file: file.clone(), declared_bytes: 20, actual_bytes: 30 })
    );
    assert_eq!(attempt(&[declared("b.mp4", 30)]), Err(PlanError::Undeclared(file)));
}

#[test]
fn two_playlists_may_share_a_file_only_if_they_cut_it_alike() {
    let content = [7; 30];
    let (one, other) = (variant("a.mp4", 10, &[10, 10]), variant("a.mp4", 10, &[20]));
    let mut both = hashes("a.mp4", &one, &content);
    both.0.get_mut("a.mp4").unwrap().extend(hashes("a.mp4", &other, &content).0.remove("a.mp4").unwrap());
    let files = [declared("a.mp4", 30)];
    assert_eq!(plan(vec![one.clone(), one.clone()], &both, &files).unwrap().len(), 1);
    assert_eq!(plan(vec![one, other], &both, &files), Err(PlanError::Contradiction(FileName::new("a.mp4").unwrap())));
}

#[test]
fn one_flipped_bit_is_noticed() {
    let content: Vec<u8> = (0..30).collect();
    let media = planned(&content, 10, &[10, 10]);
    let mut prefix = VerifiedPrefix::new(media, &content[..10]);
    let mut flipped = content[10..20].to_vec();
    flipped[3] ^= 1;
    let wrong = prefix.accept(&flipped).unwrap_err();
    assert_eq!(wrong.to_string(), "bytes 10-19 of a.mp4 are not those that the origin's hash list promises");
    assert_eq!(prefix.end(), 10);
    prefix.accept(&content[10..20]).unwrap();
    assert_eq!(prefix.clone().finish(), None);
    prefix.accept(&content[20..]).unwrap();
    assert_eq!(prefix.finish(), Some(hex::encode(Sha256::digest(&content))));
}

proptest! {
    #[test]
    fn a_prefix_never_holds_a_wrong_byte(
        lengths in prop::collection::vec(1_u64..20, 1..8),
        flips in prop::collection::vec(any::<bool>(), 8),
    ) {
        let size = 5 + lengths.iter().sum::<u64>();
        let content: Vec<u8> = (0..size).map(|byte| byte as u8).collect();
        let media = planned(&content, 5, &lengths);
        let mut prefix = VerifiedPrefix::new(media, &content[..5]);
        let mut expected = 5;
        for (length, flip) in lengths.iter().zip(flips) {
            let mut bytes = content[expected as usize..(expected + length) as usize].to_vec();
            bytes[0] ^= u8::from(flip);
            prop_assert_eq!(prefix.accept(&bytes).is_err(), flip);
            if flip {
                break;
            }
            expected += length;
            prop_assert_eq!(prefix.end(), expected);
        }
    }

    #[test]
    fn any_hash_list_is_read_without_a_panic(bytes: Vec<u8>) {
        let _ = SegmentHashes::parse(&bytes);
    }
}
