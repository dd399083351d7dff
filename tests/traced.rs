//! Numbers that write down their own formula: values, folding, branches, printing, and the book's limits.

use handgrad::numbers::{Equations, NoFormula, Session, Traced, gradient};
use handgrad::prelude::*;
use num_traits::{Float as _, One, Zero};

/// The textbook's case: a 5×5 image under a 3×3 kernel, one channel, one sample.
fn five_by_five(session: &Session) -> (Tensor4<Traced>, Tensor4<Traced>, DVector<Traced>, Tensor4<Traced>) {
    let numbers = |n, m| Tensor4::from_fn([1, 1, n, m], |_, _, i, j| (3 * i + 5 * j) as f64 - 4.0);
    let z = session.tensor("z", &numbers(5, 5));
    let w = session.tensor("w", &numbers(3, 3));
    let b = session.vector("b", &dvector![2.0]);
    let delta = session.tensor("δ", &numbers(3, 3));
    (z, w, b, delta)
}

// (a) by hand

#[test]
fn a_convolution_prints_its_equation_and_its_gradients() -> Result<(), ShapeError> {
    let session = Session::new();
    let (z, w, b, delta) = five_by_five(&session);
    let y = conv_forward(&z, &w, &b, Slide::default())?;
    assert_eq!(
        y[(0, 0, 0, 0)].to_string(),
        "z₀₀·w₀₀ + z₀₁·w₀₁ + z₀₂·w₀₂ + z₁₀·w₁₀ + z₁₁·w₁₁ + z₁₂·w₁₂ + z₂₀·w₂₀ + z₂₁·w₂₁ + z₂₂·w₂₂ + b"
    );
    assert_eq!(
        y[(0, 0, 2, 1)].latex(),
        "z_{21} w_{00} + z_{22} w_{01} + z_{23} w_{02} + z_{31} w_{10} + z_{32} w_{11} + z_{33} w_{12} \
         + z_{41} w_{20} + z_{42} w_{21} + z_{43} w_{22} + b"
    );

    let g = conv_backward(&delta, &w, &z, Slide::default())?;
    // A corner is seen by one window, an edge's middle by three.
    assert_eq!(g.dz[(0, 0, 0, 0)].latex(), r"w_{00} \delta_{00}");
    assert_eq!(g.dz[(0, 0, 4, 4)].latex(), r"w_{22} \delta_{22}");
    assert_eq!(g.dz[(0, 0, 0, 2)].latex(), r"w_{00} \delta_{02} + w_{01} \delta_{01} + w_{02} \delta_{00}");
    assert_eq!(
        g.dk[(0, 0, 0, 1)].latex(),
        r"z_{01} \delta_{00} + z_{02} \delta_{01} + z_{03} \delta_{02} + z_{11} \delta_{10} + z_{12} \delta_{11} + z_{13} \delta_{12} + z_{21} \delta_{20} + z_{22} \delta_{21} + z_{23} \delta_{22}"
    );
    assert_eq!(g.db[0].to_string(), "δ₀₀ + δ₀₁ + δ₀₂ + δ₁₀ + δ₁₁ + δ₁₂ + δ₂₀ + δ₂₁ + δ₂₂");

    // Every entry, as one block a notebook can show.
    let equations = Equations::tensor("dz", &g.dz);
    assert_eq!(equations.latex().lines().count(), 25 + 2);
    assert!(equations.latex().contains(r"dz_{44} &= w_{22} \delta_{22}"));
    assert_eq!(Equations::tensor("y", &y).latex().matches("&=").count(), 9);
    assert_eq!(Equations::tensor("dw", &g.dk).to_string().lines().count(), 9);
    assert_eq!(Equations::vector("db", &g.db).to_string().lines().count(), 1);
    let both = Equations::vector("db", &g.db).and(Equations::tensor("dw", &g.dk));
    assert_eq!(both.to_string().lines().count(), 10);
    assert!(both.latex().contains("db &= ") && both.latex().contains("dw_{22} &= "));
    Ok(())
}

