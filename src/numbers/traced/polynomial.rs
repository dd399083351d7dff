//! The canonical form: a formula as a sum of products, each product once, with exact coefficients.
//!
//! A polynomial has exactly one such form, so two polynomials are equal **if and only if** their forms are. A constant
//! in the code is an `f64`, which is a rational number, and is read exactly; N, ½ and 1/(k1·k2) stay exact.
//!
//! Formulas that are not polynomials are brought into the form by three rules:
//!
//! * the inverse of a product is the product of the inverses: exponents may be negative;
//! * the inverse of a sum, and a function's value, are atoms: letters of their own (except exp), each identified by the
//!   canonical form of the denominator or the argument;
//! * exponentials are multiplied by adding their arguments, `exp(a)·exp(b) = exp(a + b)`: a product contains at most
//!   one of them.
//!
//! With atoms, equal forms still prove equal formulas. Different forms prove nothing: (1 + x)·(1 + x)⁻¹ is not
//! recognised as 1. [`check::symbolic`](crate::check::symbolic) decides those.

use super::arena::{Arena, Node, Operand};
use super::monomial::{Atom, Atoms, Letter, Monomial, Terms, add, negative};
use super::{Function, Origin, Traced, with_arena};
use num_rational::BigRational;
use num_traits::{One, Zero};
use std::collections::HashMap;
use std::fmt;

/// More terms than this are not written out.
const LIMIT: usize = 1 << 16;

fn scale(a: Terms, factor: &BigRational, by: &Monomial) -> Terms {
    a.into_iter().map(|(monomial, coefficient)| (monomial.times(by), coefficient * factor)).collect()
}

fn multiply(a: Terms, b: &Terms) -> Result<Terms, NoFormula> {
    if a.len().saturating_mul(b.len()) > LIMIT {
        return Err(NoFormula::TooLarge);
    }
    Ok(b.iter().fold(Terms::new(), |sum, (monomial, coefficient)| add(sum, scale(a.clone(), coefficient, monomial))))
}

fn constant(value: f64) -> Result<Terms, NoFormula> {
    let value = BigRational::from_float(value).ok_or(NoFormula::NotFinite)?;
    Ok(if value.is_zero() { Terms::new() } else { Terms::from([(Monomial::default(), value)]) })
}

fn letter(letter: Letter, exponent: i32) -> Terms {
    let monomial = Monomial { letters: vec![(letter, exponent)], exponential: Terms::new() };
    Terms::from([(monomial, BigRational::one())])
}

/// 1/a.
fn inverse(mut a: Terms, atoms: &mut Atoms) -> Terms {
    let Some((monomial, first)) = a.first_key_value().map(|(m, c)| (m.clone(), c.recip())) else {
        return letter(atoms.letter(Atom::Sum(a)), -1); // 1/0, written as it is
    };
    if a.len() == 1 {
        return Terms::from([(monomial.inverse(), first)]);
    }
    a.values_mut().for_each(|coefficient| *coefficient *= &first);
    scale(letter(atoms.letter(Atom::Sum(a)), -1), &first, &Monomial::default())
}

fn call(function: Function, argument: Terms, atoms: &mut Atoms) -> Terms {
    match function {
        Function::Exp => Terms::from([(Monomial { letters: vec![], exponential: argument }, BigRational::one())]),
        _ => letter(atoms.letter(Atom::Call(function, argument)), 1),
    }
}

/// The canonical form of one operation's result.
pub(crate) fn terms_of(arena: &mut Arena, output: Operand) -> Result<Terms, NoFormula> {
    let output = match output {
        Operand::Constant(bits) => return constant(f64::from_bits(bits)),
        Operand::Node(node) => node,
    };
    let needed = arena.needed_by(output);
    let mut uses: HashMap<u32, usize> = HashMap::new();
    for operand in needed.iter().flat_map(|&node| arena.nodes[node as usize].operands()) {
        *uses.entry(operand).or_insert(0) += 1;
    }
    let mut forms: HashMap<u32, Terms> = HashMap::new();
    for node in needed {
        // The last to need a form takes it; the others copy it.
        let mut form = |operand: Operand| match operand {
            Operand::Constant(bits) => constant(f64::from_bits(bits)),
            Operand::Node(node) => {
                let left = uses.entry(node).or_insert(1);
                *left -= 1;
                let form = if *left == 0 { forms.remove(&node) } else { forms.get(&node).cloned() };
                Ok(form.unwrap_or_default())
            }
        };
        let result = match arena.nodes[node as usize] {
            Node::Symbol(number) => letter(Letter::Symbol(number), 1),
            Node::Add(a, b) => add(form(a)?, form(b)?),
            Node::Sub(a, b) => add(form(a)?, negative(form(b)?)),
            Node::Mul(a, b) => multiply(form(a)?, &form(b)?)?,
            Node::Div(a, b) => multiply(form(a)?, &inverse(form(b)?, &mut arena.atoms))?,
            Node::Neg(a) => negative(form(a)?),
            Node::Call(function, a) => call(function, form(a)?, &mut arena.atoms),
        };
        if result.len() > LIMIT {
            return Err(NoFormula::TooLarge);
        }
        forms.insert(node, result);
    }
    Ok(forms.remove(&output).unwrap_or_default())
}

