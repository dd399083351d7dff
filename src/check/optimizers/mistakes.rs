//! Wrong rules of optimizers, a step of one parameter. Each file of [`crate::optim`] derives the right one.

use crate::check::judge::mistakes;
use crate::check::signatures::{Coefficients, Rule, RuleOfOne, RuleOfTwo};

mistakes! { SGD of "Sgd"(Rule)
    "the step goes uphill": "The gradient points to where the loss grows: the step goes against it.",
    |w, g, r| w + r.rate * (g + r.weight_decay * w);
    "the learning rate is forgotten": "The step is η times the gradient.",
    |w, g, r| w - (g + r.weight_decay * w);
    "the weight decay is forgotten": "The penalty (λ/2)·w² adds λ·w to the gradient.",
    |w, g, r| w - r.rate * g;
    "the weight decay has the wrong sign":
        "The penalty adds λ·w to the gradient, and the step goes against it: w shrinks.",
    |w, g, r| w - r.rate * (g - r.weight_decay * w);
    "the weight decay is not multiplied by the learning rate":
        "λ·w is part of the gradient, and the gradient is multiplied by η.",
    |w, g, r| w - r.rate * g - r.weight_decay * w;
}

mistakes! { MOMENTUM of "Sgd with momentum, which remembers v"(RuleOfOne)
    "the velocity is not remembered":
        "The new velocity is handed back with the new w; without it, every step is a first one: plain descent.",
    |w, g, v, r| (w - r.rate * (r.momentum * v + g), v);
    "the old velocity moves w": "First v ← μ·v + g, then w ← w − η·v with the new v.",
    |w, g, v, r| (w - r.rate * v, r.momentum * v + g);
    "the gradient is damped": "v ← μ·v + g: g is added whole; times 1 − μ it would become a running mean.",
    |w, g, v, r| {
        let v = r.momentum * v + (1.0 - r.momentum) * g;
        (w - r.rate * v, v)
    };
    "the velocity is never slowed down": "v ← μ·v + g: with μ = 1 there is no friction, and the ball never stops.",
    |w, g, v, r| (w - r.rate * (v + g), v + g);
}

mistakes! { NESTEROV of "Sgd with Nesterov's momentum, which remembers v"(RuleOfOne)
    "plain momentum":
        "Nesterov steps along g + μ·v with the new v (step 4). With the old v that is the new v itself: plain \
         momentum.",
    |w, g, v, r| {
        let v = r.momentum * v + g;
        (w - r.rate * v, v)
    };
    "the momentum is applied once too often": "The step is g + μ·v with the new v (step 4), not v + μ·v.",
    |w, g, v, r| {
        let v = r.momentum * v + g;
        (w - r.rate * (v + r.momentum * v), v)
    };
}

mistakes! { ADAGRAD of "AdaGrad, which remembers s"(RuleOfOne)
    "the root is forgotten": "The step is divided by √s, which has the unit of a gradient; here by s.",
    |w, g, s, r| {
        let s = s + g * g;
        (w - r.rate * g / (s + r.epsilon), s)
    };
    "the squares are not added up": "s is the sum of all squares so far: s ← s + g².",
    |w, g, _, r| (w - r.rate * g / (g.abs() + r.epsilon), g * g);
    "the gradients are not squared": "s ← s + g²: gradients of opposite signs must not cancel.",
    |w, g, s, r| {
        let s = s + g;
        (w - r.rate * g / (s.abs().sqrt() + r.epsilon), s)
    };
    "ε is inside the root": "The step is divided by √s + ε, not by √(s + ε).",
    |w, g, s, r| {
        let s = s + g * g;
        (w - r.rate * g / (s + r.epsilon).sqrt(), s)
    };
    "the old sum divides the step":
        "First s ← s + g², then the step with the new s: at the first step the old one is 0.",
    |w, g, s, r| (w - r.rate * g / (s.sqrt() + r.epsilon), s + g * g);
}

