//! The derivative of a recorded formula, as a formula: the chain rule, from the last operation to the first.
//!
//! # Derivation
//!
//! Let S = Σₖ δₖ·yₖ for outputs yₖ and weights δₖ, and write v̄ for ∂S/∂v of an operation's result v.
//!
//! 1. An output's v̄ starts as its δ, all others as 0.
//! 2. An operation v = f(a, b) changes by dv = f_a·da + f_b·db, so it adds v̄·f_a to ā and v̄·f_b to b̄: v = a + b
//!    gives (v̄, v̄), a − b gives (v̄, −v̄), a·b gives (v̄·b, v̄·a), a/b gives (v̄/b, −v̄·v/b), −a gives −v̄ and f(a)
//!    gives v̄·f'(a).
//! 3. An operation's v̄ is complete once every operation that uses v has added its part. Going through the book
//!    backward ensures this.
//!
//! This is how a derivation is proved, not how this crate trains: a layer's backward is written by hand.
//!
//! Source: Griewank, Walther, *Evaluating Derivatives* (2008), chapter 3.

use super::arena::{Node, Operand, with_arena};
use super::{NoFormula, Origin, Traced};
use std::collections::HashMap;

/// ∂S/∂x for every x of `of`, where S = Σₖ δₖ·yₖ over the pairs (yₖ, δₖ) of `outputs`.
///
/// Each δₖ counts as a constant, whatever it contains.
///
/// # Errors
/// If an output's formula was not recorded in this thread, or outputs and variables belong to different sessions.
///
/// ```
/// use handgrad::numbers::{Session, gradient};
/// let session = Session::new();
/// let (x, w, d) = (session.symbol("x", 2.0), session.symbol("w", 3.0), session.symbol("δ", 1.0));
/// let slopes = gradient(&[(x * x * w, d)], &[x, w])?;
/// assert_eq!(slopes[0].to_string(), "2·x·w·δ");
/// assert_eq!(slopes[1].to_string(), "x²·δ");
/// # Ok::<(), handgrad::numbers::NoFormula>(())
/// ```
pub fn gradient(outputs: &[(Traced, Traced)], of: &[Traced]) -> Result<Vec<Traced>, NoFormula> {
    let zero = Traced::constant(0.0);
    let mut book = None;
    let mut sums: HashMap<u32, Traced> = HashMap::new();
    for &(y, delta) in outputs {
        match y.origin() {
            Origin::Constant => {}
            Origin::Recorded { session, node } if book.is_none_or(|book| book == session) => {
                book = Some(session);
                sums.entry(node).and_modify(|sum| *sum += delta).or_insert(delta); // (1)
            }
            _ => return Err(NoFormula::NotRecorded),
        }
    }
    let Some(session) = book else { return Ok(vec![zero; of.len()]) };
    let needed = with_arena(session, |arena| arena.needed(sums.keys().copied())).ok_or(NoFormula::NotRecorded)?;
    for node in needed.into_iter().rev() {
        let Some(&bar) = sums.get(&node) else { continue }; // (3)
        let (v, kind) = at(session, node).ok_or(NoFormula::NotRecorded)?;
        let operand = |a: Operand| match a {
            Operand::Constant(bits) => Some(Traced::constant(f64::from_bits(bits))),
            Operand::Node(node) => at(session, node).map(|(a, _)| a),
        };
        let mut hand = |a: Operand, part: Traced| {
            if let Operand::Node(a) = a {
                sums.entry(a).and_modify(|sum| *sum += part).or_insert(part);
            }
        };
        let read = |a| operand(a).ok_or(NoFormula::NotRecorded);
        match kind {
            Node::Symbol(_) => {}
            Node::Add(a, b) => [(a, bar), (b, bar)].into_iter().for_each(|(a, part)| hand(a, part)), // (2), to the end
            Node::Sub(a, b) => [(a, bar), (b, -bar)].into_iter().for_each(|(a, part)| hand(a, part)),
            Node::Mul(a, b) => {
                hand(a, bar * read(b)?);
                hand(b, bar * read(a)?);
            }
            Node::Div(a, b) => {
                hand(a, bar / read(b)?);
                hand(b, -(bar * v / read(b)?));
            }
            Node::Neg(a) => hand(a, -bar),
            Node::Call(function, a) => hand(a, bar * function.derivative(read(a)?, v)),
        }
    }
    of.iter()
        .map(|x| match x.origin() {
            Origin::Recorded { session: other, node } if other == session => {
                Ok(sums.get(&node).copied().unwrap_or(zero))
            }
            _ => Err(NoFormula::NotRecorded),
        })
        .collect()
}

/// The result of an operation, and the operation.
fn at(session: u64, node: u32) -> Option<(Traced, Node)> {
    with_arena(session, |arena| {
        let place = node as usize;
        Some((Traced::recorded(*arena.values.get(place)?, session, node), *arena.nodes.get(place)?))
    })?
}
