//! A search as a link carries it: `/search?search=…&sort=…&page=…`.
//!
//! **Invariant:** what a link says is what the form shows and what is searched for; a link is written with nothing but
//! what differs from the default. Values that are not known are left out rather than refused, since people edit links.

use chrono::{NaiveTime, TimeDelta};
use indexer::query::{Filters, MAX_START, Range, Sort, VideoQuery};
use platform::clock::Timestamp;
use url::form_urlencoded;

use crate::choices::{
    CATEGORIES, Choice, Kind, LANGUAGES, LICENCES, Length, Named, Order, Published, ResultType, Sensitive,
};

/// Results on one page.
pub(crate) const PER_PAGE: usize = 10;
const LAST_PAGE: usize = MAX_START / PER_PAGE;
const MAX_CHARS: usize = 500;
const MAX_VALUES: usize = 30;

/// A search with its filters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SearchForm {
    pub search: String,
    pub result_type: ResultType,
    pub order: Order,
    pub sensitive: Sensitive,
    pub kind: Kind,
    pub published: Published,
    pub length: Length,
    pub categories: Vec<&'static str>,
    pub licences: Vec<&'static str>,
    pub languages: Vec<&'static str>,
    pub host: String,
    pub tags_all_of: Vec<String>,
    pub tags_one_of: Vec<String>,
    /// 1 or more.
    pub page: usize,
}

impl Default for SearchForm {
    fn default() -> Self {
        Self {
            search: String::new(),
            result_type: ResultType::default(),
            order: Order::default(),
            sensitive: Sensitive::default(),
            kind: Kind::default(),
            published: Published::default(),
            length: Length::default(),
            categories: Vec::new(),
            licences: Vec::new(),
            languages: Vec::new(),
            host: String::new(),
            tags_all_of: Vec::new(),
            tags_one_of: Vec::new(),
            page: 1,
        }
    }
}