mistakes! { RMSPROP of "RmsProp, which remembers v"(RuleOfOne)
    "α and 1 − α are exchanged": "v ← α·v + (1 − α)·g²: the share α of the old mean is kept.",
    |w, g, v, r| {
        let v = (1.0 - r.alpha) * v + r.alpha * g * g;
        (w - r.rate * g / (v.sqrt() + r.epsilon), v)
    };
    "the factor 1 − α is forgotten": "v ← α·v + (1 − α)·g²: only with the factor is v a mean.",
    |w, g, v, r| {
        let v = r.alpha * v + g * g;
        (w - r.rate * g / (v.sqrt() + r.epsilon), v)
    };
    "nothing is forgotten": "v ← α·v + (1 − α)·g²; here all squares are added up, which is AdaGrad.",
    |w, g, v, r| {
        let v = v + g * g;
        (w - r.rate * g / (v.sqrt() + r.epsilon), v)
    };
    "the root is forgotten": "The step is divided by √v, which has the unit of a gradient; here by v.",
    |w, g, v, r| {
        let v = r.alpha * v + (1.0 - r.alpha) * g * g;
        (w - r.rate * g / (v + r.epsilon), v)
    };
    "ε is inside the root": "The step is divided by √v + ε, not by √(v + ε).",
    |w, g, v, r| {
        let v = r.alpha * v + (1.0 - r.alpha) * g * g;
        (w - r.rate * g / (v + r.epsilon).sqrt(), v)
    };
}

mistakes! { ADADELTA of "Adadelta, which remembers v (of g²) and u (of Δ²)"(RuleOfTwo)
    "the roots are exchanged":
        "Δ is g·√(u + ε)/√(v + ε): the unit of a step in the numerator, that of a gradient below it.",
    |w, g, [v, u], _, r| {
        let v = r.rho * v + (1.0 - r.rho) * g * g;
        let delta = g * (v + r.epsilon).sqrt() / (u + r.epsilon).sqrt();
        (w - r.rate * delta, [v, r.rho * u + (1.0 - r.rho) * delta * delta])
    };
    "u remembers gradients instead of steps": "u is the running mean of Δ², the squares of the steps.",
    |w, g, [v, u], _, r| {
        let v = r.rho * v + (1.0 - r.rho) * g * g;
        let delta = g * (u + r.epsilon).sqrt() / (v + r.epsilon).sqrt();
        (w - r.rate * delta, [v, r.rho * u + (1.0 - r.rho) * g * g])
    };
    "u is updated before the step":
        "The step needs the u of the steps before it; its own square is remembered afterwards.",
    |w, g, [v, u], _, r| {
        let v = r.rho * v + (1.0 - r.rho) * g * g;
        let delta = g * (u + r.epsilon).sqrt() / (v + r.epsilon).sqrt();
        let u = r.rho * u + (1.0 - r.rho) * delta * delta;
        (w - r.rate * g * (u + r.epsilon).sqrt() / (v + r.epsilon).sqrt(), [v, u])
    };
    "ε is outside the roots": "Δ is g·√(u + ε)/√(v + ε): ε is added to the means, not to their roots.",
    |w, g, [v, u], _, r| {
        let v = r.rho * v + (1.0 - r.rho) * g * g;
        let delta = g * (u.sqrt() + r.epsilon) / (v.sqrt() + r.epsilon);
        (w - r.rate * delta, [v, r.rho * u + (1.0 - r.rho) * delta * delta])
    };
}

