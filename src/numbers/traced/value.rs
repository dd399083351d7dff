//! A fraction of polynomials at a point: its value there, and a bound on its degrees.

use super::field::Residue;

/// The residue of a fraction, and the degrees of the fraction's numerator and denominator.
#[derive(Clone, Copy)]
pub(super) struct Value {
    pub(super) residue: Residue,
    pub(super) above: f64,
    pub(super) below: f64,
}

impl Value {
    pub(super) fn constant(residue: Residue) -> Self {
        Value { residue, above: 0.0, below: 0.0 }
    }

    pub(super) fn letter(residue: Residue) -> Self {
        Value { residue, above: 1.0, below: 0.0 }
    }

    pub(super) fn sum(self, other: Value, residue: Residue) -> Self {
        let above = (self.above + other.below).max(other.above + self.below);
        Value { residue, above, below: self.below + other.below }
    }

    pub(super) fn times(self, other: Value) -> Self {
        let residue = self.residue * other.residue;
        Value { residue, above: self.above + other.above, below: self.below + other.below }
    }

    pub(super) fn inverse(self) -> Option<Self> {
        Some(Value { residue: self.residue.inverse()?, above: self.below, below: self.above })
    }

    pub(super) fn power(self, exponent: i32) -> Option<Self> {
        let (base, size) = (if exponent < 0 { self.inverse()? } else { self }, f64::from(exponent.unsigned_abs()));
        let residue = base.residue.power(exponent.unsigned_abs().into());
        Some(Value { residue, above: base.above * size, below: base.below * size })
    }

    /// The degree of the numerator of the difference of two.
    pub(super) fn degree_of_difference(self, other: Value) -> f64 {
        (self.above + other.below).max(other.above + self.below)
    }
}
