//! A formula at a random point of a prime field: a test of whether two formulas are equal.
//!
//! # Derivation
//!
//! 1. A nonzero polynomial of degree D vanishes at a random point of a field with p elements with probability at most
//!    D/p (Schwartz, Zippel). So if two formulas agree at a random point, they are the same, except for an accident of
//!    that probability; a second point makes it (D/p)².
//! 2. For fractions, `a/b = c/d` means `a·d − c·b = 0`, again a polynomial. The degrees of numerator and denominator
//!    are tracked: n(a ± b) = max(n_a + d_b, n_b + d_a), d(a ± b) = d_a + d_b, and so on.
//! 3. exp is replaced by new letters: the argument is a sum of products m with coefficients (see
//!    [`polynomial`](super::polynomial)), and exp(3·m₁ − m₂/2) = E₁³·E₂^(−1/2), where each E is r¹² for a random number
//!    r, so that halves, thirds and quarters of m have consistent values; other fractions get new letters. sinh, cosh
//!    and tanh are written in terms of exp.
//! 4. √u is a root in the field, so √u·√u = u; if some u has no root at a point, the point is drawn again. Multiplying
//!    a polynomial in k roots by its conjugates, which have −√u for √u, clears the roots and multiplies the degree by
//!    2ᵏ; that all k are squares itself has a probability of about 2⁻ᵏ. Together that is a factor of 4ᵏ. Which of the
//!    two roots the field takes for √(9·u) is arbitrary, so the caller also compares the real values.
//! 5. ln, sin and the other functions are letters with one property: equal arguments give equal values.
//!
//! What 3 to 5 forget (sin² + cos² = 1) can make equal formulas look different, never different ones equal. Coefficients
//! are read modulo p = 2⁶¹ − 1: a difference whose every coefficient has a numerator divisible by p would be missed.
//!
//! Source: Schwartz, *Fast probabilistic algorithms for verification of polynomial identities* (1980); Zippel (1979).

use super::arena::{Arena, Node, Operand, common_session, operand};
use super::field::{PRIME, Residue};
use super::monomial::Monomial;
use super::polynomial::terms_of;
use super::value::Value;
use super::{Function, NoFormula, Traced, with_arena};
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use std::collections::{HashMap, HashSet};

/// exp(m) is the twelfth power of a letter, so that exp(m/2), exp(m/3) and exp(m/4) are powers of it as well.
const PARTS: i32 = 12;

/// Why a formula has no value at a point.
enum Miss {
    /// A denominator is 0, or a radicand is not a square: another point may work.
    Unlucky,
    /// No point will work.
    Never(NoFormula),
}

/// One random number for each letter.
struct Point {
    random: ChaCha8Rng,
    symbols: HashMap<u32, Residue>,
    exponentials: HashMap<(Monomial, BigRational), Residue>,
    calls: HashMap<(Function, Residue), Residue>,
    /// The radicands met so far.
    roots: HashSet<Residue>,
    values: HashMap<u32, Value>,
}

impl Point {
    fn new(seed: u64) -> Self {
        let random = ChaCha8Rng::seed_from_u64(seed);
        Point {
            random,
            symbols: HashMap::new(),
            exponentials: HashMap::new(),
            calls: HashMap::new(),
            roots: HashSet::new(),
            values: HashMap::new(),
        }
    }

    /// The value of a formula here.
    fn value(&mut self, arena: &mut Arena, output: Operand) -> Result<Value, Miss> {
        let output = match output {
            Operand::Constant(bits) => return constant(bits),
            Operand::Node(node) => node,
        };
        for node in arena.needed([output]) {
            if self.values.contains_key(&node) {
                continue;
            }
            let read = |operand: Operand| match operand {
                Operand::Constant(bits) => constant(bits),
                Operand::Node(node) => self.values.get(&node).copied().ok_or(Miss::Never(NoFormula::NotRecorded)),
            };
            let value = match arena.nodes[node as usize] {
                Node::Symbol(number) => {
                    let random = &mut self.random;
                    Value::letter(*self.symbols.entry(number).or_insert_with(|| nonzero(random)))
                }
                Node::Add(a, b) => {
                    let (a, b) = (read(a)?, read(b)?);
                    a.sum(b, a.residue + b.residue) // (2)
                }
                Node::Sub(a, b) => {
                    let (a, b) = (read(a)?, read(b)?);
                    a.sum(b, a.residue - b.residue)
                }
                Node::Mul(a, b) => read(a)?.times(read(b)?),
                Node::Div(a, b) => read(a)?.times(read(b)?.inverse().ok_or(Miss::Unlucky)?),
                Node::Neg(a) => read(a).map(|a| Value { residue: Residue::ZERO - a.residue, ..a })?,
                Node::Call(function, a) => {
                    let argument = read(a)?;
                    self.call(arena, function, a, argument)?
                }
            };
            self.values.insert(node, value);
        }
        self.values.get(&output).copied().ok_or(Miss::Never(NoFormula::NotRecorded))
    }

