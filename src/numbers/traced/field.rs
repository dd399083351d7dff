//! Whole numbers modulo the prime p = 2⁶¹ − 1: a field, in which a formula can be evaluated without any rounding.

use num_rational::BigRational;
use num_traits::ToPrimitive;
use std::ops::{Add, Mul, Sub};

/// p, a Mersenne prime.
pub(crate) const PRIME: u64 = (1 << 61) - 1;

/// A number 0 … p − 1; sums and products are taken modulo p.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Residue(u64);

impl Residue {
    pub(crate) const ZERO: Residue = Residue(0);
    pub(crate) const ONE: Residue = Residue(1);

    pub(crate) fn new(x: u64) -> Self {
        Residue(x % PRIME)
    }

    /// The fraction's residue, if p does not divide its denominator.
    pub(crate) fn of(x: &BigRational) -> Option<Self> {
        let residue = |remainder: i64| Residue::new((remainder + PRIME as i64) as u64);
        let (above, below) = ((x.numer() % PRIME).to_i64()?, (x.denom() % PRIME).to_i64()?);
        Some(residue(above) * residue(below).inverse()?)
    }

    pub(crate) fn power(self, mut exponent: u64) -> Self {
        let (mut power, mut square) = (Residue::ONE, self);
        while exponent > 0 {
            if exponent & 1 == 1 {
                power = power * square;
            }
            square = square * square;
            exponent >>= 1;
        }
        power
    }

    /// 1/x = xᵖ⁻², by Fermat's little theorem; `None` for 0.
    pub(crate) fn inverse(self) -> Option<Self> {
        (self != Residue::ZERO).then(|| self.power(PRIME - 2))
    }

    /// A square root, if there is one. Because p ≡ 3 mod 4, it is x^((p+1)/4): its square is x·x^((p−1)/2), and by
    /// Euler's criterion the second factor is 1 exactly for the squares.
    pub(crate) fn root(self) -> Option<Self> {
        let root = self.power(PRIME.div_ceil(4));
        (root * root == self).then_some(root)
    }
}

impl Add for Residue {
    type Output = Residue;
    fn add(self, other: Residue) -> Residue {
        Residue::new(self.0 + other.0)
    }
}

impl Sub for Residue {
    type Output = Residue;
    fn sub(self, other: Residue) -> Residue {
        Residue::new(self.0 + PRIME - other.0)
    }
}

impl Mul for Residue {
    type Output = Residue;
    fn mul(self, other: Residue) -> Residue {
        Residue((u128::from(self.0) * u128::from(other.0) % u128::from(PRIME)) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_field() {
        for x in [1, 2, 3, 1 << 40, PRIME - 1, 0x0123_4567_89ab_cdef].map(Residue::new) {
            assert_eq!(x * x.inverse().unwrap(), Residue::ONE);
            assert_eq!((Residue::ZERO - x) + x, Residue::ZERO);
            let root = (x * x).root().unwrap();
            assert!(root == x || root == Residue::ZERO - x);
            assert!(x.root().is_some() != (Residue::ZERO - x).root().is_some()); // −1 is not a square
        }
        assert_eq!(Residue::ZERO.inverse(), None);
        let third = Residue::of(&BigRational::new((-1).into(), 3.into())).unwrap();
        assert_eq!(third * Residue::new(3), Residue::new(PRIME - 1));
    }
}
