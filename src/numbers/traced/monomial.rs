//! Products: the letters they are made of, and their order.

use super::Function;
use num_rational::BigRational;
use num_traits::{One, Zero};
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

/// A letter of a product, in the order in which products write them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Letter {
    Symbol(u32),
    Atom(u32),
}

/// What an atom represents.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Atom {
    /// A function of an argument, except exp.
    Call(Function, Terms),
    /// A sum of at least two terms, the first with coefficient 1. It appears in a denominator.
    Sum(Terms),
}

/// The atoms of a session, numbered in order of appearance.
#[derive(Default)]
pub(crate) struct Atoms {
    pub(crate) list: Vec<Atom>,
    numbers: HashMap<Atom, u32>,
}

impl Atoms {
    pub(super) fn letter(&mut self, atom: Atom) -> Letter {
        let next = self.list.len() as u32; // fewer than the nodes, which a u32 counts
        let number = *self.numbers.entry(atom.clone()).or_insert(next);
        if number == next {
            self.list.push(atom);
        }
        Letter::Atom(number)
    }
}

/// A product of letters with their exponents, none of them 0, and of e to the power of a sum.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Monomial {
    pub(crate) letters: Vec<(Letter, i32)>,
    pub(crate) exponential: Terms,
}

impl Monomial {
    pub(super) fn times(&self, other: &Monomial) -> Monomial {
        let mut letters: BTreeMap<Letter, i32> = self.letters.iter().copied().collect();
        for &(letter, exponent) in &other.letters {
            *letters.entry(letter).or_insert(0) += exponent;
        }
        let letters = letters.into_iter().filter(|&(_, exponent)| exponent != 0).collect();
        Monomial { letters, exponential: add(self.exponential.clone(), other.exponential.clone()) }
    }

    pub(super) fn inverse(&self) -> Monomial {
        let letters = self.letters.iter().map(|&(letter, exponent)| (letter, -exponent)).collect();
        Monomial { letters, exponential: negative(self.exponential.clone()) }
    }

    pub(super) fn is_constant(&self) -> bool {
        self.letters.is_empty() && self.exponential.is_empty()
    }
}

/// Higher degree first, then by the first letter that differs, earlier letters and higher powers first.
impl Ord for Monomial {
    fn cmp(&self, other: &Self) -> Ordering {
        let degree = |m: &Monomial| m.letters.iter().map(|&(_, exponent)| i64::from(exponent)).sum::<i64>();
        let by_letter = |(a, b): (&(Letter, i32), &(Letter, i32))| a.0.cmp(&b.0).then(b.1.cmp(&a.1));
        let letters = || self.letters.iter().zip(&other.letters).map(by_letter).find(|order| order.is_ne());
        degree(other)
            .cmp(&degree(self))
            .then_with(|| letters().unwrap_or(other.letters.len().cmp(&self.letters.len())))
            .then_with(|| self.exponential.cmp(&other.exponential))
    }
}

impl PartialOrd for Monomial {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A sum: every product with its coefficient, none of them 0.
pub(crate) type Terms = BTreeMap<Monomial, BigRational>;

/// a + b.
pub(super) fn add(mut a: Terms, mut b: Terms) -> Terms {
    if a.len() < b.len() {
        std::mem::swap(&mut a, &mut b);
    }
    for (monomial, coefficient) in b {
        let sum = a.remove(&monomial).unwrap_or_else(BigRational::zero) + coefficient;
        if !sum.is_zero() {
            a.insert(monomial, sum);
        }
    }
    a
}

/// −a.
pub(super) fn negative(mut a: Terms) -> Terms {
    a.values_mut().for_each(|coefficient| *coefficient *= -BigRational::one());
    a
}
