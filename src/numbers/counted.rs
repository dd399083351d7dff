//! A number that counts the operations on it: the cost of a layer.
//!
//! Run any function of this crate on [`Counted`] numbers, and [`Counts::of`] says how many additions, multiplications,
//! divisions, comparisons and transcendental functions it took. Only `f32` and `f64` are spread over threads. Every
//! other number type runs in the calling thread, so the count is complete and the same in every run.
//!
//! ```
//! use handgrad::numbers::{Counted, Counts};
//! use handgrad::prelude::*;
//! let number = |rows, columns| DMatrix::from_element(rows, columns, Counted(1.5));
//! let (z, w, b) = (number(4, 3), number(3, 2), DVector::from_element(2, Counted(0.0)));
//! let (y, counts) = Counts::of(|| fc_forward(&z, &w, &b));
//! assert_eq!(y?[(0, 0)].0, 6.75);
//! assert_eq!(counts.multiplications, 4 * 3 * 2); // N·l·m
//! assert_eq!(counts.additions, 4 * 3 * 2); // l − 1 for each product, and the bias
//! # Ok::<(), ShapeError>(())
//! ```
//!
//! # What counts as what
//!
//! * A subtraction is an addition. A change of sign (−x, |x|, copysign) costs nothing.
//! * `max` and `min` are one comparison each. So is a test for NaN or ∞, which the hardware does by comparing, and so
//!   are `floor`, `round` and the like.
//! * `mul_add` is one multiplication and one addition, `recip` one division, `powi(n)` the multiplications of repeated
//!   squaring and a division if n < 0.
//! * exp, ln, the roots, powers, and the trigonometric and hyperbolic functions are transcendental, one each.
//! * Adding 0 and multiplying by 0 count: the padding of a convolution is multiplied like any pixel. The mathematics
//!   needs less; both counts are below.
//!
//! # A convolution's count
//!
//! For z (N, C, H, W), K (C, D, k1, k2) and an output of H'×W', with R = N·H'·W' output pixels and T = C·k1·k2 taps:
//!
//! | | multiplications | additions | divisions |
//! |---|---|---|---|
//! | forward | R·T·D | R·T·D | |
//! | dk | R·T·D | (R − 1)·T·D | T·D |
//! | db | | (R − 1)·D | D |
//! | dz | N·H·W · D·k1·k2 · C | N·H·W · (D·k1·k2 − 1) · C | |
//!
//! This is what the code does. The mathematics needs only the pairs of a window and a tap that meet a pixel of z. Their
//! number is P = P_rows·P_columns, where P_rows counts the pairs (i, u) with 0 ≤ i·s1 + u − p1 < H; all three products
//! then need N·C·D·P multiplications, so that **a backward costs twice its forward**, exactly. Without padding,
//! P = H'·W'·k1·k2 and the forward wastes nothing; the code's dz also multiplies the k − 1 zeros around next_dz and the
//! s − 1 between its rows.

mod float;

use num_traits::{One, Zero};
use std::cell::Cell;
use std::cmp::Ordering;
use std::fmt;
use std::iter::{Product, Sum};
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Rem, RemAssign, Sub, SubAssign};

/// How often each kind of operation happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sums and differences.
    pub additions: u64,
    /// Products.
    pub multiplications: u64,
    /// Quotients and remainders.
    pub divisions: u64,
    /// Comparisons, on which the program's path depends.
    pub comparisons: u64,
    /// exp, ln, roots, powers, sin and the like.
    pub transcendentals: u64,
}

impl Counts {
    /// What `run` returns, and the operations it did in this thread.
    pub fn of<R>(run: impl FnOnce() -> R) -> (R, Counts) {
        let before = COUNTS.get();
        let result = run();
        (result, COUNTS.get() - before)
    }

    /// All operations together.
    #[must_use]
    pub fn total(self) -> u64 {
        self.additions + self.multiplications + self.divisions + self.comparisons + self.transcendentals
    }

