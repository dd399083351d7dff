//! How a wrong gradient is wrong.
//!
//! A mistake in a derivation rarely changes numbers at random: a forgotten 1/N scales all of them, a forgotten rotation
//! flips every kernel, a forgotten padding spoils the borders. [`diagnose`] compares a wrong gradient with the right
//! one and looks for such a pattern, the most specific first.

use std::fmt;

/// What an array is: the gradient of a parameter (a batch mean) or of an input (each sample's own), or an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A gradient that is divided by N.
    Parameter,
    /// A gradient that is not divided by N.
    Input,
    /// The output of a forward.
    Output,
}

/// A pattern in a wrong gradient. Its `Display` is a sentence for the person who made the mistake.
#[derive(Clone, Debug, PartialEq)]
pub enum Diagnosis {
    /// The gradient does not have the shape of its parameter or input.
    Shape {
        /// The shape it has.
        got: Vec<usize>,
        /// The shape it should have.
        wanted: Vec<usize>,
    },
    /// Some wrong entries are NaN or infinite.
    NotFinite,
    /// All entries agree to nine digits.
    Rounding,
    /// All entries are 0.
    AllZero,
    /// All entries have the wrong sign.
    SignFlipped,
    /// All entries are off by one factor.
    Factor {
        /// What the right entries are multiplied by.
        factor: f64,
        /// N.
        samples: usize,
        /// What the array is.
        role: Role,
    },
    /// All taps of a kernel have the same gradient.
    EveryTapEqual {
        /// Whether it is the centre tap's.
        centre: bool,
    },
    /// Two axes are exchanged.
    Transposed {
        /// Which two, counted from 0.
        axes: (usize, usize),
    },
    /// Every map is rotated by 180°.
    Rotated,
    /// One axis is reversed.
    Mirrored {
        /// Which one, counted from 0.
        axis: usize,
    },
    /// Every map is shifted.
    Shifted {
        /// Rows down.
        rows: isize,
        /// Columns to the right.
        columns: isize,
    },
    /// The right numbers in another order.
    Reordered,
    /// Every entry is off by the same number, or by one number per index along an axis.
    Offset {
        /// The axis, if there is one.
        axis: Option<usize>,
    },
    /// A single entry is wrong.
    OneEntry,
    /// All wrong entries share one index.
    OneIndex {
        /// Along this axis, counted from 0.
        axis: usize,
        /// The index.
        index: usize,
    },
    /// All wrong entries are close to the border of their map; all others are right.
    Borders {
        /// The largest distance from the border.
        width: usize,
    },
    /// The wrong entries are 0; all others are right.
    Missing {
        /// How many are wrong.
        wrong: usize,
        /// How many there are.
        entries: usize,
    },
    /// The wrong entries are off by one factor; all others are right.
    FactorOfSome {
        /// What the right entries are multiplied by.
        factor: f64,
        /// How many are wrong.
        wrong: usize,
        /// How many there are.
        entries: usize,
    },
    /// None of these.
    Scattered {
        /// How many are wrong.
        wrong: usize,
        /// How many there are.
        entries: usize,
    },
}

