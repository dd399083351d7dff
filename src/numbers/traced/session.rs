//! The session: it opens the book, names the symbols, and closes the book.

use super::Traced;
use super::arena::{self, Node, Symbol, with_arena};
use crate::Tensor4;
use nalgebra::{DMatrix, DVector};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A number that no other session has. Every notebook cell is linked with its own copy of this library, and so of
/// `NEXT`. Therefore the copy's address in memory is part of the number: a letter from another cell is then unknown
/// here, not mistaken for one of ours.
fn next_number() -> u64 {
    let copy = std::ptr::from_ref(&NEXT).addr() as u64;
    (copy << 16).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The book that [`Traced`] numbers write their formulas in, from `new` until it is dropped.
///
/// Arrays of symbols are named as in the text: the entries of `session.matrix("z", …)` are z₀₀, z₀₁, …; an axis of
/// length 1 carries no index, so a batch of one sample reads as that sample. Comparisons follow the values.
///
/// ```
/// use handgrad::numbers::Session;
/// use num_traits::Float;
/// let session = Session::new();
/// let (x, y) = (session.symbol("x", 2.0), session.symbol("y", 3.0));
/// assert_eq!(x.max(y * y).to_string(), "y²");
/// assert_eq!(session.branches(), ["x < y²"]);
/// ```
///
/// # In a notebook: one cell
/// A session and its symbols work only in the cell that opened it: open it, run the layer and show the formulas there.
/// The kernel links each cell with its own copy of this library, and so of the variable that holds the open books. A
/// later cell therefore cannot find a book that an earlier one opened, and cannot confuse it with another, because the
/// session numbers of each copy are unique. The value of a [`Traced`] kept from an earlier cell stays right. Its
/// formula and everything computed from it, a kept session's [`branches`](Self::branches) and the symbols made with it
/// read "not recorded"; a [`SymbolicProof`](crate::check::SymbolicProof) of them is "not applicable", and
/// [`gradient`](super::gradient) is an error. Within one cell, the same holds between threads.
#[must_use]
pub struct Session {
    number: u64,
    /// The book stays in its thread, and so must the session that closes it.
    thread: PhantomData<*const ()>,
}

impl Default for Session {
    fn default() -> Self {
        Session::new()
    }
}

impl Session {
    /// Opens an empty book in this thread. Several may be open, but their symbols do not mix. A formula without
    /// symbols, such as the quotient of two constants, is written in the newest.
    pub fn new() -> Self {
        let number = next_number();
        arena::open(number);
        Session { number, thread: PhantomData }
    }

    /// One symbol.
    #[must_use]
    pub fn symbol(&self, name: &str, value: f64) -> Traced {
        self.indexed(&Index::new(&[]), name, &[], value)
    }

    /// A vector of symbols.
    #[must_use]
    pub fn vector(&self, name: &str, values: &DVector<f64>) -> DVector<Traced> {
        let index = Index::new(&[values.len()]);
        DVector::from_fn(values.len(), |i, _| self.indexed(&index, name, &[i], values[i]))
    }

    /// A matrix of symbols.
    #[must_use]
    pub fn matrix(&self, name: &str, values: &DMatrix<f64>) -> DMatrix<Traced> {
        let index = Index::new(&[values.nrows(), values.ncols()]);
        let rows = DMatrix::from_fn(values.ncols(), values.nrows(), |j, i| {
            self.indexed(&index, name, &[i, j], values[(i, j)])
        });
        rows.transpose() // the symbols are numbered row by row
    }

    /// A tensor of symbols.
    #[must_use]
    pub fn tensor(&self, name: &str, values: &Tensor4<f64>) -> Tensor4<Traced> {
        let (shape, mut next) = (values.shape(), 0);
        let index = Index::new(&shape);
        let mut symbols = Vec::with_capacity(values.as_slice().len());
        for value in values.to_row_major() {
            let [_, c, h, w] = shape;
            symbols.push(self.indexed(
                &index,
                name,
                &[next / (c * h * w), next / (h * w) % c, next / w % h, next % w],
                value,
            ));
            next += 1;
        }
        Tensor4::filled(shape, |n, c, i, j| symbols[((n * shape[1] + c) * shape[2] + i) * shape[3] + j])
    }

    /// The conditions under which the formulas hold: every comparison so far, and its outcome. If the book is not
    /// available, the only line says so.
    #[must_use]
    pub fn branches(&self) -> Vec<String> {
        super::print::branches(self.number)
    }

    /// How many operations the book holds; 0 if it is not available.
    #[must_use]
    pub fn len(&self) -> usize {
        with_arena(self.number, |arena| arena.nodes.len()).unwrap_or(0)
    }

    /// Whether the book holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn indexed(&self, index: &Index, name: &str, at: &[usize], value: f64) -> Traced {
        let (text, latex) = index.write(name, at);
        let place = with_arena(self.number, |arena| {
            let number = u32::try_from(arena.symbols.len()).ok()?;
            arena.symbols.push(Symbol { text, latex });
            arena.place(Node::Symbol(number), value)
        });
        match place.flatten() {
            Some(node) => Traced::recorded(value, self.number, node),
            None => Traced::lost(value),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        arena::close(self.number);
    }
}

/// How the indices of an array are written: the axes that have one, and whether commas separate them.
pub(crate) struct Index {
    axes: Vec<usize>,
    separator: &'static str,
}

impl Index {
    pub(crate) fn new(shape: &[usize]) -> Self {
        let axes: Vec<usize> = (0..shape.len()).filter(|&axis| shape[axis] > 1).collect();
        let separator = if axes.len() > 1 && shape.iter().any(|&size| size > 10) { "," } else { "" };
        Index { axes, separator }
    }

    /// The name with the indices of entry `at`, counted from 0, in text and in LaTeX.
    pub(crate) fn write(&self, name: &str, at: &[usize]) -> (String, String) {
        let digits: Vec<String> = self.axes.iter().map(|&axis| at[axis].to_string()).collect();
        let digits = digits.join(self.separator);
        let low: String = digits
            .chars()
            .map(|c| c.to_digit(10).map_or(c, |digit| char::from_u32(0x2080 + digit).unwrap_or(c)))
            .collect();
        let head = latex_name(name);
        (format!("{name}{low}"), if digits.is_empty() { head } else { format!("{head}_{{{digits}}}") })
    }
}

/// A name as LaTeX: Greek letters by their commands, a star as an exponent, longer names upright.
fn latex_name(name: &str) -> String {
    let (stem, star) = name.strip_suffix('*').map_or((name, ""), |stem| (stem, "^{*}"));
    let greek = |c: char| match c {
        'α' => r"\alpha".into(),
        'β' => r"\beta".into(),
        'γ' => r"\gamma".into(),
        'δ' => r"\delta".into(),
        'ε' => r"\varepsilon".into(),
        'λ' => r"\lambda".into(),
        'μ' => r"\mu".into(),
        'σ' => r"\sigma".into(),
        'θ' => r"\theta".into(),
        '_' => r"\_".into(),
        _ => String::from(c),
    };
    let letters: String = stem.chars().map(greek).collect();
    format!("{letters}{star}")
}

#[cfg(test)]
mod tests {
    use super::super::NoFormula;
    use super::*;

    /// As a later notebook cell sees it: a session whose book is not here.
    #[test]
    fn a_session_without_its_book_says_so() {
        let elsewhere = Session { number: next_number(), thread: PhantomData };
        let here = Session::new();
        let (kept, x) = (elsewhere.symbol("z", 2.0), here.symbol("x", 3.0));
        assert_eq!(elsewhere.branches(), [NoFormula::NotRecorded.to_string()]);
        assert!(elsewhere.is_empty() && here.branches().is_empty());
        for y in [kept, kept * kept, kept * x] {
            assert_eq!(y.polynomial(), Err(NoFormula::NotRecorded));
        }
        assert_eq!((kept * x).value(), 6.0);
    }
}
