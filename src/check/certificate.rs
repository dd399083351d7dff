//! The table of proofs: what every case of the [grids] found, a row for each function.

use super::array::Array;
use super::proof::{Check, Failure, Proof, TOLERANCE, above, error_text, largest_of};
use super::symbolic::{SymbolicProof, symbolic_proofs};
use super::{diagnosis::significant, grids};
use crate::ShapeError;
use rayon::prelude::*;
use std::fmt;

type Proving = dyn Fn(&mut Evidence) -> Result<(), ShapeError> + Send + Sync;

/// One shape, one set of strides: everything that is proved on it.
pub struct Case {
    /// What distinguishes it.
    pub name: String,
    proof: Box<Proving>,
}

impl Case {
    /// The case that `proof` collects the evidence of.
    pub fn new(name: String, proof: impl Fn(&mut Evidence) -> Result<(), ShapeError> + Send + Sync + 'static) -> Self {
        Case { name, proof: Box::new(proof) }
    }

    /// Runs the case.
    pub fn run(&self) -> Evidence {
        let mut evidence = Evidence::default();
        if let Err(error) = (self.proof)(&mut evidence) {
            let failure = Some(error.to_string());
            evidence.items.push(Item { function: error.function.into(), failure, ..Item::default() });
        }
        evidence
    }
}

/// What a case found.
#[derive(Default)]
pub struct Evidence {
    items: Vec<Item>,
}

/// What a case found about one function.
#[derive(Default)]
struct Item {
    function: String,
    entries: usize,
    demanded: usize,
    exact: usize,
    error: f64,
    differences: Option<f64>,
    failure: Option<String>,
}

impl Evidence {
    /// `function` returned `got`; its oracle says `expected`. The error is relative to the largest expected entry;
    /// `exact` demands `==`.
    pub fn values<A: Array<Element = f64>>(&mut self, function: &str, got: &A, expected: &A, exact: bool) {
        let (values, wanted) = (got.elements(), expected.elements());
        if got.shape() != expected.shape() {
            let failure = format!("the shape is {:?}, but must be {:?}", got.shape(), expected.shape());
            return self.items.push(Item { function: function.into(), failure: Some(failure), ..Item::default() });
        }
        let largest = wanted.iter().fold(0.0f64, |max, x| max.max(x.abs()));
        let error = |(g, e): (&f64, &f64)| if g == e { 0.0 } else { (g - e).abs() / largest };
        let is_wrong = |pair: (&f64, &f64)| above(error(pair), TOLERANCE) || (exact && pair.0 != pair.1);
        let failure = values.iter().zip(wanted).position(is_wrong).map(|at| {
            let (g, e) = (significant(values[at]), significant(wanted[at]));
            let (g, e) = if g == e { (values[at].to_string(), wanted[at].to_string()) } else { (g, e) };
            format!("{:?} is {g}, but must be {e}", got.index_of(at))
        });
        self.items.push(Item {
            function: function.into(),
            entries: values.len(),
            demanded: if exact { values.len() } else { 0 },
            exact: values.iter().zip(wanted).filter(|(g, e)| g == e).count(),
            error: largest_of(values.iter().zip(wanted).map(error)),
            differences: None,
            failure,
        });
    }

    /// What a proof says of the backward it is named after.
    pub fn proof(&mut self, proof: &Proof) {
        for check in proof.checks() {
            self.items.push(Item {
                function: proof.name().into(),
                entries: check.entries,
                demanded: if proof.is_exact() { check.entries } else { 0 },
                exact: check.exact,
                error: largest_of([check.dual, check.adjoint].into_iter()),
                differences: Some(check.differences),
                failure: check.failure.as_ref().map(|failure| sentence(check, failure)),
            });
        }
    }

    /// The first failure, with the function it belongs to.
    pub fn failure(&self) -> Option<(&str, &str)> {
        self.items.iter().find_map(|item| Some((item.function.as_str(), item.failure.as_deref()?)))
    }
}

