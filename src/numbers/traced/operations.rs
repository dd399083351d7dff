//! Sum, difference, product, quotient and comparison: value, folding and record.

use super::arena::{Node, Operand, Relation, binary, decide, unary};
use super::{Origin, Traced, with_arena};
use num_traits::{Num, One, Zero};
use std::cmp::Ordering;
use std::iter::{Product, Sum};
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Rem, RemAssign, Sub, SubAssign};

/// Products below this size may lose bits to underflow, and are not called exact.
const SAFE: f64 = 1e-250;

/// Whether a + b = `sum` without rounding: Knuth's two-sum has no remainder.
fn sum_is_exact(a: f64, b: f64, sum: f64) -> bool {
    let b_part = sum - a;
    (a - (sum - b_part)) + (b - b_part) == 0.0
}

/// Whether a·b = `product` without rounding: the fused product has no remainder.
fn product_is_exact(a: f64, b: f64, product: f64) -> bool {
    a == 0.0 || b == 0.0 || (product.abs() > SAFE && a.mul_add(b, -product) == 0.0)
}

/// Whether a/b = `quotient` without rounding.
fn quotient_is_exact(a: f64, b: f64, quotient: f64) -> bool {
    b != 0.0 && (a == 0.0 || (a.abs() > SAFE && quotient.abs() > SAFE && quotient.mul_add(b, -a) == 0.0))
}

/// The value as a constant, if both operands are and nothing was rounded (or the value is ±∞ or NaN).
fn fold(a: Traced, b: Traced, value: f64, exact: fn(f64, f64, f64) -> bool) -> Option<Traced> {
    let (a, b) = (a.as_constant()?, b.as_constant()?);
    (!value.is_finite() || exact(a, b, value)).then_some(Traced::constant(value))
}

fn is(x: Traced, constant: f64) -> bool {
    x.as_constant() == Some(constant)
}

impl Add for Traced {
    type Output = Traced;
    fn add(self, other: Traced) -> Traced {
        let value = self.value + other.value;
        match fold(self, other, value, sum_is_exact) {
            Some(constant) => constant,
            None if is(self, 0.0) => other,
            None if is(other, 0.0) => self,
            None => binary(value, self, other, Node::Add),
        }
    }
}

impl Sub for Traced {
    type Output = Traced;
    fn sub(self, other: Traced) -> Traced {
        let value = self.value - other.value;
        match fold(self, -other, value, sum_is_exact) {
            Some(constant) => constant,
            None if is(self, 0.0) => -other,
            None if is(other, 0.0) => self,
            None if value == 0.0 && self.is_recorded_as(other) => Traced::zero(), // x − x
            None => binary(value, self, other, Node::Sub),
        }
    }
}

impl Mul for Traced {
    type Output = Traced;
    fn mul(self, other: Traced) -> Traced {
        let value = self.value * other.value;
        match fold(self, other, value, product_is_exact) {
            Some(constant) => constant,
            None if is(self, 0.0) || is(other, 0.0) => Traced::constant(0.0),
            None if is(self, 1.0) => other,
            None if is(other, 1.0) => self,
            None => binary(value, self, other, Node::Mul),
        }
    }
}

impl Div for Traced {
    type Output = Traced;
    fn div(self, other: Traced) -> Traced {
        let value = self.value / other.value;
        match fold(self, other, value, quotient_is_exact) {
            Some(constant) => constant,
            None if is(self, 0.0) => Traced::constant(0.0),
            None if is(other, 1.0) => self,
            None => binary(value, self, other, Node::Div),
        }
    }
}

impl Neg for Traced {
    type Output = Traced;
    fn neg(self) -> Traced {
        match self.as_constant() {
            Some(c) => Traced::constant(-c),
            None => self.negated().unwrap_or_else(|| unary(-self.value, self, Node::Neg)),
        }
    }
}

/// x − y·trunc(x/y), on the branch of the quotient's whole part.
impl Rem for Traced {
    type Output = Traced;
    fn rem(self, other: Traced) -> Traced {
        let value = self.value % other.value;
        let whole = num_traits::Float::trunc(self / other);
        (self - other * whole).with_value(value)
    }
}

macro_rules! assign {
    ($($trait:ident $method:ident $op:tt),*) => {$(
        impl $trait for Traced {
            fn $method(&mut self, other: Traced) {
                *self = *self $op other;
            }
        }
    )*};
}
assign!(AddAssign add_assign +, SubAssign sub_assign -, MulAssign mul_assign *, DivAssign div_assign /, RemAssign rem_assign %);

impl Sum for Traced {
    fn sum<I: Iterator<Item = Traced>>(terms: I) -> Traced {
        terms.fold(Traced::zero(), Add::add)
    }
}

impl Product for Traced {
    fn product<I: Iterator<Item = Traced>>(factors: I) -> Traced {
        factors.fold(Traced::one(), Mul::mul)
    }
}

impl Traced {
    /// The x of which this is −x, if it was recorded that way.
    fn negated(self) -> Option<Traced> {
        let Origin::Recorded { session, node } = self.origin else { return None };
        with_arena(session, |arena| match arena.nodes[node as usize] {
            Node::Neg(Operand::Node(x)) => Some(Traced::recorded(arena.values[x as usize], session, x)),
            _ => None,
        })?
    }

    /// Whether both are the same place in a book.
    fn is_recorded_as(self, other: Traced) -> bool {
        matches!(self.origin, Origin::Recorded { .. }) && self.origin == other.origin
    }

    /// Records which of two opposite relations holds between the values, and returns whether it is the first.
    fn ask(&self, holds: bool, relation: Relation, opposite: Relation, other: &Traced) -> bool {
        decide(*self, if holds { relation } else { opposite }, *other);
        holds
    }
}

/// By value; the result is recorded as the branch taken.
impl PartialEq for Traced {
    fn eq(&self, other: &Traced) -> bool {
        self.ask(self.value == other.value, Relation::Equal, Relation::NotEqual, other)
    }
}

/// By value; the result is recorded as the branch taken.
impl PartialOrd for Traced {
    fn partial_cmp(&self, other: &Traced) -> Option<Ordering> {
        let order = self.value.partial_cmp(&other.value);
        match order {
            Some(Ordering::Less) => decide(*self, Relation::Less, *other),
            Some(Ordering::Equal) => decide(*self, Relation::Equal, *other),
            Some(Ordering::Greater) => decide(*self, Relation::Greater, *other),
            None => {}
        }
        order
    }

    fn lt(&self, other: &Traced) -> bool {
        self.ask(self.value < other.value, Relation::Less, Relation::GreaterOrEqual, other)
    }

    fn le(&self, other: &Traced) -> bool {
        self.ask(self.value <= other.value, Relation::LessOrEqual, Relation::Greater, other)
    }

    fn gt(&self, other: &Traced) -> bool {
        self.ask(self.value > other.value, Relation::Greater, Relation::LessOrEqual, other)
    }

    fn ge(&self, other: &Traced) -> bool {
        self.ask(self.value >= other.value, Relation::GreaterOrEqual, Relation::Less, other)
    }
}

impl Zero for Traced {
    fn zero() -> Traced {
        Traced::constant(0.0)
    }

    fn is_zero(&self) -> bool {
        *self == Traced::zero()
    }
}

impl One for Traced {
    fn one() -> Traced {
        Traced::constant(1.0)
    }
}

impl Num for Traced {
    type FromStrRadixErr = <f64 as Num>::FromStrRadixErr;

    fn from_str_radix(text: &str, radix: u32) -> Result<Traced, Self::FromStrRadixErr> {
        f64::from_str_radix(text, radix).map(Traced::constant)
    }
}
