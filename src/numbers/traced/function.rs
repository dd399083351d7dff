//! The functions that a formula may call: how they are written, and their derivatives.

use super::Traced;
use super::arena::{Node, unary};
use num_traits::Float;

/// A function of one number other than a sum, product or quotient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Function {
    /// eˣ
    Exp,
    /// The natural logarithm.
    Ln,
    /// The square root.
    Sqrt,
    /// The cube root.
    Cbrt,
    /// The sine.
    Sin,
    /// The cosine.
    Cos,
    /// The tangent.
    Tan,
    /// The inverse of the sine.
    Asin,
    /// The inverse of the cosine.
    Acos,
    /// The inverse of the tangent.
    Atan,
    /// The hyperbolic sine.
    Sinh,
    /// The hyperbolic cosine.
    Cosh,
    /// The hyperbolic tangent.
    Tanh,
    /// The inverse of the hyperbolic sine.
    Asinh,
    /// The inverse of the hyperbolic cosine.
    Acosh,
    /// The inverse of the hyperbolic tangent.
    Atanh,
}

impl Function {
    /// The name in plain text.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Function::Exp => "exp",
            Function::Ln => "ln",
            Function::Sqrt => "√",
            Function::Cbrt => "∛",
            Function::Sin => "sin",
            Function::Cos => "cos",
            Function::Tan => "tan",
            Function::Asin => "arcsin",
            Function::Acos => "arccos",
            Function::Atan => "arctan",
            Function::Sinh => "sinh",
            Function::Cosh => "cosh",
            Function::Tanh => "tanh",
            Function::Asinh => "arsinh",
            Function::Acosh => "arcosh",
            Function::Atanh => "artanh",
        }
    }

    /// The function of an argument, both in LaTeX.
    pub(crate) fn latex(self, argument: &str) -> String {
        match self {
            Function::Exp => format!("e^{{{argument}}}"),
            Function::Sqrt => format!(r"\sqrt{{{argument}}}"),
            Function::Cbrt => format!(r"\sqrt[3]{{{argument}}}"),
            Function::Asinh | Function::Acosh | Function::Atanh => {
                format!(r"\operatorname{{{}}}\left({argument}\right)", self.name())
            }
            _ => format!(r"\{}\left({argument}\right)", self.name()),
        }
    }

    fn value(self, x: f64) -> f64 {
        match self {
            Function::Exp => x.exp(),
            Function::Ln => x.ln(),
            Function::Sqrt => x.sqrt(),
            Function::Cbrt => x.cbrt(),
            Function::Sin => x.sin(),
            Function::Cos => x.cos(),
            Function::Tan => x.tan(),
            Function::Asin => x.asin(),
            Function::Acos => x.acos(),
            Function::Atan => x.atan(),
            Function::Sinh => x.sinh(),
            Function::Cosh => x.cosh(),
            Function::Tanh => x.tanh(),
            Function::Asinh => x.asinh(),
            Function::Acosh => x.acosh(),
            Function::Atanh => x.atanh(),
        }
    }

    /// The function of `x`, recorded; the few exact values are folded.
    pub(crate) fn of(self, x: Traced) -> Traced {
        let value = self.value(x.value());
        let exact = x.as_constant().is_some_and(|c| match self {
            Function::Exp | Function::Cos | Function::Cosh => c == 0.0,
            Function::Ln | Function::Acos | Function::Acosh => c == 1.0,
            Function::Sqrt => value * value == c && value.mul_add(value, -c) == 0.0,
            Function::Cbrt => value == value.round() && value.abs() < 1e5 && value * value * value == c,
            _ => c == 0.0,
        });
        let outside = x.as_constant().is_some() && !value.is_finite();
        if exact || outside { Traced::constant(value) } else { unary(value, x, |x| Node::Call(self, x)) }
    }

    /// f'(x), where y = f(x).
    pub(crate) fn derivative(self, x: Traced, y: Traced) -> Traced {
        let [one, two, three] = [1.0, 2.0, 3.0].map(Traced::constant);
        match self {
            Function::Exp => y,
            Function::Ln => one / x,
            Function::Sqrt => one / (two * y),
            Function::Cbrt => one / (three * y * y),
            Function::Sin => x.cos(),
            Function::Cos => -x.sin(),
            Function::Tan => one + y * y,
            Function::Asin => one / (one - x * x).sqrt(),
            Function::Acos => -one / (one - x * x).sqrt(),
            Function::Atan => one / (one + x * x),
            Function::Sinh => x.cosh(),
            Function::Cosh => x.sinh(),
            Function::Tanh => one - y * y,
            Function::Asinh => one / (x * x + one).sqrt(),
            Function::Acosh => one / (x * x - one).sqrt(),
            Function::Atanh => one / (one - x * x),
        }
    }
}
