//! Why does a result stand where it stands?
//!
//! The query is taken apart into the ways in which each word can be found, and each is asked alone what it gives the video.

use serde::Serialize;
use tantivy::{
    DocAddress, Score, Searcher, TantivyError,
    query::{EnableScoring, Query},
};

use super::{collect::Scales, leading::Arranged};
use crate::query::{
    expand::Reading,
    prior::Prior,
    rank::{BonusKind, Part, Plan},
};

/// How the score of a result came about.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// By which the results are ordered: the product of all that is here but words and bonuses.
    pub score: Score,
    /// What words and bonuses come to.
    pub text_score: Score,
    /// Where each word and phrase was found.
    pub words: Vec<WordMatch>,
    /// What about the title was worth extra.
    pub bonuses: Vec<BonusMatch>,
    /// The factors for being watched and for being new.
    #[serde(flatten)]
    pub prior: Prior,
    /// The factor for a language that the reader did not ask for; otherwise 1.
    pub language: f32,
    /// The factor for standing behind other results of the same instance; otherwise 1.
    pub host_share: f32,
}

/// Where a word was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WordMatch {
    /// As it was typed, folded.
    pub typed: String,
    /// The best match first, which counts whole; the others add a little.
    pub matches: Vec<FieldMatch>,
}

/// What one field gives.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldMatch {
    /// In which field.
    pub field: String,
    /// What was found there.
    pub spelling: String,
    /// How the word was read.
    pub reading: Reading,
    /// What it gives.
    pub score: Score,
}

/// What a bonus gives.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BonusMatch {
    /// Which one.
    pub kind: BonusKind,
    /// What it gives.
    pub score: Score,
}

/// Takes the score of a result apart.
pub(super) fn explain(
    searcher: &Searcher,
    plan: &Plan,
    scales: &Scales,
    result: &Arranged,
) -> Result<Explanation, TantivyError> {
    let address = result.address;
    let weights = scales.of_segment(searcher.segment_reader(address.segment_ord)).weigh(address.doc_id);
    let mut bonuses = Vec::new();
    for bonus in &plan.bonuses {
        let Some(query) = plan.bonus_query(bonus) else { continue };
        let score = score(searcher, query.as_ref(), address)?;
        bonuses.extend(score.map(|score| BonusMatch { kind: bonus.kind, score }));
    }
    Ok(Explanation {
        score: result.score,
        text_score: score(searcher, plan.query().as_ref(), address)?.unwrap_or_default(),
        words: plan.parts.iter().map(|part| explain_part(searcher, part, address)).collect::<Result<_, _>>()?,
        bonuses,
        prior: weights.prior,
        language: weights.language,
        host_share: result.share,
    })
}

fn explain_part(searcher: &Searcher, part: &Part, address: DocAddress) -> Result<WordMatch, TantivyError> {
    let mut matches = Vec::new();
    for way in &part.ways {
        if let Some(score) = score(searcher, way.query().as_ref(), address)? {
            let field = searcher.schema().get_field_name(way.field).to_owned();
            matches.push(FieldMatch { field, spelling: way.spelling.clone(), reading: way.reading, score });
        }
    }
    matches.sort_by(|a, b| b.score.total_cmp(&a.score));
    Ok(WordMatch { typed: part.typed.clone(), matches })
}

/// What a query alone gives a video; `None` if it does not match.
fn score(searcher: &Searcher, query: &dyn Query, address: DocAddress) -> Result<Option<Score>, TantivyError> {
    let weight = query.weight(EnableScoring::enabled_from_searcher(searcher))?;
    let mut scorer = weight.scorer(searcher.segment_reader(address.segment_ord), 1.0)?;
    let target = address.doc_id;
    let document = if scorer.doc() < target { scorer.seek(target) } else { scorer.doc() };
    Ok((document == target).then(|| scorer.score()))
}
