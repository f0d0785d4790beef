use super::{category, language, licence, model::VideoFacts};

const MAX_TAGS: usize = 5;
const LONGEST_TITLE: usize = 120;
const LONGEST_DESCRIPTION: usize = 10_000;
const LONGEST_SUPPORT: usize = 1_000;
const LONGEST_NSFW_SUMMARY: usize = 250;

/// What somebody here may say of a video: PeerTube's own bounds.
///
/// # Errors
/// The first thing that is out of bounds, in words for whoever wrote it.
pub fn check(facts: &VideoFacts, tags: &[String]) -> Result<(), String> {
    let longer = |text: &Option<String>, most: usize| text.as_ref().is_some_and(|text| text.chars().count() > most);
    let complaints = [
        (
            !(3..=LONGEST_TITLE).contains(&facts.name.chars().count()),
            format!("a title has 3 to {LONGEST_TITLE} characters"),
        ),
        (longer(&facts.description, LONGEST_DESCRIPTION), "a description has at most 10,000 characters".to_owned()),
        (longer(&facts.support, LONGEST_SUPPORT), "a support text has at most 1,000 characters".to_owned()),
        (
            longer(&facts.nsfw_summary, LONGEST_NSFW_SUMMARY),
            format!("words about what is sensitive have at most {LONGEST_NSFW_SUMMARY} characters"),
        ),
        (
            tags.len() > MAX_TAGS || tags.iter().any(|tag| !(2..=30).contains(&tag.chars().count())),
            format!("there are at most {MAX_TAGS} tags, of 2 to 30 characters each"),
        ),
        (facts.category.is_some_and(|number| category(number).is_none()), "there is no such category".to_owned()),
        (facts.licence.is_some_and(|number| licence(number).is_none()), "there is no such licence".to_owned()),
        (
            facts.language.as_deref().is_some_and(|code| language(code).is_none()),
            "there is no such language".to_owned(),
        ),
        (!(0..=3).contains(&facts.nsfw_flags), "there is no such kind of sensitive content".to_owned()),
        (!(1..=3).contains(&facts.comments_policy), "there is no such policy for comments".to_owned()),
    ];
    complaints.into_iter().find(|(applies, _)| *applies).map_or(Ok(()), |(_, words)| Err(words))
}
