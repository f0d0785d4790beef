//! Ids that come back in activities: only URLs on our own host are taken for ours, and what is recognised is written as
//! something that is recognised.
#![no_main]

use std::sync::LazyLock;

use federation::{
    ids::{self, LocalId, LocalIds},
    origin::same_host,
};
use libfuzzer_sys::fuzz_target;
use url::Url;

static HERE: LazyLock<Url> = LazyLock::new(|| Url::parse("https://alpha.test/").expect("a URL"));

fuzz_target!(|text: &str| {
    let Ok(url) = Url::parse(text) else { return };
    let ids = LocalIds::new(&HERE);
    let Some(id) = ids.read(&url) else { return };
    assert!(same_host(&url, &HERE));
    if let Some(written) = write(&ids, &id) {
        assert_eq!(ids.read(&written), Some(id));
    }
});

/// What has the id. `None` for what is named by people, whose names stand in ids as they are escaped there.
fn write(ids: &LocalIds, id: &LocalId) -> Option<Url> {
    Some(match id {
        LocalId::Video(uuid) => ids.video(*uuid),
        LocalId::HlsMirror(uuid) => ids.hls_mirror(*uuid),
        LocalId::Announce(video, actor) => ids.announce(*video, *actor),
        LocalId::Comment(video, comment) => ids.comment(*video, *comment),
        LocalId::CommentApproval(video, comment) => ids.comment_approval(*video, *comment),
        LocalId::Playlist(uuid) => ids.playlist(*uuid),
        LocalId::PlaylistElement(playlist, element) => ids.playlist_element(*playlist, *element),
        LocalId::LocalViewer(uuid) => ids.local_viewer(*uuid),
        LocalId::Flag(number) => ids.flag(*number),
        LocalId::Chapters(video) => ids.chapters(*video),
        LocalId::VideoPlayerSettings(video) => ids.video_player_settings(*video),
        LocalId::Creation(object) => ids::create(&write(ids, object)?),
        LocalId::Account(name)
        | LocalId::Channel(name)
        | LocalId::ChannelPlayerSettings(name)
        | LocalId::Like(name, _)
        | LocalId::Dislike(name, _) => {
            assert!(!name.contains(['/', '?', '#']));
            return None;
        }
        LocalId::Follow(_) => return None,
    })
}