fn sentence(check: &Check, failure: &Failure) -> String {
    match failure {
        Failure::Entry { index, .. } => format!("{}{index:?} {failure}", check.name),
        Failure::Shape(_) => format!("{} {failure}", check.name),
        _ => format!("{}: {failure}", check.name),
    }
}

/// All that is known about one function.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The function.
    pub function: String,
    /// What it was compared with.
    pub oracle: &'static str,
    /// In how many cases.
    pub cases: usize,
    /// How many numbers were compared.
    pub entries: usize,
    /// Of how many of them `==` was demanded: those of polynomial layers on small integers.
    pub demanded: usize,
    /// How many of them equal the oracle's in every bit.
    pub exact: usize,
    /// The largest relative error.
    pub error: f64,
    /// The largest relative error by central differences, of a gradient.
    pub differences: Option<f64>,
    /// What the [proof by formulas](super::symbolic) says: "identical", or "1 − ε"; a star stands for "on the branch that
    /// the values took". Of several proofs, the one that leaves most doubt.
    pub symbolic: Option<String>,
    /// What failed, with the name of its case.
    pub failures: Vec<String>,
}

impl Row {
    /// Whether there was something to compare, and nothing failed.
    pub fn passed(&self) -> bool {
        self.entries > 0 && self.failures.is_empty()
    }
}

/// The table of proofs.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// A row for every function.
    pub rows: Vec<Row>,
    /// How many cases were run.
    pub cases: usize,
}

impl Certificate {
    /// Runs all cases, on all threads, and calls `progress` after each. The result does not depend on the threads.
    pub fn of(cases: &[Case], progress: impl Fn() + Sync) -> Self {
        let run = |case: &Case| {
            let evidence = case.run();
            progress();
            evidence
        };
        let all: Vec<Evidence> = cases.par_iter().map(run).collect();
        let by_formulas = symbolic_proofs();
        let row = |&(function, oracle): &(&str, &'static str)| {
            let mut row = Row {
                function: function.into(),
                oracle,
                cases: 0,
                entries: 0,
                demanded: 0,
                exact: 0,
                error: 0.0,
                differences: None,
                symbolic: None,
                failures: vec![],
            };
            let own = || by_formulas.iter().filter(|proof| proof.name() == function);
            row.symbolic = own().max_by(|a, b| a.doubt().total_cmp(&b.doubt())).map(SymbolicProof::summary);
            row.failures.extend(own().filter(|proof| !proof.passed()).map(|proof| format!("by formulas: {proof}")));
            for (case, evidence) in cases.iter().zip(&all) {
                let items: Vec<&Item> = evidence.items.iter().filter(|item| item.function == function).collect();
                row.cases += usize::from(!items.is_empty());
                for item in items {
                    row.entries += item.entries;
                    row.demanded += item.demanded;
                    row.exact += item.exact;
                    row.error = largest_of([row.error, item.error].into_iter());
                    row.differences = match (row.differences, item.differences) {
                        (Some(a), Some(b)) => Some(largest_of([a, b].into_iter())),
                        (a, b) => a.or(b),
                    };
                    row.failures.extend(item.failure.as_ref().map(|failure| format!("{}: {failure}", case.name)));
                }
            }
            row
        };
        Certificate { rows: grids::FUNCTIONS.iter().map(row).collect(), cases: cases.len() }
    }

    /// Whether every row passed.
    pub fn passed(&self) -> bool {
        self.rows.iter().all(Row::passed)
    }