const ORDINALS: [&str; 4] = ["first", "second", "third", "fourth"];

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Diagnosis::*;
        match self {
            Shape { got, wanted } => write!(f, "It {}", shape_sentence(got, wanted)),
            NotFinite => {
                write!(f, "It has entries that are not finite numbers: look for 0/0, ln 0 or an exp of a large number.")
            }
            Rounding => {
                write!(f, "All entries agree to nine digits: look at how the numbers are rounded, not at the formula.")
            }
            AllZero => write!(f, "Every entry is 0: was the gradient computed, but never added or returned?"),
            SignFlipped => write!(f, "Every entry has the right size and the wrong sign."),
            Factor { factor, samples, role } => factor_sentence(f, *factor, *samples, *role),
            EveryTapEqual { centre: true } => write!(
                f,
                "Every tap of a kernel has the centre tap's gradient: was it computed from the input without its padding?"
            ),
            EveryTapEqual { centre: false } => {
                write!(f, "Every tap of a kernel has the same gradient: which pixels did each of them see?")
            }
            Transposed { axes: (a, b) } => {
                write!(f, "The numbers are right, but its {} and {} axes are swapped.", ORDINALS[*a], ORDINALS[*b])
            }
            Rotated => write!(
                f,
                "The numbers are right, but every map is rotated by 180°: a rotation is missing, or one too many."
            ),
            Mirrored { axis } => write!(f, "The numbers are right, but the {} axis is reversed.", ORDINALS[*axis]),
            Shifted { rows, columns } => write!(
                f,
                "Every map is moved by {rows} rows and {columns} columns: was the padding cropped, and by the right amount?"
            ),
            Reordered => write!(f, "The numbers are right, but in other places: which index runs fastest?"),
            OneEntry => write!(f, "It is the only wrong entry."),
            OneIndex { axis, index } => write!(
                f,
                "Every wrong entry has {index} as its {} index (counted from 0); all others are right.",
                ORDINALS[*axis]
            ),
            Borders { width: 1 } => write!(
                f,
                "Only the outermost rows and columns are wrong, everything inside is right: how does the border meet the padding?"
            ),
            Borders { width } => write!(
                f,
                "Only the {width} outermost rows and columns are wrong, everything inside is right: how does the border meet the padding?"
            ),
            Offset { axis: None } => {
                write!(f, "Every entry is off by the same number: was something not added?")
            }
            Offset { axis: Some(axis) } => write!(
                f,
                "Every entry is off by a number that depends only on its {} index: is a bias missing, or added twice?",
                ORDINALS[*axis]
            ),
            Missing { wrong, entries } => {
                write!(f, "{wrong} of {entries} entries are 0 and should not be; all others are right.")
            }
            FactorOfSome { factor, wrong, entries } => write!(
                f,
                "{wrong} of {entries} entries are {} times what they should be; all others are right.",
                significant(*factor)
            ),
            Scattered { entries: 1, .. } => write!(f, "It is the only entry, so it shows no pattern."),
            Scattered { wrong, entries } if wrong == entries => {
                write!(f, "All {entries} entries are wrong, and no simple pattern explains them.")
            }
            Scattered { .. } => write!(f, "The wrong entries follow no simple pattern."),
        }
    }
}

fn factor_sentence(f: &mut fmt::Formatter<'_>, factor: f64, samples: usize, role: Role) -> fmt::Result {
    let n = samples as f64;
    let is = |wanted: f64| (factor / wanted - 1.0).abs() < 1e-9;
    write!(f, "Every entry is {} times what it should be", significant(factor))?;
    match role {
        Role::Parameter if samples > 1 && is(1.0 / n) => write!(f, ": was it divided by N = {samples} twice?"),
        Role::Parameter if samples > 1 && is(n) => {
            write!(f, ": a parameter's gradient is the batch mean; was the division by N = {samples} forgotten?")
        }
        Role::Input if samples > 1 && is(1.0 / n) => {
            write!(f, ": an input's gradient is each sample's own; was it divided by N = {samples}?")
        }
        Role::Output if samples > 1 && is(1.0 / n) => write!(f, ": was it divided by N = {samples}?"),
        Role::Output if samples > 1 && is(n) => write!(f, ": was the division by N = {samples} forgotten?"),
        _ if is(2.0) || is(0.5) => write!(f, ": look for a 2 or a ½ that stands on one side only."),
        _ => write!(f, "."),
    }
}

/// The end of a sentence about a wrong shape.
pub(super) fn shape_sentence(got: &[usize], wanted: &[usize]) -> String {
    let question = if got.iter().rev().eq(wanted) { " Is it transposed?" } else { "" };
    format!("has the shape {}, but must have the shape {}.{question}", shape_text(got), shape_text(wanted))
}

/// A shape as it is written: (2, 3), or (3) for a vector.
pub(super) fn shape_text(shape: &[usize]) -> String {
    let sides: Vec<String> = shape.iter().map(usize::to_string).collect();
    format!("({})", sides.join(", "))
}

