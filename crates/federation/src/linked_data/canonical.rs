//! One text for one meaning: URDNA2015, the algorithm that became RDF Dataset Canonicalization.
//!
//! Things without names make it hard: they are told apart by what is said of them (section 4.6 of the standard), and where
//! that is the same, by walking through their neighbours in every order (section 4.8). An attacker can make a graph in
//! which that takes for ever, so that the steps are counted and a graph that needs too many is refused.

use std::collections::{BTreeMap, HashMap};

use sha2::{Digest, Sha256};

use super::graph::{Dialect, Graph, Object, Resource, Triple, Writer};

/// A video of eight resolutions takes some hundreds.
const MAX_STEPS: usize = 50_000;

/// Things without names cannot be told apart in a bounded number of steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooComplex;

/// The SHA-256 of the canonical text, in lower-case hexadecimal.
pub(super) fn hash(graph: &Graph, dialect: Dialect) -> Result<String, TooComplex> {
    Ok(hex(&canonical_text(graph, dialect)?))
}

pub(super) fn canonical_text(graph: &Graph, dialect: Dialect) -> Result<String, TooComplex> {
    let names = Canonicalizer::new(graph, dialect).name_all()?;
    let writer = Writer { dialect, name: |node| names.get(&node).cloned().unwrap_or_default() };
    let mut lines: Vec<String> = graph.triples().map(|triple| writer.line(triple)).collect();
    lines.sort_unstable();
    lines.dedup();
    Ok(lines.concat())
}

fn hex(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::with_capacity(64), |text, byte| text + &format!("{byte:02x}"))
}

/// Gives out names in the order in which they are asked for.
#[derive(Debug, Clone, Default)]
struct Issuer {
    prefix: &'static str,
    names: HashMap<usize, String>,
    order: Vec<usize>,
}

impl Issuer {
    fn new(prefix: &'static str) -> Self {
        Self { prefix, ..Self::default() }
    }

    fn issue(&mut self, node: usize) -> String {
        let next = format!("{}{}", self.prefix, self.order.len());
        let order = &mut self.order;
        self.names
            .entry(node)
            .or_insert_with(|| {
                order.push(node);
                next
            })
            .clone()
    }
}

struct Canonicalizer<'g> {
    about: HashMap<usize, Vec<&'g Triple>>,
    first_hashes: HashMap<usize, String>,
    canonical: Issuer,
    steps: usize,
}

impl<'g> Canonicalizer<'g> {
    fn new(graph: &'g Graph, dialect: Dialect) -> Self {
        let mut about: HashMap<usize, Vec<&'g Triple>> =
            (0..graph.blank_nodes()).map(|node| (node, Vec::new())).collect();
        for triple in graph.triples() {
            let [subject, object] = blank_nodes(triple);
            for node in subject.into_iter().chain(object.filter(|object| subject != Some(*object))) {
                about.entry(node).or_default().push(triple);
            }
        }
        let first_hashes = about.iter().map(|(node, triples)| (*node, first_hash(*node, triples, dialect))).collect();
        Self { about, first_hashes, canonical: Issuer::new("c14n"), steps: 0 }
    }

    fn name_all(mut self) -> Result<HashMap<usize, String>, TooComplex> {
        let mut alike: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (node, hash) in &self.first_hashes {
            alike.entry(hash.clone()).or_default().push(*node);
        }
        let (unique, shared): (Vec<_>, Vec<_>) = alike.into_values().partition(|nodes| nodes.len() == 1);
        for node in unique.into_iter().flatten() {
            self.canonical.issue(node);
        }
        for mut nodes in shared {
            nodes.sort_unstable();
            self.name_those_alike(&nodes)?;
        }
        Ok(self.canonical.names)
    }

    fn name_those_alike(&mut self, nodes: &[usize]) -> Result<(), TooComplex> {
        let mut paths: Vec<(String, Issuer)> = Vec::new();
        for node in nodes {
            if !self.canonical.names.contains_key(node) {
                let mut issuer = Issuer::new("b");
                issuer.issue(*node);
                paths.push(self.neighbourhood_hash(*node, issuer)?);
            }
        }
        paths.sort_by(|(one, _), (other, _)| one.cmp(other));
        for node in paths.iter().flat_map(|(_, issuer)| &issuer.order) {
            self.canonical.issue(*node);
        }
        Ok(())
    }

    /// Hash N-Degree Quads: of all ways to walk through the neighbours, the one that reads first in the alphabet.
    fn neighbourhood_hash(&mut self, node: usize, mut issuer: Issuer) -> Result<(String, Issuer), TooComplex> {
        let mut data = String::new();
        for (hash, neighbours) in self.neighbours(node, &issuer)? {
            data.push_str(&hash);
            let mut chosen: Option<(String, Issuer)> = None;
            let mut permutation = Permutation::of(neighbours);
            while let Some(order) = permutation.next() {
                self.step()?;
                let best = chosen.as_ref().map(|(path, _)| path.as_str());
                if let Some(found) = self.walk(order, &issuer, best)? {
                    chosen = Some(found);
                }
            }
            if let Some((path, walked)) = chosen {
                data.push_str(&path);
                issuer = walked;
            }
        }
        Ok((hex(&data), issuer))
    }

