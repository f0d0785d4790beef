use chrono::SecondsFormat;
use indexer::{
    document::VideoDocument,
    search::{Counts, Hit, Piece, SpokenMatch},
};
use platform::{
    clock::Timestamp,
    web::{Moment, MomentPart, VideoCard, grouped},
};

/// The card of a found video, which leads to its own site.
pub(crate) fn card(video: &VideoDocument, now: Timestamp) -> VideoCard {
    VideoCard {
        href: video.url.clone(),
        title: video.name.clone(),
        thumbnail_url: picture(video),
        duration_label: if video.is_live { String::new() } else { VideoCard::duration_label(video.duration.into()) },
        duration_iso: format!("PT{}S", video.duration),
        channel_name: video.channel.display_name.clone(),
        channel_href: Some(video.channel.url.clone()),
        host: video.host.clone(),
        age_label: VideoCard::age_label(video.published_at, now),
        published_iso: video.published_at.to_rfc3339_opts(SecondsFormat::Secs, true),
        views_label: VideoCard::views_label(video.views.cast_signed()),
        badge: video.is_live.then(|| "live".to_owned()),
        blurred: video.nsfw,
        moment: None,
    }
}

/// The address of its picture, the large one if there is one.
pub(crate) fn picture(video: &VideoDocument) -> Option<String> {
    let path = video.preview_path.as_ref().or(video.thumbnail_path.as_ref());
    path.map(|path| format!("{}{path}", video.origin))
}

/// The card of a result, with the moment at which it is said, if it is.
pub(crate) fn card_of_hit(hit: &Hit, now: Timestamp) -> VideoCard {
    let moment = hit.spoken.as_ref().map(|spoken| moment(&hit.video, spoken));
    VideoCard { moment, ..card(&hit.video, now) }
}

fn moment(video: &VideoDocument, spoken: &SpokenMatch) -> Moment {
    let part = |piece: &Piece| MomentPart { text: piece.text.clone(), is_marked: piece.is_match };
    Moment {
        href: format!("{}?start={}s", video.url, spoken.start),
        label: VideoCard::duration_label(spoken.start.into()),
        parts: spoken.pieces.iter().map(part).collect(),
    }
}

/// A number with its noun: `1 video`, `1,204 videos`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// How much can be searched: `1,204 videos on 3 sites`.
pub(crate) fn extent(counts: Counts) -> String {
    format!("{} on {}", counted(counts.videos, "video"), counted(counts.hosts, "site"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(counted(1, "video"), "1 video");
        assert_eq!(counted(0, "video"), "0 videos");
        assert_eq!(counted(1_234_567, "video"), "1,234,567 videos");
    }
}
