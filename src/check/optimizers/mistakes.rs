//! Wrong rules of optimizers, a step of one parameter. Each file of [`crate::optim`] derives the right one.

use crate::check::judge::Mistake;
use crate::check::signatures::{Coefficients, Rule, RuleOfOne, RuleOfTwo};

/// Known mistakes in the step of [`Sgd`](crate::optim::Sgd).
pub const SGD: &[Mistake<Rule>] = &[
    Mistake {
        name: "the step goes uphill",
        sentence: "The gradient points to where the loss grows: the step goes against it.",
        wrong: |w, g, r| w + r.rate * (g + r.weight_decay * w),
    },
    Mistake {
        name: "the learning rate is forgotten",
        sentence: "The step is η times the gradient.",
        wrong: |w, g, r| w - (g + r.weight_decay * w),
    },
    Mistake {
        name: "the weight decay is forgotten",
        sentence: "The penalty (λ/2)·w² adds λ·w to the gradient.",
        wrong: |w, g, r| w - r.rate * g,
    },
    Mistake {
        name: "the weight decay has the wrong sign",
        sentence: "The penalty adds λ·w to the gradient, and the step goes against it: w shrinks.",
        wrong: |w, g, r| w - r.rate * (g - r.weight_decay * w),
    },
    Mistake {
        name: "the weight decay is not multiplied by the learning rate",
        sentence: "λ·w is part of the gradient, and the gradient is multiplied by η.",
        wrong: |w, g, r| w - r.rate * g - r.weight_decay * w,
    },
];

/// Known mistakes in the step of [`Sgd`](crate::optim::Sgd) with momentum.
pub const MOMENTUM: &[Mistake<RuleOfOne>] = &[
    Mistake {
        name: "the velocity is not remembered",
        sentence: "The new velocity is handed back with the new w; without it, every step is a first one: plain descent.",
        wrong: |w, g, v, r| (w - r.rate * (r.momentum * v + g), v),
    },
    Mistake {
        name: "the old velocity moves w",
        sentence: "First v ← μ·v + g, then w ← w − η·v with the new v.",
        wrong: |w, g, v, r| (w - r.rate * v, r.momentum * v + g),
    },
    Mistake {
        name: "the gradient is damped",
        sentence: "v ← μ·v + g: g enters whole, not times 1 − μ, which would make a running mean of it.",
        wrong: |w, g, v, r| {
            let v = r.momentum * v + (1.0 - r.momentum) * g;
            (w - r.rate * v, v)
        },
    },
    Mistake {
        name: "the velocity is never slowed down",
        sentence: "v ← μ·v + g: with μ = 1 there is no friction, and the ball never stops.",
        wrong: |w, g, v, r| (w - r.rate * (v + g), v + g),
    },
];

/// Known mistakes in the step of [`Sgd`](crate::optim::Sgd) with Nesterov's momentum.
pub const NESTEROV: &[Mistake<RuleOfOne>] = &[
    Mistake {
        name: "plain momentum",
        sentence: "Nesterov steps along g + μ·v with the new v (step 4). With the old v that is the new v itself: plain momentum.",
        wrong: |w, g, v, r| {
            let v = r.momentum * v + g;
            (w - r.rate * v, v)
        },
    },
    Mistake {
        name: "the momentum is applied once too often",
        sentence: "The step is g + μ·v with the new v (step 4), not v + μ·v.",
        wrong: |w, g, v, r| {
            let v = r.momentum * v + g;
            (w - r.rate * (v + r.momentum * v), v)
        },
    },
];

