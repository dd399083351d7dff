//! `handgrad cost`: what a network costs, layer by layer.

use handgrad::model::{Cost, Start, lenet, mlp, seed_cnn};
use std::process::ExitCode;

/// Flags of `cost`.
#[derive(clap::Args)]
pub struct Arguments {
    /// The network; all of them take images of 28 × 28 pixels.
    #[arg(long, value_enum, default_value_t = Model::Lenet)]
    model: Model,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Model {
    /// LeNet-5 with ReLU and max pooling.
    Lenet,
    /// Two hidden layers of 256 units.
    Mlp,
    /// The NumPy course's network of one 3 × 3 kernel.
    SeedCnn,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let (start, seed) = (Start::He, 1); // what the weights are does not change what is counted
    let mut model = match arguments.model {
        Model::Lenet => lenet(start, seed),
        Model::Mlp => mlp(start, seed),
        Model::SeedCnn => seed_cnn(start, seed),
    };
    println!("{}", Cost::of(&mut model, [1, 28, 28])?);
    Ok(ExitCode::SUCCESS)
}
