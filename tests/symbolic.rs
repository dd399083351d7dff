//! The proof by formulas: what it proves, and that it refuses what is wrong.

use handgrad::check::{Conclusion, SymbolicProof, certificate, symbolic_proofs};
use handgrad::numbers::{Session, Traced};
use handgrad::prelude::*;
use num_traits::{Float as _, One};

fn counted(shape: [usize; 4]) -> Tensor4<f64> {
    Tensor4::from_fn(shape, |n, c, i, j| (7 * n + 5 * c + 3 * i + 2 * j) as f64 - 6.0)
}

/// The forward's session and symbols, and what the backward made of them.
struct Convolution {
    session: Session,
    z: Tensor4<Traced>,
    k: Tensor4<Traced>,
    b: DVector<Traced>,
    y: Tensor4<Traced>,
    delta: Tensor4<Traced>,
    g: ConvGradients<Traced>,
}

fn convolution(z: [usize; 4], k: [usize; 4], slide: Slide) -> Result<Convolution, ShapeError> {
    let session = Session::new();
    let (z, k) = (session.tensor("z", &counted(z)), session.tensor("w", &counted(k)));
    let b = session.vector("b", &DVector::from_element(k.shape()[1], 1.0));
    let y = conv_forward(&z, &k, &b, slide)?;
    let delta = session.tensor("δ", &counted(y.shape()));
    let g = conv_backward(&delta, &k, &z, slide)?;
    Ok(Convolution { session, z, k, b, y, delta, g })
}

impl Convolution {
    fn proof(&self, g: &ConvGradients<Traced>) -> SymbolicProof {
        SymbolicProof::new("conv_backward", &self.y, &self.delta)
            .parameter("dk", &self.k, &g.dk)
            .parameter("db", &self.b, &g.db)
            .input("dz", &self.z, &g.dz)
    }
}

#[test]
fn the_5x5_with_3x3_case_is_proved_identical() -> Result<(), ShapeError> {
    let case = convolution([1, 1, 5, 5], [1, 1, 3, 3], Slide::default())?;
    assert_eq!(
        case.proof(&case.g).to_string(),
        "conv_backward: proved identical: the 35 entries of dk, db, dz are the derivatives of the forward"
    );
    assert_eq!(case.session.branches(), [""; 0]); // a convolution decides nothing
    Ok(())
}

#[test]
fn every_function_is_proved() {
    let proofs = symbolic_proofs();
    let polynomial = [
        "matmul",
        "fc_forward",
        "fc_backward",
        "single_channel_conv",
        "conv_forward",
        "conv_forward_naive",
        "conv_backward",
        "conv_backward_naive",
        "insert_zeros",
        "remove_padding",
        "flatten_forward",
        "flatten_backward",
        "avg_pooling_forward",
        "avg_pooling_backward",
        "global_avg_pooling_forward",
        "global_avg_pooling_backward",
        "mean_squared_loss",
    ];
    for proof in &proofs {
        println!("{proof}");
        assert!(proof.passed(), "{proof}");
        if polynomial.contains(&proof.name()) {
            assert_eq!((proof.conclusion(), proof.branches().len()), (&Conclusion::Identical, 0), "{proof}");
        }
        if let Conclusion::Probable(accident) = proof.conclusion() {
            // Two points, a degree below 10⁵, 6 entries: (10⁵/2.3e18)²·6.
            assert!(*accident < 2e-26, "{proof}");
        }
    }
    for (function, _) in certificate::functions() {
        let count = proofs.iter().filter(|proof| proof.name() == function).count();
        assert_eq!(count, if function.ends_with("_loss") { 2 } else { 1 }, "{function}");
    }
    let kinked = ["relu", "leaky_relu", "prelu", "elu", "selu", "max_pooling", "global_max_pooling"];
    for name in kinked.iter().flat_map(|name| ["forward", "backward"].map(|way| format!("{name}_{way}"))) {
        let proof = proofs.iter().find(|proof| proof.name() == name);
        assert!(proof.is_some_and(|proof| !proof.branches().is_empty()), "{name}");
    }
}