    /// The sum of all rows.
    pub fn total(&self) -> Row {
        let rows = || self.rows.iter();
        Row {
            function: "all".into(),
            oracle: "",
            cases: self.cases,
            entries: rows().map(|row| row.entries).sum(),
            demanded: rows().map(|row| row.demanded).sum(),
            exact: rows().map(|row| row.exact).sum(),
            error: largest_of(rows().map(|row| row.error)),
            differences: Some(largest_of(rows().filter_map(|row| row.differences))),
            symbolic: Some(format!("{} proved", rows().filter(|row| row.passed() && row.symbolic.is_some()).count())),
            failures: rows().flat_map(|row| row.failures.clone()).collect(),
        }
    }

    /// The table in Markdown.
    pub fn to_markdown(&self) -> String {
        let mut text = String::new();
        let mut line = |cells: [String; 10]| text += &format!("| {} |\n", cells.join(" | "));
        line(HEADER.map(String::from));
        line(["---", "---", "---:", "---:", "---:", "---:", "---:", "---:", "---", "---"].map(String::from));
        for row in &self.rows {
            let [function, rest @ ..] = cells(row);
            let [oracle, cases, entries, demanded, exact, error, differences, symbolic, verdict] = rest;
            let function = format!("`{function}`");
            line([function, oracle, cases, entries, demanded, exact, error, differences, symbolic, verdict]);
        }
        line(cells(&self.total()).map(|cell| if cell.is_empty() { cell } else { format!("**{cell}**") }));
        text
    }
}

const HEADER: [&str; 10] =
    ["function", "compared with", "cases", "entries", "must be ==", "are ==", "error", "central", "symbolic", ""];
const FAILURES_A_ROW: usize = 3;

fn cells(row: &Row) -> [String; 10] {
    [
        row.function.clone(),
        row.oracle.into(),
        grouped(row.cases),
        grouped(row.entries),
        grouped(row.demanded),
        grouped(row.exact),
        error_text(row.error),
        row.differences.map_or_else(String::new, error_text),
        row.symbolic.clone().unwrap_or_default(),
        if row.passed() { "✓".into() } else { "✗".into() },
    ]
}

/// 1234567 as "1 234 567".
fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap_or_default()).collect();
    groups.join(" ")
}

/// An aligned table, the failures below it, and the verdict.
impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.total();
        let lines: Vec<[String; 10]> =
            [HEADER.map(String::from)].into_iter().chain(self.rows.iter().map(cells)).chain([cells(&total)]).collect();
        let widths: Vec<usize> =
            (0..10).map(|i| lines.iter().map(|line| line[i].chars().count()).max().unwrap_or(0)).collect();
        for (number, line) in lines.iter().enumerate() {
            if number == 1 || number + 1 == lines.len() {
                writeln!(f, "{}", "─".repeat(widths.iter().sum::<usize>() + 2 * 9))?;
            }
            write!(f, "{:<w$}  {:<v$}", line[0], line[1], w = widths[0], v = widths[1])?;
            for (cell, width) in line.iter().zip(&widths).skip(2).take(7) {
                write!(f, "  {cell:>width$}")?;
            }
            writeln!(f, "  {}", line[9])?;
        }
        for row in self.rows.iter().filter(|row| !row.passed()) {
            writeln!(f, "\n{} failed {} times:", row.function, row.failures.len())?;
            for failure in row.failures.iter().take(FAILURES_A_ROW) {
                writeln!(f, "  {failure}")?;
            }
        }
        let wrong = self.rows.iter().filter(|row| !row.passed()).count();
        match wrong {
            0 => write!(
                f,
                "\nProved: {} functions in {} cases, every entry within {TOLERANCE:e} of its oracle.\n\
                 Central: the largest error by central differences. Symbolic: a backward's formula is its forward's \
                 derivative, a\nforward's that of its equation, identical, or with this probability; * stands for \
                 \"on the branch that the values took\".",
                self.rows.len(),
                grouped(self.cases)
            ),
            1 => write!(f, "\nNot proved: 1 of {} functions is wrong.", self.rows.len()),
            _ => write!(f, "\nNot proved: {wrong} of {} functions are wrong.", self.rows.len()),
        }
    }
}
