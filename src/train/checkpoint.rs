use super::{Epoch, History, Training};
use crate::data::DataError;
use crate::model::weights::{Stored, Tensor, Tensors, read, write};
use crate::optim::State;
use serde_json::{Value, json};
use std::path::Path;

/// The key of the file's note, which holds everything that is not a tensor.
const NOTE: &str = "handgrad.training";

impl<T: Stored> Training<T> {
    /// Writes the model, the optimizer and the history to a safetensors file, from which [`resume`](Self::resume)
    /// continues. The weights are named `model.0.weight`, …
    ///
    /// # Errors
    /// If the file cannot be written, or if the optimizer has not taken as many steps as the training, because it took
    /// some before or was replaced. An existing file is then left as it was.
    pub fn save(&self, file: impl AsRef<Path>) -> Result<(), DataError> {
        let State { steps, memories } = self.optimizer.state();
        check_steps(steps, self.history.losses.len())
            .map_err(|(expected, found)| DataError::new(file.as_ref(), expected, found))?;
        let weights = self.model.tensors("model.");
        let memories = memories.iter().enumerate().map(|(i, m)| Tensor::rows(&format!("optimizer.{i}"), m, 1));
        let History { losses, epochs, seconds } = &self.history;
        let epochs: Vec<f64> = epochs.iter().flat_map(|e| [e.loss, e.test_loss, e.accuracy, e.seconds]).collect();
        let history = [
            Tensor::rows("history.losses", losses, 1),
            Tensor::rows("history.epochs", &epochs, 4),
            Tensor::rows("history.seconds", &[*seconds], 1),
        ];
        let note = json!({
            "about": self.about,
            "layers": self.layers(),
            "optimizer": self.optimizer.name(),
            "batch": self.plan.batch,
            "seed": self.plan.seed,
            "samples": self.samples,
            "steps": steps,
            "memories": memories.len(),
        });
        let tensors = weights.chain(memories).chain(history).collect();
        write(file.as_ref(), tensors, Some((NOTE, note.to_string())))
    }

    /// Restores the state that [`save`](Self::save) wrote for a training with the same layers, the same kind of
    /// optimizer and the same plan. [`fit`](Self::fit) on the same data then continues, bit for bit. The loss, the
    /// learning rate and the optimizer's other settings are not in the file; they stay as they are here. Use
    /// [`about`](Self::about) to record them.
    ///
    /// # Errors
    /// If the file is not one that `save` wrote for such a training. This training is then unchanged.
    pub fn resume(&mut self, file: impl AsRef<Path>) -> Result<(), DataError> {
        let bytes = read(file.as_ref())?;
        let mut tensors = Tensors::parse(file.as_ref(), &bytes)?;
        let note = tensors.note(NOTE).and_then(|note| serde_json::from_str::<Value>(note).ok());
        let foreign = || tensors.error("a checkpoint of a training".into(), "a file without such a note".into());
        let note = note.ok_or_else(foreign)?;
        let number = |key: &str| {
            let missing = || tensors.error(format!("a checkpoint of a training, with the number {key}"), "none".into());
            note[key].as_u64().ok_or_else(missing)
        };
        let about = note["about"].as_str().unwrap_or_default();
        if about != self.about {
            return Err(tensors.error(format!("a training about {:?}", self.about), format!("one about {about:?}")));
        }
        for (key, here) in [("layers", self.layers()), ("optimizer", self.optimizer.name())] {
            let there = note[key].as_str().unwrap_or_default();
            if there != here {
                return Err(tensors.error(format!("a training with the {key} {here}"), format!("the {key} {there}")));
            }
        }
        for (key, here) in [("batch", self.plan.batch as u64), ("seed", self.plan.seed)] {
            let there = number(key)?;
            if there != here {
                return Err(tensors.error(format!("a training with the {key} {here}"), format!("the {key} {there}")));
            }
        }
        let (steps, kept, samples) = (number("steps")?, number("memories")? as usize, number("samples")? as usize);

        let parameters = tensors.take_parameters(&self.model, "model.")?;
        let buffers = tensors.take_buffers(&self.model, "model.")?;
        let column = |shape: &[usize]| shape.len() == 2 && shape[1] == 1;
        let kinds = (kept / parameters.len().max(1)).max(1);
        if kept % parameters.len().max(1) != 0 || kept > 0 && parameters.is_empty() {
            let expected = format!("as many memories of the optimizer for each of {} parameters", parameters.len());
            return Err(tensors.error(expected, format!("{kept} in all")));
        }
        let memories: Result<Vec<_>, _> = (0..kept)
            .map(|i| {
                let len = parameters.get(i / kinds).map_or(0, Vec::len);
                tensors.take::<T>(&format!("optimizer.{i}"), |shape| shape == [len, 1], &format!("[{len}, 1]"))
            })
            .collect();
        let losses: Vec<f64> = tensors.take("history.losses", column, "[any, 1]")?;
        let epochs: Vec<f64> = tensors.take("history.epochs", |shape| shape.len() == 2 && shape[1] == 4, "[any, 4]")?;
        let seconds: Vec<f64> = tensors.take("history.seconds", |shape| shape == [1, 1], "[1, 1]")?;
        tensors.finish()?;
        let (made, over) = (losses.len(), epochs.len() / 4);
        let whole = samples.div_ceil(self.plan.batch.max(1));
        if made < over.saturating_mul(whole) || made > (over + 1).saturating_mul(whole) {
            let expected = format!("{over} epochs of {whole} steps and a part of the next");
            return Err(tensors.error(expected, format!("{made} steps")));
        }
        check_steps(steps, made).map_err(|(expected, found)| tensors.error(expected, found))?;
        let epochs = epochs.as_chunks().0.iter().enumerate();
        let epochs = epochs
            .map(|(i, &[loss, test_loss, accuracy, seconds])| Epoch {
                number: i + 1,
                loss,
                test_loss,
                accuracy,
                seconds,
            })
            .collect();
        self.optimizer
            .restore(State { steps, memories: memories? })
            .map_err(|error| tensors.error("the state of such an optimizer".into(), error.to_string()))?;

        self.model.set_parameters(parameters);
        self.model.set_buffers(buffers);
        self.history = History { losses, epochs, seconds: seconds[0] };
        self.samples = samples;
        Ok(())
    }

    /// The descriptions of the layers, in order.
    fn layers(&self) -> String {
        self.model.layers().iter().map(|layer| layer.description()).collect::<Vec<_>>().join(", ")
    }
}

/// `Ok` if the optimizer has taken as many steps as the training; otherwise what was expected and what was found.
fn check_steps(taken: u64, made: usize) -> Result<(), (String, String)> {
    if taken == made as u64 {
        return Ok(());
    }
    Err((
        format!("an optimizer that has taken the {made} steps of its training"),
        format!("one that has taken {taken}"),
    ))
}