#[test]
fn a_wrong_forward_is_refused_and_the_sentence_names_what_it_should_be() -> Result<(), ShapeError> {
    let session = Session::new();
    let (z, w) = (session.matrix("z", &dmatrix![1.0, 2.0]), session.matrix("w", &dmatrix![3.0; 4.0]));
    let right = dmatrix![z[0] * w[0] + z[1] * w[1]];
    let proof = SymbolicProof::of_forward("matmul").output("y", &matmul(&z, &w)?, &right);
    assert_eq!(proof.to_string(), "matmul: proved identical: the 1 entries of y are what the definition says");
    let wrong = dmatrix![z[0] * w[0] - z[1] * w[1]];
    let proof = SymbolicProof::of_forward("matmul").output("y", &matmul(&z, &w)?, &wrong);
    assert!(!proof.passed() && proof.doubt() == 1.0);
    assert_eq!(
        proof.to_string(),
        "matmul: different at y[0, 0]: the definition says z₀·w₀ − z₁·w₁ = -5, but got z₀·w₀ + z₁·w₁ = 11"
    );
    let proof = SymbolicProof::of_forward("matmul").output("y", &matmul(&z, &w)?, &z);
    assert!(
        matches!(proof.conclusion(), Conclusion::Different { derived, .. } if derived == "of shape [1, 2]"),
        "{proof}"
    );
    let proof = SymbolicProof::of_forward("matmul").input("dz", &z, &z);
    assert_eq!(proof.conclusion(), &Conclusion::NotApplicable("a forward has no gradients".into()));
    Ok(())
}

#[test]
fn convolutions_of_many_shapes_are_proved_identical() -> Result<(), ShapeError> {
    for (kernel, stride) in [1, 2, 3].into_iter().flat_map(|k| [(k, 1), (k, 2), (k, 3)]) {
        for padding in 0..=2 {
            let slide = Slide::by(stride, 1).padding(padding, padding).round_down();
            let case = convolution([2, 2, 5, 4], [2, 2, kernel, 2], slide)?;
            let proof = case.proof(&case.g);
            assert_eq!(proof.conclusion(), &Conclusion::Identical, "{slide:?}: {proof}");
        }
    }
    Ok(())
}

#[test]
fn wrong_gradients_are_refused_at_their_first_wrong_entry() -> Result<(), ShapeError> {
    let slide = Slide::default().padding(1, 1);
    let case = convolution([2, 1, 3, 3], [1, 1, 3, 3], slide)?;
    let half: Traced = lit(0.5);

    let twice = ConvGradients { db: case.g.db.map(|x| x * half), ..case.g.clone() }; // divided by N twice
    assert!(matches!(case.proof(&twice).conclusion(), Conclusion::Different { entry, .. } if entry == "db[0]"));

    let unrotated = ConvGradients { dz: case.g.dz.rotate_180(), ..case.g.clone() };
    assert!(
        matches!(case.proof(&unrotated).conclusion(), Conclusion::Different { entry, .. } if entry == "dz[0, 0, 0, 0]")
    );

    // The published mistake: dK from the unpadded z, whose one number is broadcast over the nine taps.
    let centre = conv_backward(&case.delta, &session_kernel(&case), &case.z, Slide::default())?.dk[(0, 0, 0, 0)];
    let broadcast = ConvGradients { dk: case.k.map(|_| centre), ..case.g.clone() };
    let proof = case.proof(&broadcast);
    assert!(matches!(proof.conclusion(), Conclusion::Different { entry, .. } if entry == "dk[0, 0, 0, 0]"), "{proof}");
    assert!(!proof.passed());
    Ok(())
}

/// A 1×1 kernel, as the unpadded product implies.
fn session_kernel(case: &Convolution) -> Tensor4<Traced> {
    Tensor4::from_fn([1, 1, 1, 1], |_, _, _, _| case.k[(0, 0, 1, 1)])
}

/// y = f(z) of one number, and whether `slope` is proved to be f'.
fn slope_is_proved(at: f64, f: fn(Traced) -> Traced, slope: fn(Traced) -> Traced) -> SymbolicProof {
    let session = Session::new();
    let (z, delta) = (session.symbol("z", at), session.symbol("δ", 1.25));
    let wrap = |x| dvector![x];
    SymbolicProof::new("f", &wrap(f(z)), &wrap(delta)).input("dz", &wrap(z), &wrap(delta * slope(z)))
}