/// A number with at most six significant digits, without trailing zeros.
pub(super) fn significant(x: f64) -> String {
    if x == x.round() && x.abs() < 1e15 {
        return format!("{:.0}", x + 0.0); // −0 is 0
    }
    let digits = (5.0 - x.abs().log10().floor()).clamp(0.0, 17.0) as usize;
    let text = format!("{x:.digits$}");
    if x.abs() < 1e-4 || x.abs() >= 1e15 {
        return format!("{x:.5e}");
    }
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// Two different numbers as text: with six significant digits, or with all of them if six look the same.
pub(super) fn told_apart(got: f64, expected: f64) -> (String, String) {
    let (g, e) = (significant(got), significant(expected));
    if g == e { (got.to_string(), expected.to_string()) } else { (g, e) }
}

/// The index of the entry at `offset`, with the last index running fastest.
pub(super) fn index_of(shape: &[usize], mut offset: usize) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (i, &size) in index.iter_mut().zip(shape).rev() {
        (*i, offset) = (offset % size, offset / size);
    }
    index
}

/// A wrong gradient beside the right one, both with the last index running fastest.
pub struct Comparison<'a> {
    /// The size of each axis, of both.
    pub shape: &'a [usize],
    /// What the backward returned.
    pub got: &'a [f64],
    /// What it should have returned.
    pub expected: &'a [f64],
    /// Which entries are wrong; at least one.
    pub wrong: &'a [bool],
    /// N.
    pub samples: usize,
    /// Whose gradient it is.
    pub role: Role,
}

/// The most specific pattern in a wrong gradient.
#[must_use]
pub fn diagnose(c: &Comparison<'_>) -> Diagnosis {
    let patterns = [
        not_finite,
        rounding,
        all_zero,
        factor,
        every_tap_equal,
        transposed,
        rotated,
        mirrored,
        one_entry,
        one_index,
        borders,
        shifted,
        reordered,
        offset,
        missing,
        factor_of_some,
    ];
    let wrong = c.wrong.iter().filter(|&&wrong| wrong).count();
    patterns.iter().find_map(|pattern| pattern(c)).unwrap_or(Diagnosis::Scattered { wrong, entries: c.got.len() })
}

impl Comparison<'_> {
    fn close(&self, a: f64, b: f64) -> bool {
        let largest = self.expected.iter().filter(|x| x.is_finite()).fold(0.0f64, |m, x| m.max(x.abs()));
        a == b || (a - b).abs() <= 1e-9 * largest
    }

    /// Whether `got[index] = expected[place(index)]` everywhere.
    fn is_moved(&self, place: impl Fn(&[usize]) -> Vec<usize>) -> bool {
        (0..self.got.len()).all(|at| self.close(self.got[at], self.expected[self.offset(&place(&self.index(at)))]))
    }

    fn index(&self, offset: usize) -> Vec<usize> {
        index_of(self.shape, offset)
    }

    fn offset(&self, index: &[usize]) -> usize {
        index.iter().zip(self.shape).fold(0, |offset, (&i, &size)| offset * size + i)
    }

    /// The indices of all wrong entries.
    fn wrong_ones(&self) -> impl Iterator<Item = Vec<usize>> + '_ {
        (0..self.got.len()).filter(|&at| self.wrong[at]).map(|at| self.index(at))
    }

    /// The two axes of a map (the last two), if it has them.
    fn map_axes(&self) -> Option<(usize, usize)> {
        (self.shape.len() >= 2).then(|| (self.shape.len() - 2, self.shape.len() - 1))
    }
}

fn not_finite(c: &Comparison<'_>) -> Option<Diagnosis> {
    c.got.iter().zip(c.wrong).any(|(x, &wrong)| wrong && !x.is_finite()).then_some(Diagnosis::NotFinite)
}

fn rounding(c: &Comparison<'_>) -> Option<Diagnosis> {
    c.got.iter().zip(c.expected).all(|(&got, &expected)| c.close(got, expected)).then_some(Diagnosis::Rounding)
}