impl SearchForm {
    /// Reads the query of a link.
    pub fn read(query: &str) -> Self {
        let mut form = Self::default();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = bounded(&value);
            match key.trim_end_matches("[]") {
                "search" => value.clone_into(&mut form.search),
                "resultType" => form.result_type = ResultType::parse(value),
                "sort" => form.order = Order::parse(value),
                "nsfw" => form.sensitive = Sensitive::parse(value),
                "isLive" => form.kind = Kind::parse(value),
                "publishedDateRange" => form.published = Published::parse(value),
                "durationRange" => form.length = Length::parse(value),
                "categoryOneOf" => add_known(&mut form.categories, CATEGORIES, value),
                "licenceOneOf" => add_known(&mut form.licences, LICENCES, value),
                "languageOneOf" => add_known(&mut form.languages, LANGUAGES, value),
                "host" => form.host = value.to_lowercase(),
                "tagsAllOf" => add_tags(&mut form.tags_all_of, value),
                "tagsOneOf" => add_tags(&mut form.tags_one_of, value),
                "page" => form.page = value.parse().unwrap_or(1).clamp(1, LAST_PAGE),
                _ => {}
            }
        }
        form
    }

    /// Writes the query of a link to a page of this search.
    pub fn query_of_page(&self, page: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !self.search.is_empty() {
            query.append_pair("search", &self.search);
        }
        append_choice(&mut query, "resultType", self.result_type);
        append_choice(&mut query, "sort", self.order);
        append_choice(&mut query, "nsfw", self.sensitive);
        append_choice(&mut query, "isLive", self.kind);
        append_choice(&mut query, "publishedDateRange", self.published);
        append_choice(&mut query, "durationRange", self.length);
        for (key, values) in
            [("categoryOneOf", &self.categories), ("licenceOneOf", &self.licences), ("languageOneOf", &self.languages)]
        {
            query.extend_pairs(values.iter().map(|value| (key, value)));
        }
        if !self.host.is_empty() {
            query.append_pair("host", &self.host);
        }
        query.extend_pairs(self.tags_all_of.iter().map(|tag| ("tagsAllOf", tag)));
        query.extend_pairs(self.tags_one_of.iter().map(|tag| ("tagsOneOf", tag)));
        if page > 1 {
            query.append_pair("page", &page.to_string());
        }
        query.finish()
    }

    /// The same words without any filter.
    pub fn without_filters(&self) -> Self {
        Self { search: self.search.clone(), result_type: self.result_type, order: self.order, ..Self::default() }
    }

    /// The same search without each of its filters in turn, with what that is called.
    pub fn without_each_filter(&self) -> Vec<(String, Self)> {
        let first = Self { page: 1, ..self.clone() };
        let changes = [
            ("Sensitive or not", Self { sensitive: Sensitive::default(), ..first.clone() }),
            ("Live and recorded", Self { kind: Kind::default(), ..first.clone() }),
            ("Of any date", Self { published: Published::default(), ..first.clone() }),
            ("Of any length", Self { length: Length::default(), ..first.clone() }),
            ("In any category", Self { categories: vec![], ..first.clone() }),
            ("Under any licence", Self { licences: vec![], ..first.clone() }),
            ("In any language", Self { languages: vec![], ..first.clone() }),
            ("On any site", Self { host: String::new(), ..first.clone() }),
            ("Without asking for all these tags", Self { tags_all_of: vec![], ..first.clone() }),
            ("Without asking for one of these tags", Self { tags_one_of: vec![], ..first.clone() }),
        ];
        let has_changed = |(_, form): &(&str, Self)| *form != first;
        changes.into_iter().filter(has_changed).map(|(label, form)| (label.to_owned(), form)).collect()
    }

    /// How many filters are set.
    pub fn active_filters(&self) -> usize {
        [
            self.sensitive != Sensitive::default(),
            self.kind != Kind::default(),
            self.published != Published::default(),
            self.length != Length::default(),
            !self.categories.is_empty(),
            !self.licences.is_empty(),
            !self.languages.is_empty(),
            !self.host.is_empty(),
            !self.tags_all_of.is_empty(),
            !self.tags_one_of.is_empty(),
        ]
        .into_iter()
        .filter(|is_set| *is_set)
        .count()
    }

    /// What the index is asked.
    pub fn video_query(&self, now: Timestamp) -> VideoQuery {
        VideoQuery {
            search: (!self.search.is_empty()).then(|| self.search.clone()),
            start: (self.page - 1) * PER_PAGE,
            count: PER_PAGE,
            sort: Sort::parse(self.order.value()).unwrap_or_default(),
            filters: self.filters(now),
            boost_languages: Vec::new(),
        }
    }

    /// What the index is asked for the first of the results, whatever the page.
    pub fn first_results(&self, count: usize, now: Timestamp) -> VideoQuery {
        VideoQuery { start: 0, count, ..self.video_query(now) }
    }

    fn filters(&self, now: Timestamp) -> Filters {
        Filters {
            nsfw: match self.sensitive {
                Sensitive::Blurred => None,
                Sensitive::Hidden => Some(false),
                Sensitive::Only => Some(true),
            },
            is_live: match self.kind {
                Kind::Any => None,
                Kind::Live => Some(true),
                Kind::Recorded => Some(false),
            },
            categories: numbers(&self.categories),
            licences: numbers(&self.licences),
            languages: self.languages.iter().map(|code| (*code).to_owned()).collect(),
            tags_one_of: self.tags_one_of.clone(),
            tags_all_of: self.tags_all_of.clone(),
            host: (!self.host.is_empty()).then(|| self.host.clone()),
            published: Range { min: self.published_since(now), max: None },
            duration: match self.length {
                Length::Any => Range::default(),
                Length::Short => Range { min: None, max: Some(239) },
                Length::Medium => Range { min: Some(240), max: Some(600) },
                Length::Long => Range { min: Some(601), max: None },
            },
            ..Filters::default()
        }
    }

    fn published_since(&self, now: Timestamp) -> Option<Timestamp> {
        let days = match self.published {
            Published::Ever => return None,
            Published::Today => return Some(now.date_naive().and_time(NaiveTime::MIN).and_utc()),
            Published::LastWeek => 7,
            Published::LastMonth => 30,
            Published::LastYear => 365,
        };
        now.checked_sub_signed(TimeDelta::days(days))
    }
}