mistakes! { ADAM of "Adam, which remembers m (of g) and v (of g²)"(RuleOfTwo)
    "the bias is not corrected":
        "m and v start at 0 and are too small at first: the step needs m/(1 − β₁ᵗ) and v/(1 − β₂ᵗ) (step 2).",
    |w, g, [m, v], _, r| {
        let [m, v] = means(g, [m, v], r);
        (w - r.rate * m / (v.sqrt() + r.epsilon), [m, v])
    };
    "the corrected means are remembered":
        "The correction is for the step alone (step 2): m and v are remembered as they are.",
    |w, g, [m, v], t, r| {
        let [m, v] = corrected(means(g, [m, v], r), t, r);
        (w - r.rate * m / (v.sqrt() + r.epsilon), [m, v])
    };
    "the steps are counted from 0": "At the first step t is 1; with t = 0 the correction divides by 1 − β⁰ = 0.",
    |w, g, [m, v], t, r| {
        let [m, v] = means(g, [m, v], r);
        let [m_hat, v_hat] = corrected([m, v], t - 1, r);
        (w - r.rate * m_hat / (v_hat.sqrt() + r.epsilon), [m, v])
    };
    "the correction does not depend on the step":
        "The correction is 1 − βᵗ and fades with t; here it is 1 − β at every step.",
    |w, g, [m, v], _, r| {
        let [m, v] = means(g, [m, v], r);
        let [m_hat, v_hat] = corrected([m, v], 1, r);
        (w - r.rate * m_hat / (v_hat.sqrt() + r.epsilon), [m, v])
    };
    "β₁ and β₂ are exchanged": "β₁ belongs to m, the mean of g; β₂ to v, the mean of g².",
    |w, g, [m, v], t, r| {
        let exchanged = Coefficients { beta1: r.beta2, beta2: r.beta1, ..r };
        let [m, v] = means(g, [m, v], exchanged);
        let [m_hat, v_hat] = corrected([m, v], t, exchanged);
        (w - r.rate * m_hat / (v_hat.sqrt() + r.epsilon), [m, v])
    };
    "the root is forgotten": "The step is divided by √v̂, which has the unit of a gradient; here by v̂.",
    |w, g, [m, v], t, r| {
        let [m, v] = means(g, [m, v], r);
        let [m_hat, v_hat] = corrected([m, v], t, r);
        (w - r.rate * m_hat / (v_hat + r.epsilon), [m, v])
    };
    "ε is inside the root": "The step is divided by √v̂ + ε, not by √(v̂ + ε).",
    |w, g, [m, v], t, r| {
        let [m, v] = means(g, [m, v], r);
        let [m_hat, v_hat] = corrected([m, v], t, r);
        (w - r.rate * m_hat / (v_hat + r.epsilon).sqrt(), [m, v])
    };
    "the gradient moves w instead of its mean":
        "The step goes along m̂, the mean of the last gradients; here along g, which is RMSProp.",
    |w, g, [m, v], t, r| {
        let [m, v] = means(g, [m, v], r);
        let [_, v_hat] = corrected([m, v], t, r);
        (w - r.rate * g / (v_hat.sqrt() + r.epsilon), [m, v])
    };
}

mistakes! { ADAMW of "AdamW, which remembers m and v"(RuleOfTwo)
    "the decay is added to the gradient":
        "w shrinks beside the step, by the factor 1 − η·λ; added to the gradient, λ·w is divided by √v̂ with the \
         rest of it.",
    |w, g, [m, v], t, r| {
        let g = g + r.weight_decay * w;
        let [m, v] = means(g, [m, v], r);
        let [m_hat, v_hat] = corrected([m, v], t, r);
        (w - r.rate * m_hat / (v_hat.sqrt() + r.epsilon), [m, v])
    };
    "the decay is forgotten": "w shrinks by the factor 1 − η·λ at every step; without that this is Adam.",
    |w, g, [m, v], t, r| {
        let [m, v] = means(g, [m, v], r);
        let [m_hat, v_hat] = corrected([m, v], t, r);
        (w - r.rate * m_hat / (v_hat.sqrt() + r.epsilon), [m, v])
    };
    "the decay is not multiplied by the learning rate": "w shrinks by the factor 1 − η·λ, not by 1 − λ.",
    |w, g, [m, v], t, r| {
        let [m, v] = means(g, [m, v], r);
        let [m_hat, v_hat] = corrected([m, v], t, r);
        ((1.0 - r.weight_decay) * w - r.rate * m_hat / (v_hat.sqrt() + r.epsilon), [m, v])
    };
    "the bias is not corrected":
        "m and v start at 0 and are too small at first: the step needs m/(1 − β₁ᵗ) and v/(1 − β₂ᵗ).",
    |w, g, [m, v], _, r| {
        let [m, v] = means(g, [m, v], r);
        ((1.0 - r.rate * r.weight_decay) * w - r.rate * m / (v.sqrt() + r.epsilon), [m, v])
    };
}

// The two lines of Adam that are right in most of its mistakes.

/// m ← β₁·m + (1 − β₁)·g and v ← β₂·v + (1 − β₂)·g².
fn means(g: f64, [m, v]: [f64; 2], r: Coefficients) -> [f64; 2] {
    [r.beta1 * m + (1.0 - r.beta1) * g, r.beta2 * v + (1.0 - r.beta2) * g * g]
}

/// m/(1 − β₁ᵗ) and v/(1 − β₂ᵗ).
fn corrected([m, v]: [f64; 2], t: i32, r: Coefficients) -> [f64; 2] {
    [m / (1.0 - r.beta1.powi(t)), v / (1.0 - r.beta2.powi(t))]
}