/// Known mistakes in the step of [`AdaGrad`](crate::optim::AdaGrad).
pub const ADAGRAD: &[Mistake<RuleOfOne>] = &[
    Mistake {
        name: "the root is forgotten",
        sentence: "The step is divided by √s, which has the unit of a gradient; here by s.",
        wrong: |w, g, s, r| {
            let s = s + g * g;
            (w - r.rate * g / (s + r.epsilon), s)
        },
    },
    Mistake {
        name: "the squares are not added up",
        sentence: "s is the sum of all squares so far: s ← s + g².",
        wrong: |w, g, _, r| (w - r.rate * g / (g.abs() + r.epsilon), g * g),
    },
    Mistake {
        name: "the gradients are not squared",
        sentence: "s ← s + g²: gradients of opposite signs must not cancel.",
        wrong: |w, g, s, r| {
            let s = s + g;
            (w - r.rate * g / (s.abs().sqrt() + r.epsilon), s)
        },
    },
    Mistake {
        name: "ε stands inside the root",
        sentence: "The step is divided by √s + ε, not by √(s + ε).",
        wrong: |w, g, s, r| {
            let s = s + g * g;
            (w - r.rate * g / (s + r.epsilon).sqrt(), s)
        },
    },
    Mistake {
        name: "the old sum divides the step",
        sentence: "First s ← s + g², then the step with the new s: at the first step the old one is 0.",
        wrong: |w, g, s, r| (w - r.rate * g / (s.sqrt() + r.epsilon), s + g * g),
    },
];

/// Known mistakes in the step of [`RmsProp`](crate::optim::RmsProp).
pub const RMSPROP: &[Mistake<RuleOfOne>] = &[
    Mistake {
        name: "α and 1 − α are exchanged",
        sentence: "v ← α·v + (1 − α)·g²: of the old mean the share α is kept.",
        wrong: |w, g, v, r| {
            let v = (1.0 - r.alpha) * v + r.alpha * g * g;
            (w - r.rate * g / (v.sqrt() + r.epsilon), v)
        },
    },
    Mistake {
        name: "the factor 1 − α is forgotten",
        sentence: "v ← α·v + (1 − α)·g²: only with the factor is v a mean.",
        wrong: |w, g, v, r| {
            let v = r.alpha * v + g * g;
            (w - r.rate * g / (v.sqrt() + r.epsilon), v)
        },
    },
    Mistake {
        name: "nothing is forgotten",
        sentence: "v ← α·v + (1 − α)·g²; here all squares are added up, which is AdaGrad.",
        wrong: |w, g, v, r| {
            let v = v + g * g;
            (w - r.rate * g / (v.sqrt() + r.epsilon), v)
        },
    },
    Mistake {
        name: "the root is forgotten",
        sentence: "The step is divided by √v, which has the unit of a gradient; here by v.",
        wrong: |w, g, v, r| {
            let v = r.alpha * v + (1.0 - r.alpha) * g * g;
            (w - r.rate * g / (v + r.epsilon), v)
        },
    },
    Mistake {
        name: "ε stands inside the root",
        sentence: "The step is divided by √v + ε, not by √(v + ε).",
        wrong: |w, g, v, r| {
            let v = r.alpha * v + (1.0 - r.alpha) * g * g;
            (w - r.rate * g / (v + r.epsilon).sqrt(), v)
        },
    },
];

