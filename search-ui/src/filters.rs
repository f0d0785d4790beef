//! The filters as the form shows them.

use crate::{
    choices::{CATEGORIES, Choice, LANGUAGES, LICENCES, Named},
    form::SearchForm,
};

/// What the template shows of the filters.
#[derive(Debug, Clone, Default)]
pub(crate) struct FilterView {
    pub active: usize,
    pub selects: Vec<Select>,
    pub host: String,
    pub tags_all_of: String,
    pub tags_one_of: String,
}

/// A choice of one; where links carry several values, those are boxes to untick, and the list adds another.
#[derive(Debug, Clone)]
pub(crate) struct Select {
    pub name: &'static str,
    pub label: &'static str,
    pub several: Vec<Entry>,
    pub entries: Vec<Entry>,
}

/// One entry of a [`Select`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub value: &'static str,
    pub label: &'static str,
    pub selected: bool,
}

impl FilterView {
    /// Shows the filters of a search.
    pub fn of(form: &SearchForm) -> Self {
        Self {
            active: form.active_filters(),
            selects: vec![
                one_of("sort", "Order", form.order),
                one_of("publishedDateRange", "Published", form.published),
                one_of("durationRange", "Length", form.length),
                any_of("languageOneOf", "Language", "Any language", LANGUAGES, &form.languages),
                any_of("categoryOneOf", "Category", "Any category", CATEGORIES, &form.categories),
                any_of("licenceOneOf", "Licence", "Any licence", LICENCES, &form.licences),
                one_of("isLive", "Live", form.kind),
                one_of("nsfw", "Sensitive videos", form.sensitive),
            ],
            host: form.host.clone(),
            tags_all_of: form.tags_all_of.join(", "),
            tags_one_of: form.tags_one_of.join(", "),
        }
    }
}

fn one_of<C: Choice>(name: &'static str, label: &'static str, chosen: C) -> Select {
    let entries = C::ALL.iter().map(|(choice, value, label)| Entry { value, label, selected: *choice == chosen });
    Select { name, label, several: vec![], entries: entries.collect() }
}

fn any_of(
    name: &'static str,
    label: &'static str,
    any: &'static str,
    known: &'static Named,
    chosen: &[&'static str],
) -> Select {
    let is_several = chosen.len() > 1;
    let entry = |(value, label): &(&'static str, &'static str)| Entry {
        value,
        label,
        selected: chosen.contains(value) && !is_several,
    };
    let first = Entry { value: "", label: if is_several { "Add another" } else { any }, selected: chosen.len() != 1 };
    let is_chosen = |(value, _): &&(&'static str, &'static str)| is_several && chosen.contains(value);
    let several = known.iter().filter(is_chosen).map(|(value, label)| Entry { value, label, selected: true });
    let rest = known.iter().filter(|known| !is_chosen(known)).map(entry);
    Select { name, label, several: several.collect(), entries: [first].into_iter().chain(rest).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_values_can_be_unticked_and_added_to() {
        let view = FilterView::of(&SearchForm::read("categoryOneOf=2&categoryOneOf=15"));
        let select = view.selects.iter().find(|select| select.name == "categoryOneOf").unwrap();
        let labels: Vec<_> = select.several.iter().map(|entry| entry.label).collect();
        assert_eq!(labels, ["Films", "Science & Technology"]);
        assert_eq!(select.entries[0].label, "Add another");
        assert!(select.entries.iter().all(|entry| entry.value != "2"));

        let view = FilterView::of(&SearchForm::read("categoryOneOf=2"));
        let select = view.selects.iter().find(|select| select.name == "categoryOneOf").unwrap();
        let selected: Vec<_> = select.entries.iter().filter(|entry| entry.selected).map(|entry| entry.label).collect();
        assert_eq!((selected, select.several.len()), (vec!["Films"], 0));
    }
}
