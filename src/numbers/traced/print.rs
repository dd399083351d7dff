//! Formulas as text and as LaTeX.

use super::arena::{Arena, Branch, Relation, with_arena};
use super::monomial::{Atom, Letter, Monomial, Terms};
use super::polynomial::{NoFormula, Polynomial, terms_of};
use super::{Function, Traced};
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive};
use std::fmt;

/// This many terms of a sum fill a screen.
const SCREEN: usize = 40;

/// How a formula is written.
#[derive(Clone, Copy)]
struct Style {
    latex: bool,
    /// Of a longer sum, only this many terms are written.
    terms: usize,
}

impl Style {
    fn sum(self, arena: &Arena, sum: &Terms) -> String {
        let mut out = String::new();
        for (monomial, coefficient) in sum.iter().take(self.terms) {
            let term = self.term(arena, monomial, &coefficient.abs());
            let minus = if self.latex { "-" } else { "−" };
            match (out.is_empty(), coefficient.is_negative()) {
                (true, false) => {}
                (true, true) => out += minus,
                (false, false) => out += " + ",
                (false, true) => out += &format!(" {minus} "),
            }
            out += &term;
        }
        match sum.len().saturating_sub(self.terms) {
            _ if sum.is_empty() => "0".into(),
            0 => out,
            more if self.latex => format!(r"{out} + \cdots \text{{ {more} terms more}}"),
            more => format!("{out} + … {more} terms more"),
        }
    }

    /// A coefficient without its sign and a product of letters, over those with a negative exponent.
    fn term(self, arena: &Arena, monomial: &Monomial, coefficient: &BigRational) -> String {
        let mut above = Vec::new();
        let mut below = Vec::new();
        for &(letter, power) in &monomial.letters {
            match power > 0 {
                true => above.push(self.power(arena, letter, power)),
                false => below.push(self.power(arena, letter, -power)),
            }
        }
        if !monomial.exponential.is_empty() {
            let argument = self.sum(arena, &monomial.exponential);
            above.push(if self.latex { Function::Exp.latex(&argument) } else { format!("exp({argument})") });
        }
        let dot = if self.latex { " " } else { "·" };
        if below.is_empty() {
            return match (coefficient.is_one(), above.is_empty()) {
                (true, false) => above.join(dot),
                (_, true) => self.number(coefficient),
                (false, false) => format!("{}{dot}{}", self.number(coefficient), above.join(dot)),
            };
        }
        let (numerator, denominator) = parts(coefficient);
        if numerator != "1" || above.is_empty() {
            above.insert(0, numerator);
        }
        if denominator != "1" {
            below.insert(0, denominator);
        }
        match (self.latex, below.as_slice()) {
            (true, _) => format!(r"\frac{{{}}}{{{}}}", above.join(dot), below.join(dot)),
            (false, [one]) => format!("{}/{one}", above.join(dot)),
            (false, _) => format!("{}/({})", above.join(dot), below.join(dot)),
        }
    }

    fn number(self, coefficient: &BigRational) -> String {
        match parts(coefficient) {
            (numerator, denominator) if denominator == "1" => numerator,
            (numerator, denominator) if self.latex => format!(r"\tfrac{{{numerator}}}{{{denominator}}}"),
            (numerator, denominator) => format!("{numerator}/{denominator}"),
        }
    }

    fn atom(self, arena: &Arena, letter: Letter) -> Option<&Atom> {
        match letter {
            Letter::Atom(number) => arena.atoms.list.get(number as usize),
            Letter::Symbol(_) => None,
        }
    }

    fn power(self, arena: &Arena, letter: Letter, power: i32) -> String {
        let base = match (letter, self.atom(arena, letter)) {
            (Letter::Symbol(number), _) => {
                let symbol = arena.symbols.get(number as usize);
                symbol
                    .map(|symbol| if self.latex { symbol.latex.clone() } else { symbol.text.clone() })
                    .unwrap_or_default()
            }
            (_, Some(Atom::Sum(sum))) if self.latex && power == 1 => self.sum(arena, sum),
            (_, Some(Atom::Sum(sum))) if self.latex => format!(r"\left({}\right)", self.sum(arena, sum)),
            (_, Some(Atom::Sum(sum))) => format!("({})", self.sum(arena, sum)),
            (_, Some(Atom::Call(function, argument))) if self.latex => function.latex(&self.sum(arena, argument)),
            (_, Some(Atom::Call(function, argument))) => format!("{}({})", function.name(), self.sum(arena, argument)),
            (_, None) => String::new(),
        };
        match (power, self.latex) {
            (1, _) => base,
            (_, true) if self.needs_brackets(arena, letter, &base) => format!(r"\left({base}\right)^{{{power}}}"),
            (_, true) => format!("{base}^{{{power}}}"),
            (_, false) => base + &power.to_string().chars().map(raised).collect::<String>(),
        }
    }