/// Known mistakes in the step of [`Adadelta`](crate::optim::Adadelta), whose memories are v (of g²) and u (of Δ²).
pub const ADADELTA: &[Mistake<RuleOfTwo>] = &[
    Mistake {
        name: "the roots are exchanged",
        sentence: "Δ is g·√(u + ε)/√(v + ε): the unit of a step in the numerator, that of a gradient below it.",
        wrong: |w, g, [v, u], _, r| {
            let v = r.rho * v + (1.0 - r.rho) * g * g;
            let delta = g * (v + r.epsilon).sqrt() / (u + r.epsilon).sqrt();
            (w - r.rate * delta, [v, r.rho * u + (1.0 - r.rho) * delta * delta])
        },
    },
    Mistake {
        name: "u remembers gradients instead of steps",
        sentence: "u is the running mean of Δ², the squares of the steps.",
        wrong: |w, g, [v, u], _, r| {
            let v = r.rho * v + (1.0 - r.rho) * g * g;
            let delta = g * (u + r.epsilon).sqrt() / (v + r.epsilon).sqrt();
            (w - r.rate * delta, [v, r.rho * u + (1.0 - r.rho) * g * g])
        },
    },
    Mistake {
        name: "u is updated before the step",
        sentence: "The step needs the u of the steps before it; its own square is remembered afterwards.",
        wrong: |w, g, [v, u], _, r| {
            let v = r.rho * v + (1.0 - r.rho) * g * g;
            let delta = g * (u + r.epsilon).sqrt() / (v + r.epsilon).sqrt();
            let u = r.rho * u + (1.0 - r.rho) * delta * delta;
            (w - r.rate * g * (u + r.epsilon).sqrt() / (v + r.epsilon).sqrt(), [v, u])
        },
    },
    Mistake {
        name: "ε stands outside the roots",
        sentence: "Δ is g·√(u + ε)/√(v + ε): ε is added to the means, not to their roots.",
        wrong: |w, g, [v, u], _, r| {
            let v = r.rho * v + (1.0 - r.rho) * g * g;
            let delta = g * (u.sqrt() + r.epsilon) / (v.sqrt() + r.epsilon);
            (w - r.rate * delta, [v, r.rho * u + (1.0 - r.rho) * delta * delta])
        },
    },
];

/// Known mistakes in the step of [`Adam`](crate::optim::Adam), whose memories are m (of g) and v (of g²).
pub const ADAM: &[Mistake<RuleOfTwo>] = &[
    Mistake {
        name: "the bias is not corrected",
        sentence: "m and v start at 0 and are too small at first: the step needs m/(1 − β₁ᵗ) and v/(1 − β₂ᵗ) (step 2).",
        wrong: |w, g, [m, v], _, r| {
            let [m, v] = means(g, [m, v], r);
            (w - r.rate * m / (v.sqrt() + r.epsilon), [m, v])
        },
    },
    Mistake {
        name: "the corrected means are remembered",
        sentence: "The correction is for the step alone (step 2): remembered are m and v as they are.",
        wrong: |w, g, [m, v], t, r| {
            let [m, v] = corrected(means(g, [m, v], r), t, r);
            (w - r.rate * m / (v.sqrt() + r.epsilon), [m, v])
        },
    },
    Mistake {
        name: "the steps are counted from 0",
        sentence: "At the first step t is 1; with t = 0 the correction divides by 1 − β⁰ = 0.",
        wrong: |w, g, [m, v], t, r| {
            let [m, v] = means(g, [m, v], r);
            let [m_hat, v_hat] = corrected([m, v], t - 1, r);
            (w - r.rate * m_hat / (v_hat.sqrt() + r.epsilon), [m, v])
        },
    },
    Mistake {
        name: "the correction does not depend on the step",
        sentence: "The correction is 1 − βᵗ and fades with t; here it is 1 − β at every step.",
        wrong: |w, g, [m, v], _, r| {
            let [m, v] = means(g, [m, v], r);
            let [m_hat, v_hat] = corrected([m, v], 1, r);
            (w - r.rate * m_hat / (v_hat.sqrt() + r.epsilon), [m, v])
        },
    },
    Mistake {
        name: "β₁ and β₂ are exchanged",
        sentence: "β₁ belongs to m, the mean of g; β₂ to v, the mean of g².",
        wrong: |w, g, [m, v], t, r| {
            let exchanged = Coefficients { beta1: r.beta2, beta2: r.beta1, ..r };
            let [m, v] = means(g, [m, v], exchanged);
            let [m_hat, v_hat] = corrected([m, v], t, exchanged);
            (w - r.rate * m_hat / (v_hat.sqrt() + r.epsilon), [m, v])
        },
    },
    Mistake {
        name: "the root is forgotten",
        sentence: "The step is divided by √v̂, which has the unit of a gradient; here by v̂.",
        wrong: |w, g, [m, v], t, r| {
            let [m, v] = means(g, [m, v], r);
            let [m_hat, v_hat] = corrected([m, v], t, r);
            (w - r.rate * m_hat / (v_hat + r.epsilon), [m, v])
        },
    },
    Mistake {
        name: "ε stands inside the root",
        sentence: "The step is divided by √v̂ + ε, not by √(v̂ + ε).",
        wrong: |w, g, [m, v], t, r| {
            let [m, v] = means(g, [m, v], r);
            let [m_hat, v_hat] = corrected([m, v], t, r);
            (w - r.rate * m_hat / (v_hat + r.epsilon).sqrt(), [m, v])
        },
    },
    Mistake {
        name: "the gradient moves w instead of its mean",
        sentence: "The step goes along m̂, the mean of the last gradients; here along g, which is RMSProp.",
        wrong: |w, g, [m, v], t, r| {
            let [m, v] = means(g, [m, v], r);
            let [_, v_hat] = corrected([m, v], t, r);
            (w - r.rate * g / (v_hat.sqrt() + r.epsilon), [m, v])
        },
    },
];

