//! Every function of this crate, proved symbolically on a small case.

use super::diagnosis::Role;
use super::draw::Draw;
use super::lesson::{Lesson, Visitor, answers, inputs};
use super::lessons;
use super::symbolic::SymbolicProof;
use super::values::{Named, Value};
use crate::ShapeError;
use crate::numbers::{Session, Traced};

/// The seed of the values, which determine the branches.
const SEED: usize = 7;

/// The proof of every function, under its name. A loss, which is a forward and a backward, has two.
#[must_use]
pub fn symbolic_proofs() -> Vec<SymbolicProof> {
    struct Proofs(Vec<SymbolicProof>);
    impl Visitor for Proofs {
        fn visit<L: Lesson>(&mut self) {
            let session = Session::new();
            let refused = |error: ShapeError| {
                L::FUNCTIONS.iter().map(|name| SymbolicProof::of_forward(name).because(&error)).collect()
            };
            let proofs: Vec<SymbolicProof> = prove::<L>(&session).unwrap_or_else(refused);
            self.0.extend(proofs.into_iter().map(|proof| proof.on_branches_of(&session)));
        }
    }
    let mut proofs = Proofs(vec![]);
    lessons::visit(&mut proofs);
    proofs.0
}

fn prove<L: Lesson>(session: &Session) -> Result<Vec<SymbolicProof>, ShapeError> {
    let setting = L::grid().small;
    let mut x = Named::default();
    for (name, value) in inputs::<L>(&setting, &mut Draw::reals(SEED))?.iter() {
        x = x.with(name, value.symbols(session, letter(name)));
    }
    let (got, defined) = (answers::<L, Traced>(&setting, &x)?, L::definition(&setting, &x)?);
    let (mut proofs, samples) = (vec![], L::samples(&x));
    for (name, expected) in defined.iter().filter(|(name, _)| is_output::<L>(name)) {
        let proof = SymbolicProof::of_forward(L::FUNCTIONS[0]).output(name, got.value(name), expected);
        // A logarithm is known only by its derivative.
        proofs.push(match expected {
            Value::Number(loss) if L::IS_LOSS && !proof.passed() => {
                gradients::<L>(SymbolicProof::of_loss(L::FUNCTIONS[0], *loss, samples), &x, &got)?
            }
            _ => proof,
        });
    }
    if let (Some(name), false) = (L::FUNCTIONS.last(), L::GRADIENTS.is_empty()) {
        let first = got.iter().next().map(|(_, value)| value);
        let proof = match first {
            Some(Value::Number(loss)) if L::IS_LOSS => SymbolicProof::of_loss(name, *loss, samples),
            Some(y) => SymbolicProof::new(name, y, x.value("next_dz")),
            None => return Ok(proofs),
        };
        proofs.push(gradients::<L>(proof, &x, &got)?);
    }
    Ok(proofs)
}

fn gradients<L: Lesson>(
    mut proof: SymbolicProof,
    x: &Named<Traced>,
    got: &Named<Traced>,
) -> Result<SymbolicProof, ShapeError> {
    for &(of, name, role) in L::GRADIENTS {
        let (at, gradient) = (x.value(of), got.value(name));
        proof = match role {
            Role::Parameter => proof.parameter(name, at, gradient),
            Role::Input | Role::Output => proof.input(name, at, gradient),
        };
    }
    Ok(proof)
}

fn is_output<L: Lesson>(name: &str) -> bool {
    L::GRADIENTS.iter().all(|(_, gradient, _)| *gradient != name)
}

/// The letter for a value in formulas.
fn letter(name: &str) -> &str {
    match name {
        "k" => "w",
        "alpha" => "α",
        "next_dz" => "δ",
        "y_predict" => "y",
        "y_true" => "y*",
        name => name,
    }
}