    /// Whether an exponent in LaTeX would seem to belong to only part of the letter.
    fn needs_brackets(self, arena: &Arena, letter: Letter, written: &str) -> bool {
        match self.atom(arena, letter) {
            Some(Atom::Sum(_) | Atom::Call(Function::Sqrt | Function::Cbrt, _)) => false,
            Some(Atom::Call(..)) => true,
            None => written.contains('^'),
        }
    }
}

fn raised(digit: char) -> char {
    digit.to_digit(10).and_then(|digit| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(digit as usize)).unwrap_or(digit)
}

/// Numerator and denominator; a long fraction that equals an `f64` is written as that decimal number.
fn parts(x: &BigRational) -> (String, String) {
    let decimal = x.to_f64().filter(|&decimal| BigRational::from_float(decimal).as_ref() == Some(x));
    match decimal {
        Some(decimal) if x.denom().bits() > 20 => (decimal.to_string(), "1".into()),
        _ => (x.numer().to_string(), x.denom().to_string()),
    }
}

impl Polynomial {
    /// The formula as plain text; of more than `terms` terms, only the first.
    #[must_use]
    pub fn text(&self, terms: usize) -> String {
        self.write(Style { latex: false, terms })
    }

    /// The formula as LaTeX; of more than `terms` terms, only the first.
    #[must_use]
    pub fn latex(&self, terms: usize) -> String {
        self.write(Style { latex: true, terms })
    }

    fn write(&self, style: Style) -> String {
        match self.session {
            None => style.sum(&Arena::default(), &self.terms),
            Some(session) => with_arena(session, |arena| style.sum(arena, &self.terms))
                .unwrap_or_else(|| NoFormula::NotRecorded.to_string()),
        }
    }
}

impl Traced {
    /// The formula as LaTeX, cut off where it would fill more than a screen.
    #[must_use]
    pub fn latex(self) -> String {
        let cut = |formula: Polynomial| formula.latex(SCREEN);
        self.polynomial().map(cut).unwrap_or_else(|reason| format!(r"\text{{{reason}}}"))
    }

    /// Shows the formula in a notebook.
    pub fn evcxr_display(&self) {
        show(&format!("${}$", self.latex()), &self.to_string());
    }
}

/// The formula, cut off where it would fill more than a screen; `{:#}` writes all of it.
impl fmt::Display for Traced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let terms = if f.alternate() { usize::MAX } else { SCREEN };
        f.pad(&self.polynomial().map(|formula| formula.text(terms)).unwrap_or_else(|reason| reason.to_string()))
    }
}

/// Shows both forms as one output of a notebook's cell.
pub(super) fn show(latex: &str, text: &str) {
    println!("EVCXR_BEGIN_CONTENT text/latex\n{latex}\nEVCXR_END_CONTENT");
    println!("EVCXR_BEGIN_CONTENT text/plain\n{text}\nEVCXR_END_CONTENT");
}

/// Every comparison of a session, as text; if its book is not available, a line that says so.
pub(super) fn branches(session: u64) -> Vec<String> {
    let all = |arena: &mut Arena| -> Vec<String> {
        let branches = arena.branches.clone();
        branches.into_iter().map(|branch| condition(arena, branch)).collect()
    };
    with_arena(session, all).unwrap_or_else(|| vec![NoFormula::NotRecorded.to_string()])
}

fn condition(arena: &mut Arena, Branch { left, relation, right }: Branch) -> String {
    let style = Style { latex: false, terms: SCREEN };
    let [left, right] = [left, right].map(|side| match terms_of(arena, side) {
        Ok(terms) => style.sum(arena, &terms),
        Err(reason) => format!("({reason})"),
    });
    match relation {
        Relation::Equal => format!("{left} = {right}"),
        Relation::NotEqual => format!("{left} ≠ {right}"),
        Relation::Less => format!("{left} < {right}"),
        Relation::LessOrEqual => format!("{left} ≤ {right}"),
        Relation::Greater => format!("{left} > {right}"),
        Relation::GreaterOrEqual => format!("{left} ≥ {right}"),
        Relation::Floor => format!("⌊{left}⌋ = {right}"),
        Relation::Ceil => format!("⌈{left}⌉ = {right}"),
        Relation::Round => format!("round({left}) = {right}"),
        Relation::Trunc => format!("trunc({left}) = {right}"),
    }
}
