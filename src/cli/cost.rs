//! `handgrad cost`: what a network costs, layer by layer.

use super::print;
use handgrad::model::{Cost, Start, lenet, mlp, seed_cnn, vgg11};
use std::process::ExitCode;

/// Flags of `cost`.
#[derive(clap::Args)]
pub struct Arguments {
    /// The network. VGG-11 takes images of 3 × 32 × 32 pixels, the others 28 × 28.
    #[arg(long, value_enum, default_value_t = Model::Lenet)]
    model: Model,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Model {
    /// LeNet-5 with ReLU and max pooling.
    Lenet,
    /// Two hidden layers of 256 units.
    Mlp,
    /// The NumPy course's network with one 3 × 3 kernel.
    SeedCnn,
    /// VGG-11 for small images.
    Vgg11,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let (start, seed) = (Start::He, 1); // the weights do not change the counts
    let mut model = match arguments.model {
        Model::Lenet => lenet(start, seed),
        Model::Mlp => mlp(start, seed),
        Model::SeedCnn => seed_cnn(start, seed),
        Model::Vgg11 => vgg11(start, seed),
    };
    let image = match arguments.model {
        Model::Vgg11 => [3, 32, 32],
        _ => [1, 28, 28],
    };
    print(Cost::of(&mut model, image)?)?;
    Ok(ExitCode::SUCCESS)
}
