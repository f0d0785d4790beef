//! Which names did somebody mean who typed this?

use strsim::damerau_levenshtein;

/// The names that differ least from what was typed, best first, at most `limit`; those that have nothing to do with it are
/// left out.
pub fn nearest(names: Vec<String>, typed: &str, limit: usize) -> Vec<String> {
    const LONGEST: usize = 100;
    let typed = typed.trim().to_lowercase();
    let length = typed.chars().count();
    if length == 0 || length > LONGEST {
        return vec![];
    }
    let allowed = (length / 4).clamp(1, 3);
    let mut ranked: Vec<(usize, String)> = names
        .into_iter()
        .filter_map(|name| {
            let distance = if name.contains(&typed) { 0 } else { damerau_levenshtein(&name, &typed) };
            (distance <= allowed).then_some((distance, name))
        })
        .collect();
    ranked.sort();
    ranked.into_iter().map(|(_, name)| name).take(limit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(typed: &str) -> Vec<String> {
        let names = ["tube.example", "tubes.example", "video.example", "a.example"].map(str::to_owned).to_vec();
        nearest(names, typed, 2)
    }

    #[test]
    fn a_mistyped_name_finds_the_right_one() {
        assert_eq!(meant("tbue.example"), ["tube.example", "tubes.example"]);
        assert_eq!(meant("VIDEO"), ["video.example"]);
        assert_eq!(meant("viedo.exampel"), ["video.example"]);
    }

    #[test]
    fn nothing_is_better_than_anything() {
        for typed in ["", "peertube.social", &"x".repeat(1_000)] {
            assert!(meant(typed).is_empty(), "{typed}");
        }
    }
}