fn all_zero(c: &Comparison<'_>) -> Option<Diagnosis> {
    c.got.iter().all(|&x| x == 0.0).then_some(Diagnosis::AllZero)
}

fn factor(c: &Comparison<'_>) -> Option<Diagnosis> {
    let (samples, role) = (c.samples, c.role);
    // The largest entry gives the factor, and all others must confirm it.
    let at = (0..c.got.len()).max_by(|&a, &b| c.expected[a].abs().total_cmp(&c.expected[b].abs()))?;
    let factor = c.got[at] / c.expected[at];
    if !factor.is_finite() || !c.got.iter().zip(c.expected).all(|(&g, &e)| c.close(g / factor, e)) {
        return None;
    }
    if (factor + 1.0).abs() < 1e-9 {
        return Some(Diagnosis::SignFlipped);
    }
    let n = samples as f64;
    let telling = [n, 1.0 / n, 2.0, 0.5].iter().any(|wanted| (factor / wanted - 1.0).abs() < 1e-9);
    let confirmed = c.expected.iter().filter(|x| x.abs() > 0.0).count() > 1;
    (telling || confirmed).then_some(Diagnosis::Factor { factor, samples, role })
}

fn every_tap_equal(c: &Comparison<'_>) -> Option<Diagnosis> {
    let &[_, _, k1, k2] = c.shape else { return None };
    let kernels = || c.got.chunks(k1 * k2).zip(c.expected.chunks(k1 * k2));
    if c.role != Role::Parameter || k1 * k2 < 2 || !kernels().all(|(got, _)| got.iter().all(|&g| c.close(g, got[0]))) {
        return None;
    }
    let middle = k1 / 2 * k2 + k2 / 2;
    Some(Diagnosis::EveryTapEqual { centre: kernels().all(|(got, expected)| c.close(got[0], expected[middle])) })
}

fn rotated(c: &Comparison<'_>) -> Option<Diagnosis> {
    let (rows, columns) = c.map_axes()?;
    let place = |index: &[usize]| reversed(c, &reversed(c, index, rows), columns);
    (c.shape[rows] > 1 && c.shape[columns] > 1 && c.is_moved(place)).then_some(Diagnosis::Rotated)
}

fn mirrored(c: &Comparison<'_>) -> Option<Diagnosis> {
    let axis = (0..c.shape.len()).find(|&axis| c.is_moved(|index| reversed(c, index, axis)))?;
    Some(Diagnosis::Mirrored { axis })
}

fn reversed(c: &Comparison<'_>, index: &[usize], axis: usize) -> Vec<usize> {
    let mut index = index.to_vec();
    index[axis] = c.shape[axis] - 1 - index[axis];
    index
}

fn transposed(c: &Comparison<'_>) -> Option<Diagnosis> {
    let axes = c.shape.len();
    let swapped = |index: &[usize], a, b| {
        let mut index = index.to_vec();
        index.swap(a, b);
        index
    };
    let pairs = (0..axes).flat_map(|a| (a + 1..axes).map(move |b| (a, b)));
    pairs
        .filter(|&(a, b)| c.shape[a] == c.shape[b])
        .find(|&(a, b)| c.is_moved(|index| swapped(index, a, b)))
        .map(|axes| Diagnosis::Transposed { axes })
}

fn one_entry(c: &Comparison<'_>) -> Option<Diagnosis> {
    (c.got.len() > 1 && c.wrong_ones().count() == 1).then_some(Diagnosis::OneEntry)
}

fn one_index(c: &Comparison<'_>) -> Option<Diagnosis> {
    let first = c.wrong_ones().next()?;
    let axis =
        (0..c.shape.len()).find(|&axis| c.shape[axis] > 1 && c.wrong_ones().all(|index| index[axis] == first[axis]))?;
    Some(Diagnosis::OneIndex { axis, index: first[axis] })
}

