//! The entries of an array, each with its name, as a notebook shows them.

use super::Traced;
use super::print::show;
use super::session::Index;
use crate::Tensor4;
use nalgebra::{DMatrix, DVector};
use std::fmt;

/// The entries of an array as equations, one per line: `y₀₀ = …`.
///
/// ```
/// use handgrad::numbers::{Equations, Session};
/// use handgrad::prelude::*;
/// let session = Session::new();
/// let z = session.matrix("z", &dmatrix![1.0, 2.0; 3.0, 4.0]);
/// let y = Equations::matrix("y", &(&z * &z));
/// assert_eq!(y.to_string().lines().next(), Some("y₀₀ = z₀₀² + z₀₁·z₁₀"));
/// ```
#[must_use]
#[derive(Clone, Debug)]
pub struct Equations {
    lines: Vec<(String, String, Traced)>,
}

impl Equations {
    /// The entries of a vector.
    pub fn vector(name: &str, entries: &DVector<Traced>) -> Self {
        Equations::new(name, &[entries.len()], entries.as_slice())
    }

    /// The entries of a matrix, row by row.
    pub fn matrix(name: &str, entries: &DMatrix<Traced>) -> Self {
        Equations::new(name, &[entries.nrows(), entries.ncols()], entries.transpose().as_slice())
    }

    /// The entries of a tensor, the last index fastest.
    pub fn tensor(name: &str, entries: &Tensor4<Traced>) -> Self {
        Equations::new(name, &entries.shape(), &entries.to_row_major())
    }

    /// These equations and the others, in one block.
    pub fn and(mut self, others: Equations) -> Self {
        self.lines.extend(others.lines);
        self
    }

    fn new(name: &str, shape: &[usize], entries: &[Traced]) -> Self {
        let index = Index::new(shape);
        let lines = entries.iter().enumerate().map(|(place, &entry)| {
            let mut rest = place;
            let mut at: Vec<usize> = shape.iter().rev().map(|&size| (rest % size, rest /= size).0).collect();
            at.reverse();
            let (text, latex) = index.write(name, &at);
            (text, latex, entry)
        });
        Equations { lines: lines.collect() }
    }

    /// One aligned block of LaTeX, without dollar signs.
    #[must_use]
    pub fn latex(&self) -> String {
        let lines: Vec<String> = self.lines.iter().map(|(_, name, y)| format!("{name} &= {}", y.latex())).collect();
        format!("\\begin{{aligned}}\n{}\n\\end{{aligned}}", lines.join(" \\\\\n"))
    }

    /// Shows the equations in a notebook.
    pub fn evcxr_display(&self) {
        show(&format!("$$\n{}\n$$", self.latex()), &self.to_string());
    }
}

impl fmt::Display for Equations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.lines.iter().map(|(name, _, y)| format!("{name} = {y}")).collect();
        f.write_str(&lines.join("\n"))
    }
}