    /// One way through the neighbours. `None` if it is no better than the best so far.
    fn walk(
        &mut self,
        order: &[usize],
        issuer: &Issuer,
        best: Option<&str>,
    ) -> Result<Option<(String, Issuer)>, TooComplex> {
        let worse = |path: &str| best.is_some_and(|best| path.len() >= best.len() && path > best);
        let (mut issuer, mut path, mut unnamed) = (issuer.clone(), String::new(), Vec::new());
        for node in order {
            if let Some(name) = self.canonical.names.get(node) {
                path.extend(["_:", name]);
            } else {
                if !issuer.names.contains_key(node) {
                    unnamed.push(*node);
                }
                path.extend(["_:", &issuer.issue(*node)]);
            }
            if worse(&path) {
                return Ok(None);
            }
        }
        for node in unnamed {
            let (hash, walked) = self.neighbourhood_hash(node, issuer.clone())?;
            issuer = walked;
            path.extend(["_:", &issuer.issue(node), "<", &hash, ">"]);
            if worse(&path) {
                return Ok(None);
            }
        }
        Ok(best.is_none_or(|best| path.as_str() < best).then_some((path, issuer)))
    }

    /// Those around a node, by how they are related to it.
    fn neighbours(&mut self, node: usize, issuer: &Issuer) -> Result<BTreeMap<String, Vec<usize>>, TooComplex> {
        let mut neighbours: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let triples = self.about.get(&node).cloned().unwrap_or_default();
        for triple in triples {
            for (related, position) in blank_nodes(triple).into_iter().zip(['s', 'o']) {
                let Some(related) = related.filter(|related| *related != node) else { continue };
                self.step()?;
                let name = self.provisional_name(related, issuer);
                let hash = hex(&format!("{position}<{}>{name}", triple.predicate));
                neighbours.entry(hash).or_default().push(related);
            }
        }
        Ok(neighbours)
    }

    fn provisional_name(&self, node: usize, issuer: &Issuer) -> String {
        match self.canonical.names.get(&node).or_else(|| issuer.names.get(&node)) {
            Some(name) => format!("_:{name}"),
            None => self.first_hashes.get(&node).cloned().unwrap_or_default(),
        }
    }

    fn step(&mut self) -> Result<(), TooComplex> {
        self.steps += 1;
        if self.steps > MAX_STEPS { Err(TooComplex) } else { Ok(()) }
    }
}

/// Hash First Degree Quads: what is said of the node itself, with every other unnamed thing called `z`.
fn first_hash(node: usize, triples: &[&Triple], dialect: Dialect) -> String {
    let writer = Writer { dialect, name: |other| if other == node { "a" } else { "z" }.to_owned() };
    let mut lines: Vec<String> = triples.iter().map(|triple| writer.line(triple)).collect();
    lines.sort_unstable();
    hex(&lines.concat())
}

fn blank_nodes(triple: &Triple) -> [Option<usize>; 2] {
    let node = |resource: &Resource| match resource {
        Resource::Blank(node) => Some(*node),
        Resource::Iri(_) => None,
    };
    let object = match &triple.object {
        Object::Resource(resource) => node(resource),
        Object::Literal { .. } => None,
    };
    [node(&triple.subject), object]
}

/// All orders of a list, one after the other, in the order of the alphabet.
struct Permutation {
    items: Vec<usize>,
    started: bool,
}

impl Permutation {
    fn of(mut items: Vec<usize>) -> Self {
        items.sort_unstable();
        Self { items, started: false }
    }

    fn next(&mut self) -> Option<&[usize]> {
        if !self.started {
            self.started = true;
            return Some(&self.items);
        }
        let pivot = self.items.windows(2).rposition(|pair| matches!(pair, [one, other] if one < other))?;
        let value = self.items.get(pivot).copied()?;
        let successor = self.items.iter().rposition(|item| *item > value)?;
        self.items.swap(pivot, successor);
        self.items.get_mut(pivot + 1..)?.reverse();
        Some(&self.items)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const P: &str = "http://example.org/p";

    /// Arrows between things without names, which are then counted from `shift` on.
    fn arrows(pairs: &[(usize, usize)], shift: usize) -> Graph {
        let count = 1 + pairs.iter().map(|(one, other)| *one.max(other)).max().unwrap_or_default();
        let mut graph = Graph::default();
        let nodes: Vec<Resource> = (0..count).map(|_| graph.blank_node().unwrap()).collect();
        let at = |node: usize| nodes[(node + shift) % count].clone();
        for (one, other) in pairs {
            graph.insert(&at(*one), P, Object::Resource(at(*other))).unwrap();
        }
        graph
    }

    #[test]
    fn orders_are_all_there_once() {
        let mut permutation = Permutation::of(vec![2, 0, 1]);
        let mut seen = Vec::new();
        while let Some(order) = permutation.next() {
            seen.push(order.to_vec());
        }
        assert_eq!(seen, [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]);
    }

    #[test]
    fn a_graph_that_is_made_to_take_for_ever_is_refused() {
        let clique: Vec<(usize, usize)> =
            (0..12).flat_map(|one| (0..12).filter(move |other| one != *other).map(move |other| (one, other))).collect();
        assert_eq!(canonical_text(&arrows(&clique, 0), Dialect::JavaScript), Err(TooComplex));
    }

    #[test]
    fn two_circles_differ_from_one() {
        let text = |pairs| canonical_text(&arrows(pairs, 0), Dialect::JavaScript).unwrap();
        let one = text(&[(0, 1), (1, 2), (2, 3), (3, 0)]);
        let two = text(&[(0, 1), (1, 0), (2, 3), (3, 2)]);
        assert_ne!(one, two);
        assert_eq!(one.lines().count(), 4);
    }

    proptest! {
        #[test]
        fn names_do_not_depend_on_the_order_in_which_things_were_met(
            pairs in prop::collection::vec((0..6_usize, 0..6_usize), 1..10),
            shift in 0..6_usize,
        ) {
            let text = |shift| canonical_text(&arrows(&pairs, shift), Dialect::JavaScript);
            prop_assert_eq!(text(0), text(shift));
        }
    }
}