fn borders(c: &Comparison<'_>) -> Option<Diagnosis> {
    let (rows, columns) = c.map_axes()?;
    let depth = |index: &[usize], axis: usize| index[axis].min(c.shape[axis] - 1 - index[axis]);
    let width = 1 + c.wrong_ones().map(|index| depth(&index, rows).min(depth(&index, columns))).max()?;
    let has_inside = c.shape[rows] > 2 * width && c.shape[columns] > 2 * width;
    has_inside.then_some(Diagnosis::Borders { width })
}

/// A shift by up to three rows and columns that most entries confirm.
fn shifted(c: &Comparison<'_>) -> Option<Diagnosis> {
    let (a, b) = c.map_axes()?;
    let source = |index: &[usize], (rows, columns): (isize, isize)| {
        let mut index = index.to_vec();
        index[a] = index[a].checked_add_signed(-rows).filter(|&i| i < c.shape[a])?;
        index[b] = index[b].checked_add_signed(-columns).filter(|&j| j < c.shape[b])?;
        Some(c.offset(&index))
    };
    let confirmed = |shift: (isize, isize)| {
        let pairs = (0..c.got.len()).filter_map(|at| Some((c.got[at], c.expected[source(&c.index(at), shift)?])));
        let (mut seen, mut telling) = (0, 0);
        for (got, expected) in pairs {
            if !c.close(got, expected) {
                return false;
            }
            seen += 1;
            telling += usize::from(expected != 0.0);
        }
        telling > 1 && 3 * seen >= c.got.len()
    };
    let shifts = (-3..=3).flat_map(|rows| (-3..=3).map(move |columns| (rows, columns)));
    let (rows, columns) = shifts.filter(|&shift| shift != (0, 0)).find(|&shift| confirmed(shift))?;
    Some(Diagnosis::Shifted { rows, columns })
}

fn reordered(c: &Comparison<'_>) -> Option<Diagnosis> {
    let sorted = |values: &[f64]| {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values
    };
    let same = sorted(c.got).iter().zip(sorted(c.expected)).all(|(&a, b)| c.close(a, b));
    same.then_some(Diagnosis::Reordered)
}

/// The difference is one number, or one for each index along an axis. At least three entries are needed to see that.
fn offset(c: &Comparison<'_>) -> Option<Diagnosis> {
    let difference = |at: usize| c.got[at] - c.expected[at];
    let same_along = |axis: Option<usize>| {
        let index_of = |at: usize| axis.map_or(0, |axis| c.index(at)[axis]);
        let mut first: Vec<Option<f64>> = vec![None; axis.map_or(1, |axis| c.shape[axis])];
        (0..c.got.len()).all(|at| c.close(difference(at), *first[index_of(at)].get_or_insert(difference(at))))
    };
    let entries = |axis: Option<usize>| c.got.len() / axis.map_or(1, |axis| c.shape[axis].max(1));
    let axes = [None].into_iter().chain((0..c.shape.len()).map(Some));
    axes.filter(|&axis| entries(axis) >= 3).find(|&axis| same_along(axis)).map(|axis| Diagnosis::Offset { axis })
}

fn missing(c: &Comparison<'_>) -> Option<Diagnosis> {
    let wrong = c.wrong.iter().filter(|&&wrong| wrong).count();
    let all_zero = c.wrong_ones().all(|index| c.got[c.offset(&index)] == 0.0);
    (wrong > 1 && all_zero).then_some(Diagnosis::Missing { wrong, entries: c.got.len() })
}

fn factor_of_some(c: &Comparison<'_>) -> Option<Diagnosis> {
    let wrong: Vec<usize> = c.wrong_ones().map(|index| c.offset(&index)).collect();
    let largest = wrong.iter().copied().max_by(|&a, &b| c.expected[a].abs().total_cmp(&c.expected[b].abs()))?;
    let factor = c.got[largest] / c.expected[largest];
    let confirmed = wrong.len() > 1 && factor.is_finite() && factor != 0.0;
    let all = wrong.iter().all(|&at| c.close(c.got[at] / factor, c.expected[at]));
    (confirmed && all).then_some(Diagnosis::FactorOfSome { factor, wrong: wrong.len(), entries: c.got.len() })
}