    fn zip(self, other: Counts, f: impl Fn(u64, u64) -> u64) -> Counts {
        Counts {
            additions: f(self.additions, other.additions),
            multiplications: f(self.multiplications, other.multiplications),
            divisions: f(self.divisions, other.divisions),
            comparisons: f(self.comparisons, other.comparisons),
            transcendentals: f(self.transcendentals, other.transcendentals),
        }
    }
}

impl Add for Counts {
    type Output = Counts;
    fn add(self, other: Counts) -> Counts {
        self.zip(other, u64::wrapping_add)
    }
}

impl Sub for Counts {
    type Output = Counts;
    fn sub(self, other: Counts) -> Counts {
        self.zip(other, u64::wrapping_sub)
    }
}

/// `12 additions, 8 multiplications`: the kinds that occurred.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [
            (self.additions, "additions"),
            (self.multiplications, "multiplications"),
            (self.divisions, "divisions"),
            (self.comparisons, "comparisons"),
            (self.transcendentals, "transcendental functions"),
        ];
        let some: Vec<String> =
            kinds.iter().filter(|(count, _)| *count > 0).map(|(count, kind)| format!("{count} {kind}")).collect();
        f.write_str(if some.is_empty() { "nothing" } else { "" })?;
        f.write_str(&some.join(", "))
    }
}

thread_local! {
    static COUNTS: Cell<Counts> = const { Cell::new(NONE) };
}

fn note(change: Counts) {
    COUNTS.set(COUNTS.get() + change);
}

const NONE: Counts = Counts { additions: 0, multiplications: 0, divisions: 0, comparisons: 0, transcendentals: 0 };
const ADDITION: Counts = Counts { additions: 1, ..NONE };
const MULTIPLICATION: Counts = Counts { multiplications: 1, ..NONE };
const DIVISION: Counts = Counts { divisions: 1, ..NONE };
const COMPARISON: Counts = Counts { comparisons: 1, ..NONE };
const TRANSCENDENTAL: Counts = Counts { transcendentals: 1, ..NONE };

/// An `f64` whose operations are counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counted(
    /// The value.
    pub f64,
);

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident $assign_trait:ident $assign:ident $op:tt $kind:ident),*) => {$(
        impl $trait for Counted {
            type Output = Counted;
            fn $method(self, other: Counted) -> Counted {
                note($kind);
                Counted(self.0 $op other.0)
            }
        }
        impl $assign_trait for Counted {
            fn $assign(&mut self, other: Counted) {
                *self = *self $op other;
            }
        }
    )*};
}
operators!(
    Add add AddAssign add_assign + ADDITION,
    Sub sub SubAssign sub_assign - ADDITION,
    Mul mul MulAssign mul_assign * MULTIPLICATION,
    Div div DivAssign div_assign / DIVISION,
    Rem rem RemAssign rem_assign % DIVISION
);

impl Neg for Counted {
    type Output = Counted;
    fn neg(self) -> Counted {
        Counted(-self.0)
    }
}

impl PartialEq for Counted {
    fn eq(&self, other: &Counted) -> bool {
        note(COMPARISON);
        self.0 == other.0
    }
}

impl PartialOrd for Counted {
    fn partial_cmp(&self, other: &Counted) -> Option<Ordering> {
        note(COMPARISON);
        self.0.partial_cmp(&other.0)
    }
}

impl Zero for Counted {
    fn zero() -> Counted {
        Counted(0.0)
    }
    fn is_zero(&self) -> bool {
        *self == Counted(0.0)
    }
}

impl One for Counted {
    fn one() -> Counted {
        Counted(1.0)
    }
}

impl Sum for Counted {
    fn sum<I: Iterator<Item = Counted>>(terms: I) -> Counted {
        terms.fold(Counted(0.0), Add::add)
    }
}

impl Product for Counted {
    fn product<I: Iterator<Item = Counted>>(factors: I) -> Counted {
        factors.fold(Counted(1.0), Mul::mul)
    }
}