/// A formula in canonical form. Within one session, equal forms are equal formulas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Polynomial {
    pub(crate) session: Option<u64>,
    pub(crate) terms: Terms,
}

impl Polynomial {
    /// The number of products in the sum.
    #[must_use]
    pub fn terms(&self) -> usize {
        self.terms.len()
    }

    /// Whether it contains only symbols and constants, with no denominator, root or function: then the form is unique.
    #[must_use]
    pub fn is_polynomial(&self) -> bool {
        let plain = |&(letter, exponent): &(Letter, i32)| matches!(letter, Letter::Symbol(_)) && exponent > 0;
        self.terms.keys().all(|monomial| monomial.exponential.is_empty() && monomial.letters.iter().all(plain))
    }

    /// The products in the sum, each as its coefficient and the numbers of its symbols, in the order in which they are
    /// written; `None` if it is not a polynomial.
    pub(crate) fn products(&self) -> Option<Vec<(BigRational, Vec<u32>)>> {
        let symbols = |&(letter, exponent): &(Letter, i32)| match letter {
            Letter::Symbol(number) if exponent > 0 => Some(std::iter::repeat_n(number, exponent as usize)),
            _ => None,
        };
        let product = |(monomial, coefficient): (&Monomial, &BigRational)| {
            let symbols: Option<Vec<_>> = monomial.letters.iter().map(symbols).collect();
            let plain = monomial.exponential.is_empty();
            symbols.filter(|_| plain).map(|symbols| (coefficient.clone(), symbols.into_iter().flatten().collect()))
        };
        self.terms.iter().map(product).collect()
    }
}

impl Traced {
    /// The canonical form of the formula.
    ///
    /// # Errors
    /// If the formula was not recorded, contains ±∞ or NaN, or would take more than 65,536 terms.
    ///
    /// ```
    /// use handgrad::numbers::Session;
    /// let session = Session::new();
    /// let (a, b) = (session.symbol("a", 1.0), session.symbol("b", 2.0));
    /// assert_eq!(((a + b) * (a - b)).polynomial()?, (a * a - b * b).polynomial()?);
    /// # Ok::<(), handgrad::numbers::NoFormula>(())
    /// ```
    pub fn polynomial(self) -> Result<Polynomial, NoFormula> {
        match self.origin() {
            Origin::Constant => Ok(Polynomial { session: None, terms: constant(self.value())? }),
            Origin::Lost => Err(NoFormula::NotRecorded),
            Origin::Recorded { session, node } => {
                let terms = with_arena(session, |arena| terms_of(arena, Operand::Node(node)));
                let terms = terms.unwrap_or(Err(NoFormula::NotRecorded))?;
                let constant = terms.keys().all(Monomial::is_constant);
                Ok(Polynomial { session: (!constant).then_some(session), terms })
            }
        }
    }
}

/// Why a number has no formula to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoFormula {
    /// It was computed where no book was available, or from the symbols of two sessions.
    NotRecorded,
    /// It contains ±∞ or NaN.
    NotFinite,
    /// Written out, it has more than 65,536 terms.
    TooLarge,
}

impl fmt::Display for NoFormula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoFormula::NotRecorded => "not recorded: its session has ended, belongs to another thread or notebook cell, or met another session",
            NoFormula::NotFinite => "not a formula: ∞ or NaN is in it",
            NoFormula::TooLarge => "too large to write out: more than 65,536 terms",
        })
    }
}

impl std::error::Error for NoFormula {}
