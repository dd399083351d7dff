//! The cost of a network, layer by layer: counted, not estimated.
//!
//! One sample runs forward and backward through the network's own layers, on
//! [numbers that count](crate::numbers::Counted). The table shows what the code does, including products with padding.
//! The closed formulas are [there](crate::numbers::counted#a-convolutions-count).

use super::sequential::maps;
use super::{Layer, Memory, Sequential};
use crate::numbers::{Counted, Counts};
use crate::text::{Table, grouped};
use crate::{Error, Tensor4, sizes};
use std::fmt;

/// The cost of one layer, or of all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerCost {
    /// What the layer is.
    pub description: String,
    /// The shape of a sample at its output.
    pub output: String,
    /// How many numbers it learns.
    pub parameters: usize,
    /// How many numbers it outputs for one sample.
    pub activations: usize,
    /// What its forward does for one sample.
    pub forward: Counts,
    /// What its backward does: dz, and the parameters' gradients.
    pub backward: Counts,
}

impl LayerCost {
    /// Bytes of the parameters and of one sample's activations, as `f32`.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.parameters.saturating_add(self.activations).saturating_mul(4)
    }

    fn cells(&self) -> [String; 8] {
        let [forward, backward] = [self.forward, self.backward].map(|counts| counts.multiplications);
        let ratio = if forward == 0 { String::new() } else { format!("{:.2}", backward as f64 / forward as f64) };
        let [parameters, activations, bytes] =
            [self.parameters, self.activations, self.bytes()].map(|count| grouped(count as u64));
        let (output, description) = (self.output.clone(), self.description.clone());
        [description, output, parameters, activations, grouped(forward), grouped(backward), ratio, bytes]
    }
}

/// The costs of a network's layers, displayed as a table.
///
/// ```
/// use handgrad::prelude::*;
/// let cost = Cost::of(&mut mlp(Start::He, 1), [1, 28, 28])?;
/// let first = &cost.layers[1]; // after Flatten: Dense 784 → 256
/// assert_eq!(first.parameters, 784 * 256 + 256);
/// assert_eq!(first.forward.multiplications, 784 * 256);
/// assert_eq!(first.backward.multiplications, 2 * first.forward.multiplications);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// Every layer, in order.
    pub layers: Vec<LayerCost>,
}

impl Cost {
    /// Runs one sample of C maps with H rows and W columns through the model, forward and backward.
    ///
    /// # Errors
    /// If the layers do not fit the input or each other, or there is no memory for them.
    pub fn of(model: &mut Sequential<Counted>, [c, h, w]: [usize; 3]) -> Result<Self, Error> {
        sizes::fit::<Counted>("Cost::of", "the input", &[1, c, h, w])?;
        model.clear_gradients(); // adding to them would be counted
        let mut z = Tensor4::from_fn([1, c, h, w], |_, _, _, _| Counted(0.5));
        let (mut layers, mut memory) = (Vec::new(), Memory::new());
        for layer in model.layers_mut() {
            let (y, forward) = Counts::of(|| layer.forward(z, &mut memory));
            z = y?;
            layers.push(LayerCost {
                description: layer.description(),
                output: maps(&z),
                parameters: layer.parameters().iter().map(|p| p.values.len()).sum(),
                activations: z.as_slice().len(),
                forward,
                backward: Counts::default(),
            });
        }
        for (layer, cost) in model.layers_mut().iter_mut().zip(&mut layers).rev() {
            let (dz, backward) = Counts::of(|| layer.backward(&z, &mut memory));
            (z, cost.backward) = (dz?, backward);
        }
        Ok(Cost { layers })
    }

    /// The sum over all layers.
    #[must_use]
    pub fn total(&self) -> LayerCost {
        let layers = || self.layers.iter();
        LayerCost {
            description: "all".into(),
            output: String::new(),
            parameters: layers().map(|layer| layer.parameters).sum(),
            activations: layers().map(|layer| layer.activations).sum(),
            forward: layers().fold(Counts::default(), |sum, layer| sum + layer.forward),
            backward: layers().fold(Counts::default(), |sum, layer| sum + layer.backward),
        }
    }

    /// Shows the table in a notebook.
    pub fn evcxr_display(&self) {
        println!("EVCXR_BEGIN_CONTENT text/plain\n{self}\nEVCXR_END_CONTENT");
    }
}

const HEADER: [&str; 8] = ["layer", "output", "parameters", "activations", "forward", "backward", "ratio", "bytes"];

/// The table. Its multiply-adds are the multiplications: nearly every one is followed by an addition.
impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.total();
        let mut table = Table::new("<<>>>>>>");
        table.row(HEADER);
        table.rule();
        self.layers.iter().for_each(|layer| table.row(layer.cells()));
        table.rule();
        table.row(total.cells());
        writeln!(f, "{table}")?;
        writeln!(f, "\nForward:  {}.\nBackward: {}.", total.forward, total.backward)?;
        f.write_str("One sample. The columns forward and backward are multiply-adds; bytes are those of parameters and activations as f32.")
    }
}
