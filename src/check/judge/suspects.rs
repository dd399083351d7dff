//! The likeliest mistake: by its numbers, or by its track.
//!
//! Every known mistake of a function is run on the same cases as the reader's function. If its numbers match the
//! reader's in every case that both answer, that is the mistake; if they match except for a factor, such as N, it is
//! one of two mistakes. If no mistake has these numbers, the nearest track decides: in which cases an array is wrong,
//! and in what way. A track that many mistakes leave identifies none of them. Each array is judged separately, because
//! two arrays may have different mistakes.

use super::trial::{Mark, Trial, same};
use crate::check::diagnosis::Diagnosis;

/// How much of two tracks must agree for them to count as the same.
const ALIKE: f64 = 0.7;

/// A factor that depends on N.
type Factor = fn(f64) -> f64;

/// What a second mistake may do to the numbers of the first: the factor for N samples, and its name.
const FACTORS: [(Factor, Option<&str>); 6] = [
    (|_| 1.0, None),
    (|n| n, Some("times N")),
    (|n| 1.0 / n, Some("divided by N")),
    (|_| -1.0, Some("with the other sign")),
    (|_| 2.0, Some("times 2")),
    (|_| 0.5, Some("divided by 2")),
];

/// A mistake that explains a reader's numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspicion {
    /// The mistake's name in the [catalogue](crate::check::mistakes).
    pub name: &'static str,
    /// What is right, and what the mistake does instead.
    pub sentence: &'static str,
    /// The arrays that it explains.
    pub arrays: Vec<&'static str>,
    /// How it was recognised.
    pub by: Evidence,
}

/// The evidence for a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Its numbers are the reader's, in every case.
    Numbers,
    /// Its numbers are the reader's except for this factor, which must be a second mistake.
    ScaledNumbers(&'static str),
    /// It is wrong where the reader's function is wrong, and in the same way.
    Track,
}

/// A known mistake and its answers.
pub(super) struct Known {
    pub name: &'static str,
    pub sentence: &'static str,
    pub trial: Trial,
}

/// For each wrong array, the mistake that explains it: by numbers, or else by track.
pub(super) fn suspicions(yours: &Trial, known: &[Known]) -> Vec<Suspicion> {
    let wrong = yours.wrong_parts();
    let explains = |at: &Known| wrong.iter().filter(|&&part| by_numbers(yours, &at.trial, part).is_some()).count();
    let explained: Vec<usize> = known.iter().map(explains).collect();
    let found = |part: usize| {
        let fit = known.iter().enumerate().filter_map(|(at, m)| Some((at, by_numbers(yours, &m.trial, part)?)));
        // First without a factor; then the mistake that explains most arrays; then the one that spoils no others.
        fit.min_by_key(|&(at, by)| {
            (by != Evidence::Numbers, wrong.len() - explained[at], known[at].trial.wrong_parts().len())
        })
    };
    gather(yours, known, |part| found(part).or_else(|| by_track(yours, known, part)))
}

/// For each wrong array, the mistake with the nearest track, regardless of the numbers.
pub(super) fn suspicions_by_track(yours: &Trial, known: &[Known]) -> Vec<Suspicion> {
    gather(yours, known, |part| by_track(yours, known, part))
}

/// What `find` finds for each wrong array, grouped by explanation.
fn gather(yours: &Trial, known: &[Known], find: impl Fn(usize) -> Option<(usize, Evidence)>) -> Vec<Suspicion> {
    let mut all: Vec<Suspicion> = Vec::new();
    for (part, (at, by)) in yours.wrong_parts().into_iter().filter_map(|part| Some((part, find(part)?))) {
        let Known { name, sentence, .. } = known[at];
        match all.iter_mut().find(|suspicion| suspicion.name == name && suspicion.by == by) {
            Some(suspicion) => suspicion.arrays.push(yours.names[part]),
            None => all.push(Suspicion { name, sentence, arrays: vec![yours.names[part]], by }),
        }
    }
    all
}

/// Whether the mistake gives the reader's numbers, exactly or times a factor.
fn by_numbers(yours: &Trial, mistake: &Trial, part: usize) -> Option<Evidence> {
    let (_, name) = FACTORS.iter().find(|(factor, _)| has_numbers(yours, mistake, part, *factor))?;
    Some(name.map_or(Evidence::Numbers, Evidence::ScaledNumbers))
}

/// Whether the mistake, times the factor, gives the reader's numbers in every case that both answer, and is wrong in at
/// least half of the cases that the reader gets wrong.
fn has_numbers(yours: &Trial, mistake: &Trial, part: usize, factor: Factor) -> bool {
    let (mut wrong, mut explained) = (0, 0);
    for (at, mark) in yours.marks[part].iter().enumerate().filter(|(_, mark)| **mark != Mark::Absent) {
        wrong += usize::from(*mark != Mark::Right);
        let (Some(a), Some(b)) = (yours.got[at].part(part), mistake.got[at].part(part)) else { continue };
        if !same(a, b, factor(yours.samples[at] as f64), yours.least[at]) {
            return false;
        }
        explained += usize::from(*mark != Mark::Right && mistake.marks[part][at] != Mark::Right);
    }
    explained > 0 && 2 * explained >= wrong
}

/// The mistake whose track is nearest, if it is near enough and the only one.
fn by_track(yours: &Trial, known: &[Known], part: usize) -> Option<(usize, Evidence)> {
    let alike = |mistake: &Known| likeness(&yours.marks[part], &mistake.trial.marks[part]);
    let mut ranking: Vec<(f64, usize)> = known.iter().map(alike).zip(0..).collect();
    ranking.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (most, at) = *ranking.first()?;
    let next = ranking.get(1).map_or(0.0, |next| next.0);
    (most >= ALIKE && next < most).then_some((at, Evidence::Track))
}

/// From 0 to 1: of the cases that either gets wrong, the share that both get wrong in the same way.
fn likeness(a: &[Mark], b: &[Mark]) -> f64 {
    // Errors without a pattern count as alike only if they are in particular places.
    let everywhere = !a.contains(&Mark::Right);
    let either: Vec<_> = a.iter().zip(b).filter(|(a, b)| **a != Mark::Right || **b != Mark::Right).collect();
    let score = either.iter().map(|pair| match pair {
        (Mark::Right, _) | (_, Mark::Right) => 0.0,
        (Mark::Wrong(Diagnosis::Scattered { .. }), Mark::Wrong(Diagnosis::Scattered { .. })) if everywhere => 0.5,
        (Mark::Wrong(a), Mark::Wrong(b)) if is_same_pattern(a, b) => 1.0,
        (Mark::Shape, Mark::Shape) | (Mark::Absent, Mark::Absent) => 1.0,
        _ => 0.3,
    });
    if either.is_empty() { 0.0 } else { score.sum::<f64>() / either.len() as f64 }
}

/// Whether two errors look alike, though they may differ in size.
fn is_same_pattern(a: &Diagnosis, b: &Diagnosis) -> bool {
    use Diagnosis::*;
    match (a, b) {
        (Factor { factor: a, .. }, Factor { factor: b, .. })
        | (FactorOfSome { factor: a, .. }, FactorOfSome { factor: b, .. }) => (a / b - 1.0).abs() < 1e-6,
        (Missing { .. }, Missing { .. }) | (Scattered { .. }, Scattered { .. }) => true,
        _ => a == b,
    }
}
