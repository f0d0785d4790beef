//! What could be changed about a search that found nothing?
//!
//! Each suggestion was tried: it says how many videos there are behind it, and one that finds nothing either is left out.

use indexer::{hosts, search::SearchError};

use crate::{cards::counted, form::SearchForm, site::Site};

/// A search that finds more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Suggestion {
    /// What is different about it.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// How much there is.
    pub found: String,
}

/// Each costs a search.
const MAX_TRIES: usize = 12;
const MAX_SHOWN: usize = 5;
/// Of longer searches, only so many words are left out in turn.
const MAX_WORDS: usize = 6;
const MAX_HOSTS: usize = 2;

/// The ways to find something instead, most videos first.
pub(crate) async fn suggestions(site: &Site, form: &SearchForm) -> Result<Vec<Suggestion>, SearchError> {
    let mut found = Vec::new();
    for (label, changed) in changes(site, form).await?.into_iter().take(MAX_TRIES) {
        let query = changed.first_results(0, site.platform().clock.now());
        let total = site.searcher().search(query).await?.total;
        if total > 0 {
            let href = site.link(&format!("/search?{}", changed.query_of_page(1)));
            found.push((total, Suggestion { label, href, found: counted(total as u64, "video") }));
        }
    }
    found.sort_by(|(one, _), (other, _)| other.cmp(one));
    Ok(found.into_iter().map(|(_, suggestion)| suggestion).take(MAX_SHOWN).collect())
}

async fn changes(site: &Site, form: &SearchForm) -> Result<Vec<(String, SearchForm)>, SearchError> {
    let mut changes = form.without_each_filter();
    if !form.host.is_empty() {
        let mut conn = site.platform().db.read().await?;
        for host in hosts::similar(&mut conn, &form.host, MAX_HOSTS).await? {
            if host != form.host {
                changes.push((format!("On {host}"), SearchForm { host, page: 1, ..form.clone() }));
            }
        }
    }
    changes.extend(without_each_word(form));
    Ok(changes)
}

/// The search with one word less; of a single word nothing would be left.
fn without_each_word(form: &SearchForm) -> Vec<(String, SearchForm)> {
    let words: Vec<&str> = form.search.split_whitespace().collect();
    if words.len() < 2 {
        return vec![];
    }
    let without = |left_out: usize| {
        let rest = words.iter().enumerate().filter(|(index, _)| *index != left_out).map(|(_, word)| *word);
        rest.collect::<Vec<_>>().join(" ")
    };
    (0..words.len().min(MAX_WORDS))
        .map(without)
        .map(|search| (format!("“{search}”"), SearchForm { search, page: 1, ..form.clone() }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_left_out_in_turn() {
        let searches = |text: &str| {
            let form = SearchForm { search: text.to_owned(), page: 4, ..SearchForm::default() };
            without_each_word(&form).into_iter().map(|(_, form)| (form.search, form.page)).collect::<Vec<_>>()
        };
        assert_eq!(
            searches("deep sea life"),
            [("sea life".to_owned(), 1), ("deep life".to_owned(), 1), ("deep sea".to_owned(), 1)]
        );
        assert!(searches("sea").is_empty());
        assert_eq!(searches("a b c d e f g h").len(), MAX_WORDS);
    }
}