#[test]
fn padding_and_inserted_zeros_leave_no_trace() -> Result<(), ShapeError> {
    let session = Session::new();
    let (z, w, b, delta) = five_by_five(&session);
    let slide = Slide::by(2, 2).padding(1, 1);
    let y = conv_forward(&z, &w, &b, slide)?;
    assert_eq!(y[(0, 0, 0, 0)].to_string(), "z₀₀·w₁₁ + z₀₁·w₁₂ + z₁₀·w₂₁ + z₁₁·w₂₂ + b");
    let g = conv_backward(&delta, &w, &z, slide)?;
    assert_eq!(g.dz[(0, 0, 0, 0)].to_string(), "w₁₁·δ₀₀");
    assert_eq!(g.dz[(0, 0, 1, 1)].to_string(), "w₀₀·δ₁₁ + w₀₂·δ₁₀ + w₂₀·δ₀₁ + w₂₂·δ₀₀");
    Ok(())
}

#[test]
fn what_is_no_polynomial_prints_as_a_fraction_of_sums() {
    let session = Session::new();
    let (x, y) = (session.symbol("x", 0.5), session.symbol("y", -1.5));
    let one = Traced::one();
    let sigmoid = one / (one + (-x).exp());
    assert_eq!(sigmoid.to_string(), "1/(1 + exp(−x))");
    assert_eq!(sigmoid.latex(), r"\frac{1}{1 + e^{-x}}");
    assert_eq!((sigmoid * sigmoid * lit(0.5)).latex(), r"\frac{1}{2 \left(1 + e^{-x}\right)^{2}}");
    assert_eq!(((x + y).exp() * y.exp() * x.exp().recip()).to_string(), "exp(2·y)");
    assert_eq!((x * x + y).sqrt().latex(), r"\sqrt{x^{2} + y}");
    assert_eq!(((x - y).ln() * lit(-0.75)).to_string(), "−3/4·ln(x − y)");
    assert_eq!((x / y.powi(3)).to_string(), "x/y³");
    assert_eq!((x.powi(3)).latex(), "x^{3}");
    assert_eq!(x.ln().powi(2).latex(), r"\left(\ln\left(x\right)\right)^{2}");
    assert_eq!(session.symbol("y*", 1.0).powi(2).latex(), r"\left(y^{*}\right)^{2}");
    assert_eq!((x * lit(1.0507009873554805)).to_string(), "1.0507009873554805·x");
    assert_eq!((x - x).to_string(), "0");
}

#[test]
fn a_long_sum_is_cut() {
    let session = Session::new();
    let v = session.vector("v", &DVector::from_element(100, 1.0));
    let sum = v.iter().copied().fold(Traced::zero(), |sum, x| sum + x);
    assert!(sum.to_string().ends_with("+ v₃₉ + … 60 terms more"), "{sum}");
    assert!(sum.latex().ends_with(r"+ \cdots \text{ 60 terms more}"));
    assert!(format!("{sum:#}").ends_with("+ v₉₈ + v₉₉"));
    let square = session.matrix("m", &DMatrix::from_element(11, 2, 1.0));
    assert_eq!(square[(10, 1)].to_string(), "m₁₀,₁"); // a comma, as m₁₀₁ could be read two ways
}

// folding, and the values

#[test]
fn constants_are_folded_only_where_nothing_is_rounded() {
    let session = Session::new();
    let x = session.symbol("x", 3.0);
    let before = session.len();
    let [zero, one, three]: [Traced; 3] = [lit(0.0), lit(1.0), lit(3.0)];
    for same in [x + zero, zero + x, x - zero, x * one, one * x, x / one, -(-x), x.powi(1)] {
        assert_eq!(format!("{same:?}"), "x = 3");
    }
    for nothing in [x * zero, zero * x, zero / x, one / lit(4.0) - lit(0.25), zero.exp() - one, one.ln()] {
        assert_eq!(format!("{nothing:?}"), "0");
    }
    assert_eq!(session.len(), before + 1); // −x alone was written down
    assert_eq!((one / three * x).to_string(), "1/3·x");
    assert_eq!((one / three * three).to_string(), "1");
    // Exactly what the three f64 nearest to 0.1, 0.2 and 0.3 leave over, where f64 itself has 5.6e-17.
    assert_eq!((lit::<Traced>(0.1) + lit(0.2) - lit(0.3)).to_string(), "0.000000000000000027755575615628914");
}