/// Known mistakes in the step of [`AdamW`](crate::optim::AdamW).
pub const ADAMW: &[Mistake<RuleOfTwo>] = &[
    Mistake {
        name: "the decay is added to the gradient",
        sentence: "w shrinks beside the step, by the factor 1 − η·λ; added to the gradient, λ·w is divided by √v̂ with \
                   the rest of it.",
        wrong: |w, g, [m, v], t, r| {
            let g = g + r.weight_decay * w;
            let [m, v] = means(g, [m, v], r);
            let [m_hat, v_hat] = corrected([m, v], t, r);
            (w - r.rate * m_hat / (v_hat.sqrt() + r.epsilon), [m, v])
        },
    },
    Mistake {
        name: "the decay is forgotten",
        sentence: "w shrinks by the factor 1 − η·λ at every step; without that this is Adam.",
        wrong: |w, g, [m, v], t, r| {
            let [m, v] = means(g, [m, v], r);
            let [m_hat, v_hat] = corrected([m, v], t, r);
            (w - r.rate * m_hat / (v_hat.sqrt() + r.epsilon), [m, v])
        },
    },
    Mistake {
        name: "the decay is not multiplied by the learning rate",
        sentence: "w shrinks by the factor 1 − η·λ, not by 1 − λ.",
        wrong: |w, g, [m, v], t, r| {
            let [m, v] = means(g, [m, v], r);
            let [m_hat, v_hat] = corrected([m, v], t, r);
            ((1.0 - r.weight_decay) * w - r.rate * m_hat / (v_hat.sqrt() + r.epsilon), [m, v])
        },
    },
    Mistake {
        name: "the bias is not corrected",
        sentence: "m and v start at 0 and are too small at first: the step needs m/(1 − β₁ᵗ) and v/(1 − β₂ᵗ).",
        wrong: |w, g, [m, v], _, r| {
            let [m, v] = means(g, [m, v], r);
            ((1.0 - r.rate * r.weight_decay) * w - r.rate * m / (v.sqrt() + r.epsilon), [m, v])
        },
    },
];

// The two lines of Adam that are right in most of its mistakes.

/// m ← β₁·m + (1 − β₁)·g and v ← β₂·v + (1 − β₂)·g².
fn means(g: f64, [m, v]: [f64; 2], r: Coefficients) -> [f64; 2] {
    [r.beta1 * m + (1.0 - r.beta1) * g, r.beta2 * v + (1.0 - r.beta2) * g * g]
}

/// m/(1 − β₁ᵗ) and v/(1 − β₂ᵗ).
fn corrected([m, v]: [f64; 2], t: i32, r: Coefficients) -> [f64; 2] {
    [m / (1.0 - r.beta1.powi(t)), v / (1.0 - r.beta2.powi(t))]
}
