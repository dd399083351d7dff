//! How long a notebook's cells took.

use std::fmt::Write;

/// The seconds of one notebook.
#[derive(Clone)]
pub struct Times {
    pub name: String,
    /// From the start of the kernel until it accepts a cell.
    pub start: f64,
    /// Cell by cell.
    pub cells: Vec<f64>,
    /// From the start of the kernel to its end; with `--check`, solutions included.
    pub all: f64,
}

impl Times {
    /// The first cell's: it compiles the library.
    pub fn first(&self) -> f64 {
        self.cells.first().copied().unwrap_or(0.0)
    }

    /// The median over the cells.
    pub fn median(&self) -> f64 {
        median(self.cells.iter().copied())
    }

    /// The slowest cell's number, counted from 1, and its seconds.
    pub fn slowest(&self) -> (usize, f64) {
        let numbered = (1..).zip(self.cells.iter().copied());
        numbered.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0))
    }
}

/// The median of some numbers, the upper of two middle ones; 0 if there are none.
fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = numbers.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

/// A table in Markdown, in seconds: a row for each notebook, and one for all of them.
///
/// In the last row the start and the first cell are medians over the notebooks, the median cell is that of all cells, the
/// slowest cell the slowest of all, and the last column a sum.
pub fn table(times: &[Times]) -> String {
    let mut text = "| seconds of | kernel's start | first cell | median cell | slowest cell | all |\n\
                    | --- | ---: | ---: | ---: | ---: | ---: |\n"
        .to_owned();
    let mut row = |name: &str, [start, first, median, slowest, all]: [f64; 5], number: &str| {
        let _ = writeln!(text, "| {name} | {start:.1} | {first:.1} | {median:.2} | {slowest:.1}{number} | {all:.1} |");
    };
    for one in times {
        let (number, slowest) = one.slowest();
        row(&one.name, [one.start, one.first(), one.median(), slowest, one.all], &format!(" [{number}]"));
    }
    let start = median(times.iter().map(|one| one.start));
    let first = median(times.iter().map(Times::first));
    let middle = median(times.iter().flat_map(|one| one.cells.iter().copied()));
    let slowest = times.iter().map(|one| one.slowest().1).fold(0.0, f64::max);
    row("**all**", [start, first, middle, slowest, times.iter().map(|one| one.all).sum()], "");
    text
}