#[test]
fn identities_of_exp_and_roots_are_seen_through_and_wrong_slopes_are_not() {
    let one = Traced::one;
    type Slope = (fn(Traced) -> Traced, fn(Traced) -> Traced);
    let right: [Slope; 8] = [
        (|x| x.tanh(), |x| Traced::one() - x.tanh() * x.tanh()),
        (|x| x.tanh(), |x| lit::<Traced>(4.0) / ((x.exp() + (-x).exp()).powi(2))),
        (
            |x| x.tanh() * lit(0.5) + lit(0.5),
            |x| {
                Traced::one() / (Traced::one() + (x * lit(-2.0)).exp()) * lit(2.0)
                    / (Traced::one() + (x * lit(2.0)).exp())
            },
        ),
        (|x| (x * x).exp(), |x| lit::<Traced>(2.0) * x * ((x + Traced::one()) * x - x).exp()),
        (
            |x| x / (x * x + Traced::one()).sqrt(),
            |x| (x * x + Traced::one()).powf(lit(-1.0)) / (x * x + Traced::one()).sqrt(),
        ),
        (|x| (x.exp() + Traced::one()).ln(), |x| Traced::one() / (Traced::one() + (-x).exp())),
        (|x| (x / lit(3.0)).exp().powi(3), |x| x.exp()),
        (|x| x.sinh() * x.cosh(), |x| x.sinh().powi(2) + x.cosh().powi(2)),
    ];
    for (number, (f, slope)) in right.into_iter().enumerate() {
        let proof = slope_is_proved(0.7, f, slope);
        assert!(proof.passed(), "{number}: {proof}");
    }
    let wrong: [Slope; 5] = [
        (|x| x.tanh(), |x| Traced::one() - x.tanh()),
        (|x| x.exp(), |x| x.exp() + lit(1e-300)),
        (|x| x.sqrt(), |x| Traced::one() / (x.sqrt() * lit(2.0000000000000004))),
        (|x| x / (x * x + Traced::one()).sqrt(), |x| Traced::one() / (x * x + Traced::one()).sqrt()),
        (|x| (x.exp() + Traced::one()).ln(), |x| Traced::one() / (Traced::one() + x.exp())),
    ];
    for (number, (f, slope)) in wrong.into_iter().enumerate() {
        let proof = slope_is_proved(0.7, f, slope);
        assert!(matches!(proof.conclusion(), Conclusion::Different { .. }), "{number}: {proof}");
    }
    // The field's √9 may be −3: the real values decide.
    let conjugate = slope_is_proved(0.7, |x| x, |x| (x * lit(9.0)).sqrt() / x.sqrt() / lit(-3.0));
    assert!(!conjugate.passed(), "{conjugate}");
    assert!(slope_is_proved(0.7, |x| x, |_| Traced::one()).passed() && one().value() == 1.0);
}

#[test]
fn what_was_not_recorded_is_not_applicable_and_says_why() {
    let (y, delta) = {
        let session = Session::new();
        (session.symbol("y", 1.0), session.symbol("δ", 1.0))
    };
    let proof = SymbolicProof::new("f", &dvector![y], &dvector![delta]).input("dz", &dvector![y], &dvector![delta]);
    assert_eq!(
        proof.to_string(),
        "f: not applicable: not recorded: its session has ended, belongs to another thread or notebook cell, or met \
         another session"
    );
}

#[test]
fn formulas_of_two_sessions_are_not_compared() {
    let (one, other) = (Session::new(), Session::new());
    let (x, y) = (one.symbol("x", 1.0), other.symbol("y", 1.0));
    let sigmoid = |x: Traced| Traced::one() / (Traced::one() + (-x).exp());
    for (written, defined) in [(sigmoid(x), sigmoid(y)), (x, y), (x * x, y), (x.exp(), y.exp().recip())] {
        let proof = SymbolicProof::of_forward("f").output("y", &dvector![written], &dvector![defined]);
        assert!(matches!(proof.conclusion(), Conclusion::NotApplicable(_)), "{proof}");
    }
}
