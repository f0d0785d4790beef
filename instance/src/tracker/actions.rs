use p2p::infohash;
use platform::db::{DbError, Tx};

use super::store;
use crate::videos::{VideoFile, VideoId, store::NewPlaylist};

/// Lets the viewers of a stream meet here, in place of those of an earlier stream of the video.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub(crate) async fn name_swarms(tx: &mut Tx, video: VideoId, playlist: &NewPlaylist) -> Result<(), DbError> {
    // Players tell by the master playlist, which is not read here, whether a file with nothing but sound is a variant: the
    // tracker knows both swarms.
    let variants = playlist.files.len();
    let may_have_separate_audio = playlist.files.iter().any(VideoFile::is_audio_only);
    let info_hashes = infohash::of_playlist(&playlist.playlist_url, variants, may_have_separate_audio);
    store::replace(tx, video, &info_hashes).await
}
