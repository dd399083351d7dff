//! The table of proofs: the results of all cases of the [grids](super::grids), a row for each function.

use super::array::Array;
use super::diagnosis::told_apart;
use super::draw::Draw;
use super::formulas::symbolic_proofs;
use super::lesson::{Lesson, Visitor, inputs};
use super::lessons;
use super::proof::{Proof, TOLERANCE, above, aligned, error_text, largest_of, relative};
use super::symbolic::SymbolicProof;
use crate::ShapeError;
use crate::text::grouped;
use rayon::prelude::*;
use std::fmt;

/// The largest error of a function in `f32`, relative to an entry's own terms.
///
/// A sum of t terms rounds each of its additions to 6e-8 of the sum so far. The longest sums of the cases, dK of a large
/// convolution, have 6,804 terms, in chains of some hundred; exp, whose argument is rounded too, is good to 1e-6.
pub const TOLERANCE_OF_F32: f64 = 1e-5;

type Proving = dyn Fn(&mut Findings) -> Result<(), ShapeError> + Send + Sync;

/// One setting, such as a shape and a set of strides, and everything that is proved on it.
pub struct Case {
    /// What distinguishes it.
    pub name: String,
    proof: Box<Proving>,
}

impl Case {
    /// The case whose findings `proof` collects.
    pub fn new(name: String, proof: impl Fn(&mut Findings) -> Result<(), ShapeError> + Send + Sync + 'static) -> Self {
        Case { name, proof: Box::new(proof) }
    }

    /// Runs the case.
    #[must_use]
    pub fn run(&self) -> Findings {
        let mut findings = Findings::default();
        if let Err(error) = (self.proof)(&mut findings) {
            let failure = Some(error.to_string());
            findings.items.push(Item { function: error.function.into(), failure, ..Item::default() });
        }
        findings
    }
}

/// The findings of one case.
#[derive(Default)]
pub struct Findings {
    items: Vec<Item>,
}

/// The findings of one case about one function.
#[derive(Default)]
struct Item {
    function: String,
    entries: usize,
    demanded: usize,
    exact: usize,
    error: f64,
    differences: Option<f64>,
    single: Option<f64>,
    infinite: usize,
    failure: Option<String>,
}

/// The numbers that a function runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// `f64`, to [`TOLERANCE`].
    F64,
    /// `f32`, to [`TOLERANCE_OF_F32`].
    F32,
}

/// What is required of an entry.
#[derive(Clone, Copy, PartialEq)]
enum Demand {
    /// To lie within the tolerance.
    Tolerance,
    /// To be the same number.
    Equality,
    /// To lie within the tolerance, or to be the same infinity or NaN.
    Infinities,
}

impl Demand {
    fn of(exact: bool) -> Self {
        if exact { Demand::Equality } else { Demand::Tolerance }
    }
}

struct Compared {
    error: f64,
    failure: Option<String>,
}

fn compare<A: Array<Element = f64>>(
    got: &A,
    expected: &A,
    terms: &[f64],
    precision: Precision,
    demand: Demand,
) -> Compared {
    if got.shape() != expected.shape() {
        let failure = format!("the shape is {:?}, but must be {:?}", got.shape(), expected.shape());
        return Compared { error: f64::INFINITY, failure: Some(failure) };
    }
    let (values, wanted) = (got.elements(), expected.elements());
    // Below the smallest normal number a relative error means nothing.
    let (tolerance, smallest) = match precision {
        Precision::F64 => (TOLERANCE, f64::MIN_POSITIVE),
        Precision::F32 => (TOLERANCE_OF_F32, f64::from(f32::MIN_POSITIVE)),
    };
    let nearest = |x: f64| match (precision, demand) {
        (Precision::F32, Demand::Equality) => f64::from(x as f32),
        _ => x,
    };
    let both_nan = |at: usize| demand == Demand::Infinities && values[at].is_nan() && wanted[at].is_nan();
    let same = |at: usize| values[at] == nearest(wanted[at]) || both_nan(at);
    let error = |at: usize| match same(at) {
        true => 0.0,
        false => relative(values[at] - nearest(wanted[at]), terms[at].max(smallest)),
    };
    let is_wrong = |&at: &usize| above(error(at), tolerance) || (demand == Demand::Equality && !same(at));
    let failure = (0..values.len()).find(is_wrong).map(|at| {
        let (g, e) = told_apart(values[at], wanted[at]);
        format!("{:?} is {g}, but must be {e}", got.index_of(at))
    });
    Compared { error: largest_of((0..values.len()).map(error)), failure }
}

impl Findings {
    /// `function` returned `got`; its oracle says `expected`. The error of an entry is relative to `terms`, the sizes of
    /// the entries' own terms; `exact` requires `==`.
    pub fn values<A: Array<Element = f64>>(
        &mut self,
        function: &str,
        got: &A,
        expected: &A,
        terms: &[f64],
        exact: bool,
    ) {
        self.compare(function, got, expected, terms, Precision::F64, Demand::of(exact));
    }