    fn call(&mut self, arena: &mut Arena, function: Function, at: Operand, argument: Value) -> Result<Value, Miss> {
        match function {
            Function::Exp => self.exponential(arena, at),
            Function::Sinh | Function::Cosh | Function::Tanh => {
                let up = self.exponential(arena, at)?;
                let down = up.inverse().ok_or(Miss::Unlucky)?;
                let (sinh, cosh) = (up.sum(down, up.residue - down.residue), up.sum(down, up.residue + down.residue));
                let half = Value::constant(Residue::new(PRIME.div_ceil(2)));
                Ok(match function {
                    Function::Sinh => sinh.times(half),
                    Function::Cosh => cosh.times(half),
                    _ => sinh.times(cosh.inverse().ok_or(Miss::Unlucky)?),
                })
            }
            Function::Sqrt => {
                let root = argument.residue.root().ok_or(Miss::Unlucky)?; // (4)
                self.roots.insert(argument.residue);
                Ok(Value { residue: root, ..argument })
            }
            _ => {
                let random = &mut self.random;
                let value = self.calls.entry((function, argument.residue)); // (5)
                let value = *value.or_insert_with(|| nonzero(random));
                Ok(Value { residue: value, above: argument.above + argument.below + 1.0, below: 0.0 })
            }
        }
    }

    fn exponential(&mut self, arena: &mut Arena, argument: Operand) -> Result<Value, Miss> {
        let mut product = Value::constant(Residue::ONE);
        for (monomial, coefficient) in terms_of(arena, argument).map_err(Miss::Never)? {
            let twelfths = &coefficient * BigRational::from_integer(PARTS.into());
            let (unit, power) = match twelfths.numer().to_i32().filter(|_| twelfths.is_integer()) {
                Some(power) => (BigRational::one(), power),
                None if coefficient.is_negative() => (-coefficient, -1),
                None => (coefficient, 1),
            };
            let random = &mut self.random;
            let letter = *self.exponentials.entry((monomial, unit)).or_insert_with(|| nonzero(random)); // (3)
            product = product.times(Value::letter(letter).power(power).ok_or(Miss::Unlucky)?);
        }
        Ok(product)
    }
}

fn nonzero(random: &mut ChaCha8Rng) -> Residue {
    Residue::new(random.random_range(1..PRIME))
}

fn constant(bits: u64) -> Result<Value, Miss> {
    let exact = BigRational::from_float(f64::from_bits(bits)).ok_or(Miss::Never(NoFormula::NotFinite))?;
    if exact.is_zero() {
        return Ok(Value::constant(Residue::ZERO));
    }
    // The denominator of an f64 is a power of two, which p does not divide.
    Residue::of(&exact).map(Value::constant).ok_or(Miss::Never(NoFormula::NotFinite))
}

/// Whether two formulas agree at the points, and if so, the probability that this is an accident.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Agreement {
    Accident(f64),
    Differ,
}

/// Points at which two formulas must agree.
const POINTS: u64 = 2;
/// How many points are tried: with k roots, about one in 2ᵏ has them all.
const ATTEMPTS: u64 = 4096;

/// Compares each pair at the same random points.
///
/// `None` if some formula has no value at any point tried.
pub(crate) fn agreement(pairs: &[(Traced, Traced)]) -> Result<Option<Vec<Agreement>>, NoFormula> {
    let Some(session) = common_session(pairs.iter().flat_map(|&(a, b)| [a, b]))? else {
        return Ok(Some(pairs.iter().map(|(a, b)| exact(a.value() == b.value())).collect()));
    };
    let mut found: Vec<Agreement> = vec![Agreement::Accident(1.0); pairs.len()];
    let mut points = 0;
    for seed in 0..ATTEMPTS {
        let mut point = Point::new(seed);
        let round = with_arena(session, |arena| -> Result<Vec<Agreement>, Miss> {
            let mut round = Vec::with_capacity(pairs.len());
            for &(a, b) in pairs {
                let (a, b) = (point.value(arena, operand(a))?, point.value(arena, operand(b))?);
                let degree = a.degree_of_difference(b) * 4f64.powi(point.roots.len() as i32);
                round.push(match a.residue == b.residue {
                    true => Agreement::Accident((degree / PRIME as f64).min(1.0)),
                    false => Agreement::Differ,
                });
            }
            Ok(round)
        });
        match round.ok_or(NoFormula::NotRecorded)? {
            Err(Miss::Never(reason)) => return Err(reason),
            Err(Miss::Unlucky) => continue,
            Ok(round) => found.iter_mut().zip(round).for_each(|(all, one)| *all = all.and(one)),
        }
        points += 1;
        if points == POINTS {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn exact(equal: bool) -> Agreement {
    if equal { Agreement::Accident(0.0) } else { Agreement::Differ }
}

impl Agreement {
    fn and(self, other: Agreement) -> Agreement {
        match (self, other) {
            (Agreement::Accident(a), Agreement::Accident(b)) => Agreement::Accident(a * b),
            _ => Agreement::Differ,
        }
    }
}