fn bounded(value: &str) -> &str {
    let value = value.trim();
    value.char_indices().nth(MAX_CHARS).and_then(|(end, _)| value.get(..end)).unwrap_or(value).trim_end()
}

fn add_known(values: &mut Vec<&'static str>, known: &'static Named, value: &str) {
    if let Some((code, _)) = known.iter().find(|(code, _)| *code == value)
        && !values.contains(code)
    {
        values.push(code);
    }
}

/// Tags come one by one, or several with commas between them, as people type them.
fn add_tags(tags: &mut Vec<String>, value: &str) {
    for tag in value.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
        if tags.len() < MAX_VALUES && !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
    }
}

fn append_choice<C: Choice>(query: &mut form_urlencoded::Serializer<'_, String>, key: &str, choice: C) {
    if choice != C::default() {
        query.append_pair(key, choice.value());
    }
}

fn numbers(values: &[&str]) -> Vec<i64> {
    values.iter().filter_map(|value| value.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use platform::clock::{Clock, FakeClock};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_link_says_everything_that_was_asked() {
        let link = "search=sea+life&sort=-publishedAt&nsfw=false&isLive=false&publishedDateRange=last_7days\
                    &durationRange=medium&categoryOneOf=2&categoryOneOf=15&licenceOneOf=1&languageOneOf=fr\
                    &host=tube.example&tagsAllOf=a&tagsAllOf=b&tagsOneOf=c&page=3";
        let form = SearchForm::read(link);
        assert_eq!(form.query_of_page(form.page), link);
        assert_eq!((form.active_filters(), form.page), (10, 3));
        let query = form.video_query(FakeClock::default().now());
        assert_eq!((query.start, query.count, query.sort), (20, 10, Sort::NEWEST));
        assert_eq!(query.filters.categories, [2, 15]);
        assert_eq!(query.filters.duration, Range { min: Some(240), max: Some(600) });
        assert_eq!(query.filters.published.min, Some("2026-02-22T12:00:00Z".parse().unwrap()));
        assert_eq!((query.filters.nsfw, query.filters.is_live), (Some(false), Some(false)));
    }

    #[test]
    fn an_empty_form_makes_the_shortest_link() {
        let sent = "search=&sort=-match&nsfw=both&isLive=both&publishedDateRange=any_published_date\
                    &durationRange=any_duration&categoryOneOf=&host=&tagsAllOf=&page=1";
        assert_eq!(SearchForm::read(sent), SearchForm::default());
        assert_eq!(SearchForm::default().query_of_page(1), "");
    }

    #[test]
    fn each_filter_can_be_left_out_by_itself() {
        let form = SearchForm::read("search=sea&durationRange=long&host=tube.example&page=3");
        let links: Vec<_> = form.without_each_filter().iter().map(|(_, form)| form.query_of_page(form.page)).collect();
        assert_eq!(links, ["search=sea&host=tube.example", "search=sea&durationRange=long"]);
        assert!(SearchForm::read("search=sea&page=3").without_each_filter().is_empty());
    }

    #[test]
    fn today_begins_at_midnight() {
        let query = SearchForm::read("publishedDateRange=today").video_query(FakeClock::default().now());
        assert_eq!(query.filters.published.min, Some("2026-03-01T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let form = SearchForm::read("categoryOneOf=99&languageOneOf=xx&sort=cheapest&page=-4&x=y&page=abc");
        assert_eq!(form, SearchForm::default());
        assert_eq!(SearchForm::read("page=100000").page, LAST_PAGE);
    }

    #[test]
    fn tags_may_be_typed_with_commas() {
        assert_eq!(SearchForm::read("tagsOneOf=a,+b+,,a").tags_one_of, ["a", "b"]);
    }

    proptest! {
        #[test]
        fn a_link_leads_back_to_the_same_search(query in "(search|host|sort|resultType|nsfw|page|tagsAllOf|categoryOneOf)=\\PC{0,40}") {
            let form = SearchForm::read(&query);
            prop_assert_eq!(SearchForm::read(&form.query_of_page(form.page)), form);
        }
    }
}