    /// `function` returned `got` in `f32`; in `f64` it returns `expected`, of which `exact` requires the nearest `f32`.
    pub fn single<A: Array<Element = f64>>(
        &mut self,
        function: &str,
        got: &A,
        expected: &A,
        terms: &[f64],
        exact: bool,
    ) {
        self.compare(function, got, expected, terms, Precision::F32, Demand::of(exact));
    }

    fn compare<A: Array<Element = f64>>(
        &mut self,
        function: &str,
        got: &A,
        expected: &A,
        terms: &[f64],
        precision: Precision,
        demand: Demand,
    ) {
        let Compared { error, failure } = compare(got, expected, terms, precision, demand);
        let entries = expected.elements().len();
        let failure = failure.map(|failure| match precision {
            Precision::F64 => failure,
            Precision::F32 => format!("in f32: {failure}"),
        });
        let item = match (demand, precision) {
            (Demand::Infinities, _) => Item { infinite: entries, ..Item::default() },
            (_, Precision::F32) => Item { single: Some(error), ..Item::default() },
            (_, Precision::F64) => {
                let equal = got.elements().iter().zip(expected.elements()).filter(|(g, e)| g == e).count();
                let demanded = if demand == Demand::Equality { entries } else { 0 };
                Item { entries, demanded, exact: equal, error, ..Item::default() }
            }
        };
        self.items.push(Item { function: function.into(), failure, ..item });
    }

    /// `function` returned `got` for values that include an infinity or NaN; its oracle says `expected`. An infinity or
    /// NaN must be the same. A finite number must agree to the precision's limit, relative to 1 and itself.
    pub fn infinite<A: Array<Element = f64>>(&mut self, function: &str, got: &A, expected: &A, precision: Precision) {
        let terms: Vec<f64> = expected.elements().iter().map(|x| 1.0 + x.abs()).collect();
        self.compare(function, got, expected, &terms, precision, Demand::Infinities);
    }

    /// What a proof says about the backward it is named after.
    pub fn proof(&mut self, proof: &Proof) {
        for check in proof.checks() {
            self.items.push(Item {
                function: proof.name().into(),
                entries: check.entries,
                demanded: if proof.is_exact() { check.entries } else { 0 },
                exact: check.exact,
                error: largest_of([check.dual, check.adjoint].into_iter()),
                differences: Some(check.differences),
                failure: check.sentence(),
                ..Item::default()
            });
        }
    }

    /// The first failure, with the function it belongs to.
    #[must_use]
    pub fn failure(&self) -> Option<(&str, &str)> {
        self.items.iter().find_map(|item| Some((item.function.as_str(), item.failure.as_deref()?)))
    }
}

/// The results for one function.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// The function.
    pub function: String,
    /// What it was compared with.
    pub oracle: String,
    /// The number of cases.
    pub cases: usize,
    /// The number of entries compared.
    pub entries: usize,
    /// How many of them had to be equal (`==`): those of polynomial layers on small integers.
    pub demanded: usize,
    /// How many of them equal the oracle's in every bit.
    pub exact: usize,
    /// The largest relative error.
    pub error: f64,
    /// The largest relative error of a gradient by central differences.
    pub differences: Option<f64>,
    /// The largest relative error in `f32`.
    pub single: Option<f64>,
    /// How many entries were compared in cases where one of the values is an infinity or NaN.
    pub infinite: usize,
    /// What the [proof by formulas](super::symbolic) says: "identical", or "1 − ε"; a star stands for "on the branch that
    /// the values took". Of several proofs, the one that leaves the most doubt.
    pub symbolic: Option<String>,
    /// The failures, each with the name of its case.
    pub failures: Vec<String>,
}

impl Row {
    /// Whether something was compared and nothing failed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.entries > 0 && self.failures.is_empty()
    }
}

fn larger(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(largest_of([a, b].into_iter())),
        (a, b) => a.or(b),
    }
}

