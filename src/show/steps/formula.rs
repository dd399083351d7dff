//! The formula that a run of a layer recorded for one number: a sum of products.

use super::cells::{Cell, Look};
use crate::Tensor4;
use crate::numbers::Traced;
use crate::numbers::traced::Index;
use crate::text::number;
use num_rational::BigRational;
use num_traits::{One, ToPrimitive};
use std::collections::HashMap;

/// A caption writes out at most this many terms.
const TERMS: usize = 30;

/// The symbols of the inputs: how they are written, and their values.
#[derive(Default)]
pub(crate) struct Symbols(HashMap<u32, (String, f64)>);

impl Symbols {
    /// The symbols among these entries.
    pub fn among<'a>(entries: impl IntoIterator<Item = &'a Traced>) -> Self {
        let named = |&entry: &Traced| Some((symbol(entry)?, (entry.to_string(), entry.value())));
        Symbols(entries.into_iter().filter_map(named).collect())
    }

    /// How a symbol is written.
    pub fn name(&self, symbol: u32) -> Option<&str> {
        self.0.get(&symbol).map(|(name, _)| name.as_str())
    }
}

/// The number of the symbol that an entry is, if it is one.
pub(crate) fn symbol(entry: Traced) -> Option<u32> {
    entry.symbol().or_else(|| only_symbol(entry))
}

/// The same, where it is written in more than one operation.
fn only_symbol(entry: Traced) -> Option<u32> {
    match entry.polynomial().ok()?.products()?.as_slice() {
        [(coefficient, symbols)] if coefficient.is_one() && symbols.len() == 1 => symbols.first().copied(),
        _ => None,
    }
}

/// A number, its name, and the products that add up to it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Formula {
    pub name: String,
    pub value: f64,
    products: Vec<Product>,
}

#[derive(Clone, Debug, PartialEq)]
struct Product {
    coefficient: BigRational,
    symbols: Vec<u32>,
    factors: Vec<(String, f64)>,
}

impl Product {
    fn value(&self) -> f64 {
        let factors: f64 = self.factors.iter().map(|(_, value)| value).product();
        factors * self.coefficient.to_f64().unwrap_or(f64::NAN)
    }
}

impl Formula {
    /// The formula of `entry`, whose symbols are among these.
    pub fn new(name: impl Into<String>, entry: Traced, symbols: &Symbols) -> Self {
        let product = |(coefficient, numbers): (BigRational, Vec<u32>)| {
            let factors = numbers.iter().filter_map(|number| symbols.0.get(number).cloned()).collect();
            Product { coefficient, symbols: numbers, factors }
        };
        let products = entry.polynomial().ok().and_then(|formula| formula.products()).unwrap_or_default();
        Formula { name: name.into(), value: entry.value(), products: products.into_iter().map(product).collect() }
    }

    /// The formula of a tensor's entry, named by its indices.
    pub fn at(name: &str, tensor: &Tensor4<Traced>, at: (usize, usize, usize, usize), symbols: &Symbols) -> Self {
        let name = Index::new(&tensor.shape()).write(name, &[at.0, at.1, at.2, at.3]).0;
        Formula::new(name, tensor[at], symbols)
    }

    /// The number and its name, in a cell.
    pub fn cell(&self, look: Look) -> Cell {
        Cell { number: number(self.value), symbol: self.name.clone(), look }
    }

    /// Whether it contains a symbol.
    pub fn has(&self, symbol: u32) -> bool {
        self.products.iter().any(|product| product.symbols.contains(&symbol))
    }

    /// The sum of those products whose symbols are all `wanted`.
    pub fn only(&self, wanted: impl Fn(u32) -> bool) -> Self {
        let wanted = |product: &&Product| product.symbols.iter().all(|&symbol| wanted(symbol));
        let products: Vec<Product> = self.products.iter().filter(wanted).cloned().collect();
        let value = products.iter().map(Product::value).fold(0.0, |sum, product| sum + product);
        Formula { name: self.name.clone(), value, products }
    }

    pub fn named(self, name: &str) -> Self {
        Formula { name: name.into(), ..self }
    }

    /// The formula in symbols, and in numbers.
    pub fn caption(&self) -> Vec<String> {
        vec![self.in_symbols(), self.in_numbers()]
    }

    /// The value of the product of exactly these two symbols, without its coefficient; `None` if the sum has no such product.
    pub fn product(&self, a: u32, b: u32) -> Option<f64> {
        let wanted = |product: &&Product| product.symbols == [a, b] || product.symbols == [b, a];
        self.products.iter().find(wanted).map(|product| product.factors.iter().map(|(_, value)| value).product())
    }

    /// `y₀₁ = z₀₁·w₀₀ + … + b`.
    fn in_symbols(&self) -> String {
        format!("{} = {}", self.name, self.sum(|(name, _), _| name.clone()))
    }

    /// `y₀₁ = 1·3 + 0·(−1) + … + 2 = 4`; the last sign is ≈ where a number is rounded.
    fn in_numbers(&self) -> String {
        let bracketed = |&(_, value): &(String, f64), first: bool| match number(value) {
            text if text.starts_with('−') && !first => format!("({text})"),
            text => text,
        };
        let sum = self.sum(bracketed);
        let mut shown = self.products.iter().flat_map(|product| &product.factors).map(|(_, value)| *value);
        let equals = if shown.all(is_whole_in_text) && is_whole_in_text(self.value) { "=" } else { "≈" };
        match number(self.value) {
            value if value == sum => format!("{} = {value}", self.name),
            value => format!("{} = {sum} {equals} {value}", self.name),
        }
    }

    /// The products, each factor written by `write`, whose second argument says whether it is the first of the sum.
    fn sum(&self, write: impl Fn(&(String, f64), bool) -> String) -> String {
        let Some(first) = self.products.first() else { return "0".into() };
        let shared = self.products.iter().all(|product| product.coefficient == first.coefficient);
        let shared = if shared { first.coefficient.clone() } else { BigRational::one() };
        let term = |(k, product): (usize, &Product)| {
            let factors = product.factors.iter().enumerate().map(|(f, factor)| write(factor, k + f == 0));
            let factors = factors.collect::<Vec<_>>().join("·");
            scaled(&(&product.coefficient / &shared), &factors)
        };
        let mut terms: Vec<String> = self.products.iter().take(TERMS).enumerate().map(term).collect();
        if self.products.len() > TERMS {
            terms.push(format!("… ({} more terms)", self.products.len() - TERMS));
        }
        match terms.as_slice() {
            [one] => scaled(&shared, one),
            _ if shared.is_one() => terms.join(" + "),
            _ => scaled(&shared, &format!("({})", terms.join(" + "))),
        }
    }
}

/// A product times a number: `3·x`, `x/2`.
fn scaled(coefficient: &BigRational, factors: &str) -> String {
    let (above, below) = (coefficient.numer(), coefficient.denom());
    match (above.is_one(), below.is_one()) {
        (true, true) if factors.is_empty() => "1".into(),
        (true, true) => factors.into(),
        (true, false) if !factors.is_empty() => format!("{factors}/{below}"),
        _ if factors.is_empty() => coefficient.to_string().replace('-', "−"),
        _ => format!("({})·{factors}", coefficient.to_string().replace('-', "−")),
    }
}

/// Whether a number is written without rounding.
fn is_whole_in_text(value: f64) -> bool {
    number(value).replace('−', "-").parse() == Ok(value)
}