#[test]
fn every_function_has_the_value_of_f64_and_the_derivative_of_central_differences() {
    type Function = (&'static str, fn(Traced) -> Traced, fn(f64) -> f64, f64);
    let functions: [Function; 28] = [
        ("exp", |x| x.exp(), |x| x.exp(), 0.3),
        ("ln", |x| x.ln(), |x| x.ln(), 0.7),
        ("sqrt", |x| x.sqrt(), |x| x.sqrt(), 0.7),
        ("cbrt", |x| x.cbrt(), |x| x.cbrt(), 0.7),
        ("sin", |x| x.sin(), |x| x.sin(), 0.3),
        ("cos", |x| x.cos(), |x| x.cos(), 0.3),
        ("tan", |x| x.tan(), |x| x.tan(), 0.3),
        ("asin", |x| x.asin(), |x| x.asin(), 0.3),
        ("acos", |x| x.acos(), |x| x.acos(), 0.3),
        ("atan", |x| x.atan(), |x| x.atan(), 0.3),
        ("sinh", |x| x.sinh(), |x| x.sinh(), 0.3),
        ("cosh", |x| x.cosh(), |x| x.cosh(), 0.3),
        ("tanh", |x| x.tanh(), |x| x.tanh(), 0.3),
        ("asinh", |x| x.asinh(), |x| x.asinh(), 0.3),
        ("acosh", |x| x.acosh(), |x| x.acosh(), 1.7),
        ("atanh", |x| x.atanh(), |x| x.atanh(), 0.3),
        ("exp_m1", |x| x.exp_m1(), |x| x.exp_m1(), 0.3),
        ("ln_1p", |x| x.ln_1p(), |x| x.ln_1p(), 0.3),
        ("exp2", |x| x.exp2(), |x| x.exp2(), 0.3),
        ("log10", |x| x.log10(), |x| x.log10(), 0.7),
        ("powi", |x| x.powi(-3), |x| x.powi(-3), 0.7),
        ("powf", |x| x.powf(lit(2.5)), |x| x.powf(2.5), 0.7),
        ("hypot", |x| x.hypot(lit(2.0)), |x| x.hypot(2.0), 0.7),
        ("atan2", |x| x.atan2(lit(-2.0)), |x| x.atan2(-2.0), 0.7),
        ("abs", |x| x.abs(), |x| x.abs(), -0.7),
        ("fract", |x| x.fract(), |x| x.fract(), 2.7),
        ("remainder", |x| x % lit(0.5), |x| x % 0.5, 1.7),
        ("mul_add", |x| x.mul_add(x, x), |x| x.mul_add(x, x), 0.7),
    ];
    for (name, traced, plain, at) in functions {
        let session = Session::new();
        let x = session.symbol("x", at);
        let y = traced(x);
        assert_eq!(y.value(), plain(at), "{name}");
        let slope = gradient(&[(y, lit(1.0))], &[x]).unwrap()[0].value();
        // Central differences with h = 1e-5 err by about h² = 1e-10 and by rounding/h = 1e-11.
        let h = 1e-5;
        let difference = (plain(at + h) - plain(at - h)) / (2.0 * h);
        assert!((slope - difference).abs() <= 1e-8 * slope.abs().max(1.0), "{name}: {slope} and {difference}");
    }
}

// branches

#[test]
fn comparisons_follow_the_value_and_are_written_down() {
    let session = Session::new();
    let (x, y) = (session.symbol("x", 2.0), session.symbol("y", -3.0));
    let product_is_positive = y * x >= lit(0.0);
    assert!(x > y && !product_is_positive && x != y);
    assert_eq!(x.max(y).to_string(), "x");
    assert_eq!(y.abs().to_string(), "−y");
    assert_eq!((x * lit(1.25)).floor().value(), 2.0);
    assert!(x > Traced::neg_infinity() && lit::<Traced>(1.0) < lit(2.0)); // tell nothing of x
    assert_eq!(session.branches(), ["x·y < 0", "x > y", "x ≠ y", "x ≥ y", "y < 0", "⌊5/4·x⌋ = 2"]);
}

#[test]
fn max_pooling_says_which_element_won() -> Result<(), ShapeError> {
    let session = Session::new();
    let z = session.tensor("z", &Tensor4::from_row_major([1, 1, 2, 2], &[1.0, 5.0, 2.0, 3.0])?);
    let y = max_pooling_forward(&z, (2, 2), Slide::default())?;
    assert_eq!(y[(0, 0, 0, 0)].to_string(), "z₀₁");
    assert_eq!(session.branches(), ["z₀₁ > z₀₀", "z₁₀ ≤ z₀₁", "z₁₁ ≤ z₀₁"]);
    Ok(())
}

// the limits of the book

#[test]
fn a_handle_on_another_thread_keeps_its_value_and_says_that_it_has_no_formula() {
    let session = Session::new();
    let x = session.symbol("x", 2.0);
    let (sum, text) = std::thread::spawn(move || (x + x, x.to_string())).join().unwrap();
    assert_eq!(sum.value(), 4.0);
    assert_eq!(text, NoFormula::NotRecorded.to_string());
    assert_eq!(sum.polynomial(), Err(NoFormula::NotRecorded));
    assert_eq!((sum * x).polynomial(), Err(NoFormula::NotRecorded));
    assert_eq!(gradient(&[(sum, lit(1.0))], &[x]).map(|_| ()), Err(NoFormula::NotRecorded));
    assert_eq!((x + x).to_string(), "2·x"); // here it still has one
}

#[test]
fn a_session_ends_with_its_guard_and_sessions_do_not_mix() {
    let outer = Session::new();
    let x = outer.symbol("x", 2.0);
    let y = {
        let inner = Session::new();
        let y = inner.symbol("y", 3.0);
        assert_eq!((y * y).to_string(), "y²");
        assert_eq!((x * y).polynomial(), Err(NoFormula::NotRecorded)); // two books
        y
    };
    assert_eq!(y.polynomial(), Err(NoFormula::NotRecorded));
    assert_eq!((y + y).value(), 6.0);
    assert_eq!((x * x).to_string(), "x²");
    drop(outer);
    let third = Traced::one() / lit(3.0); // no session, nowhere to write
    assert_eq!((third.value(), third.polynomial()), (1.0 / 3.0, Err(NoFormula::NotRecorded)));
    assert_eq!((Traced::one() / lit(4.0)).to_string(), "1/4"); // exact: needs no book
    assert_eq!(Traced::infinity().polynomial(), Err(NoFormula::NotFinite));
}

// (e) the defining properties of the canonical form

#[test]
fn equal_polynomials_have_equal_forms_and_unequal_ones_do_not() {
    let session = Session::new();
    let (a, b, c) = (session.symbol("a", 1.5), session.symbol("b", 2.5), session.symbol("c", -0.5));
    let form = |x: Traced| x.polynomial().unwrap();
    assert_eq!(form((a + b + c).powi(3) - (c + a + b).powi(3)).terms(), 0);
    assert_eq!(form((a + b) * (a - b) / lit(3.0)), form(a * a / lit(3.0) - b * b / lit(3.0)));
    assert_ne!(form((a + b) * (a + b)), form(a * a + b * b));
    assert_ne!(form(a / lit(3.0)), form(a * lit(1.0 / 3.0))); // 1/3 is not the f64 nearest to it
    assert!(form((a + b) * c).is_polynomial() && !form(a / (b + c)).is_polynomial() && !form(a.exp()).is_polynomial());
    let large = (0..20).fold(Traced::one(), |product, _| product * (a + b + c + session.symbol("d", 1.0)));
    assert_eq!(large.polynomial(), Err(NoFormula::TooLarge));
}