/// Every function with a proof, and what it is compared with.
#[must_use]
pub fn functions() -> Vec<(&'static str, String)> {
    struct Functions(Vec<(&'static str, String)>);
    impl Visitor for Functions {
        fn visit<L: Lesson>(&mut self) {
            let by = L::DEFINED_BY;
            let small = L::grid().small;
            let defined = inputs::<L>(&small, &mut Draw::reals(0)).and_then(|x| L::definition(&small, &x));
            let has_gradients = defined.is_ok_and(|defined| L::GRADIENTS.iter().any(|g| defined.get(g.1).is_some()));
            let oracle = |number: usize| match number + 1 == L::FUNCTIONS.len() && !L::GRADIENTS.is_empty() {
                false => by.into(),
                true if L::IS_LOSS || has_gradients => format!("dual, {by}"),
                true => "dual numbers".into(),
            };
            self.0.extend(L::FUNCTIONS.iter().enumerate().map(|(number, &name)| (name, oracle(number))));
        }
    }
    let mut functions = Functions(vec![]);
    lessons::visit(&mut functions);
    functions.0
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
    /// Runs all cases on all threads and calls `progress` after each. The number of threads does not change the result.
    pub fn of(cases: &[Case], progress: impl Fn() + Sync) -> Self {
        let run = |case: &Case| {
            let findings = case.run();
            progress();
            findings
        };
        let all: Vec<Findings> = cases.par_iter().map(run).collect();
        let by_formulas = symbolic_proofs();
        let row = |(function, oracle): (&str, String)| {
            let mut row = Row { function: function.into(), oracle, ..Row::default() };
            let own = || by_formulas.iter().filter(|proof| proof.name() == function);
            row.symbolic = own().max_by(|a, b| a.doubt().total_cmp(&b.doubt())).map(SymbolicProof::summary);
            row.failures.extend(own().filter(|proof| !proof.passed()).map(|proof| format!("by formulas: {proof}")));
            for (case, findings) in cases.iter().zip(&all) {
                let items: Vec<&Item> = findings.items.iter().filter(|item| item.function == function).collect();
                row.cases += usize::from(!items.is_empty());
                for item in items {
                    row.entries += item.entries;
                    row.demanded += item.demanded;
                    row.exact += item.exact;
                    row.error = largest_of([row.error, item.error].into_iter());
                    row.differences = larger(row.differences, item.differences);
                    row.single = larger(row.single, item.single);
                    row.infinite += item.infinite;
                    row.failures.extend(item.failure.as_ref().map(|failure| format!("{}: {failure}", case.name)));
                }
            }
            row
        };
        Certificate { rows: functions().into_iter().map(row).collect(), cases: cases.len() }
    }

    /// Whether every row passed.
    pub fn passed(&self) -> bool {
        self.rows.iter().all(Row::passed)
    }

    /// The sum of all rows.
    #[must_use]
    pub fn total(&self) -> Row {
        let rows = || self.rows.iter();
        Row {
            function: "all".into(),
            oracle: String::new(),
            cases: self.cases,
            entries: rows().map(|row| row.entries).sum(),
            demanded: rows().map(|row| row.demanded).sum(),
            exact: rows().map(|row| row.exact).sum(),
            error: largest_of(rows().map(|row| row.error)),
            differences: Some(largest_of(rows().filter_map(|row| row.differences))),
            single: Some(largest_of(rows().filter_map(|row| row.single))),
            infinite: rows().map(|row| row.infinite).sum(),
            symbolic: Some(format!("{} proved", rows().filter(|row| row.passed() && row.symbolic.is_some()).count())),
            failures: rows().flat_map(|row| row.failures.clone()).collect(),
        }
    }

    /// The table as Markdown.
    pub fn to_markdown(&self) -> String {
        let mut text = String::new();
        let mut line = |cells: [String; 10]| text += &format!("| {} |\n", cells.join(" | "));
        line(HEADER.map(String::from));
        line(["---", "---", "---:", "---:", "---:", "---:", "---:", "---:", "---", "---"].map(String::from));
        for row in &self.rows {
            let mut cells = cells(row);
            cells[0] = format!("`{}`", cells[0]);
            line(cells);
        }
        line(cells(&self.total()).map(|cell| if cell.is_empty() { cell } else { format!("**{cell}**") }));
        text
    }
}

const HEADER: [&str; 10] =
    ["function", "compared with", "cases", "entries", "==", "error", "central", "f32", "symbolic", ""];
const FAILURES_A_ROW: usize = 3;

fn cells(row: &Row) -> [String; 10] {
    [
        row.function.clone(),
        row.oracle.clone(),
        grouped(row.cases as u64),
        grouped(row.entries as u64),
        grouped(row.demanded as u64),
        error_text(row.error),
        row.differences.map_or_else(String::new, error_text),
        row.single.map_or_else(String::new, error_text),
        row.symbolic.clone().unwrap_or_default(),
        match (row.passed(), row.infinite) {
            (true, 0) => "✓".into(),
            (true, _) => "✓ ∞".into(),
            (false, _) => "✗".into(),
        },
    ]
}

/// An aligned table, then the failures, then the verdict.
impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.total();
        let lines: Vec<[String; 10]> =
            [HEADER.map(String::from)].into_iter().chain(self.rows.iter().map(cells)).chain([cells(&total)]).collect();
        let lines = aligned(&lines, 2);
        let rule = "─".repeat(lines.iter().map(|line| line.trim_end().chars().count()).max().unwrap_or(0));
        for (number, line) in lines.iter().enumerate() {
            if number == 1 || number + 1 == lines.len() {
                writeln!(f, "{rule}")?;
            }
            writeln!(f, "{line}")?;
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
                 ==: entries that had to be the same number, and are. Central: the largest error by central\n\
                 differences. f32: the largest error in f32, where small integers must also give the same number.\n\
                 Symbolic: a backward's formula equals the derivative of its forward's, and a forward's equals its\n\
                 equation: identically, or with this probability; * means \"on the branch that the values took\".\n\
                 ∞: also right if one of the values is an infinity or NaN.",
                self.rows.len(),
                grouped(self.cases as u64)
            ),
            1 => write!(f, "\nNot proved: 1 of {} functions is wrong.", self.rows.len()),
            _ => write!(f, "\nNot proved: {wrong} of {} functions are wrong.", self.rows.len()),
        }
    }
}
