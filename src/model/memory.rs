//! What a forward saves for its backward.

use crate::kernels::memory::give_back;
use crate::{Error, Float, Tensor4};

/// A stack. Every forward pushes what its backward needs, and the backward pops it.
///
/// So the backwards run in the reverse order of the forwards, as in the chain rule. A layer called T times pushes T
/// times; that is all that weight sharing needs.
///
/// ```
/// use handgrad::prelude::*;
/// let mut layer = Dense::of(dmatrix![2.0]);
/// let mut memory = Memory::new();
/// layer.forward(Tensor4::from_vectors(dmatrix![3.0]), &mut memory)?; // y₁ = 2·3
/// layer.forward(Tensor4::from_vectors(dmatrix![5.0]), &mut memory)?; // y₂ = 2·5
/// layer.backward(&Tensor4::from_vectors(dmatrix![1.0]), &mut memory)?; // for y₂
/// layer.backward(&Tensor4::from_vectors(dmatrix![10.0]), &mut memory)?; // for y₁
/// assert_eq!(layer.parameters()[0].gradient, [1.0 * 5.0 + 10.0 * 3.0]);
/// assert!(memory.is_empty());
/// # Ok::<(), Error>(())
/// ```
#[must_use]
#[derive(Debug)]
pub struct Memory<T> {
    entries: Vec<Entry<T>>,
}

/// What one forward pushed, and the kind of layer that pushed it.
#[derive(Debug)]
struct Entry<T> {
    layer: &'static str,
    kept: Kept<T>,
}

#[derive(Debug)]
enum Kept<T> {
    Tensor(Tensor4<T>),
    Shape([usize; 4]),
    /// How many entries there were before the forwards inside a layer made of layers.
    Start(usize),
}

impl<T: Float> Memory<T> {
    /// An empty memory.
    pub fn new() -> Self {
        Memory { entries: Vec::new() }
    }

    /// Whether every forward has had its backward.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.cut(0);
    }

    /// Remembers a tensor for the backward of a layer of this kind.
    pub fn push(&mut self, layer: &'static str, z: Tensor4<T>) {
        self.entries.push(Entry { layer, kept: Kept::Tensor(z) });
    }

    /// The tensor that the last forward pushed.
    ///
    /// # Errors
    /// If nothing is remembered, or the last forward belonged to another kind of layer.
    pub fn pop(&mut self, layer: &'static str) -> Result<Tensor4<T>, Error> {
        self.take(layer, |kept| if let Kept::Tensor(z) = kept { Ok(z) } else { Err(kept) })
    }

    /// Remembers a shape, for a layer that needs nothing more.
    pub fn push_shape(&mut self, layer: &'static str, shape: [usize; 4]) {
        self.entries.push(Entry { layer, kept: Kept::Shape(shape) });
    }

    /// The shape that the last forward pushed.
    ///
    /// # Errors
    /// As for [`pop`](Self::pop).
    pub fn pop_shape(&mut self, layer: &'static str) -> Result<[usize; 4], Error> {
        self.take(layer, |kept| if let Kept::Shape(shape) = kept { Ok(shape) } else { Err(kept) })
    }

    /// Runs the forwards of the layers inside a layer. If one fails, none of them is remembered.
    ///
    /// # Errors
    /// Those of `forwards`.
    pub fn forwards<R, E>(
        &mut self,
        layer: &'static str,
        forwards: impl FnOnce(&mut Self) -> Result<R, E>,
    ) -> Result<R, E> {
        let start = self.entries.len();
        let result = forwards(self);
        match result {
            Ok(_) => self.entries.push(Entry { layer, kept: Kept::Start(start) }),
            Err(_) => self.cut(start),
        }
        result
    }

    /// Runs the backwards that belong to the last [`forwards`](Self::forwards). Afterwards, nothing of those forwards
    /// is remembered, whether or not all of it was used.
    ///
    /// # Errors
    /// If nothing is remembered, the last forward belonged to another kind of layer, or `backwards` fails.
    pub fn backwards<R>(
        &mut self,
        layer: &'static str,
        backwards: impl FnOnce(&mut Self) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let start = self.take(layer, |kept| if let Kept::Start(start) = kept { Ok(start) } else { Err(kept) })?;
        let result = backwards(self);
        self.cut(start);
        result
    }

    /// Takes the last entry if it belongs to this layer and `kept` accepts it.
    fn take<R>(&mut self, layer: &'static str, kept: impl FnOnce(Kept<T>) -> Result<R, Kept<T>>) -> Result<R, Error> {
        let Some(last) = self.entries.pop() else {
            let rule = "forward must come first: backward needs what it remembers";
            return Err(Error::Order { function: layer, found: "backward without a forward".into(), rule });
        };
        let other = last.layer;
        let unwanted = if other == layer { kept(last.kept) } else { Err(last.kept) };
        unwanted.map_err(|kept| {
            self.entries.push(Entry { layer: other, kept });
            let rule = "backwards must come in the reverse order of the forwards";
            let found = format!("backward, but the last forward belonged to {other}");
            Error::Order { function: layer, found, rule }
        })
    }

    /// Forgets all but the first `length` entries.
    fn cut(&mut self, length: usize) {
        for entry in self.entries.drain(length.min(self.entries.len())..) {
            if let Kept::Tensor(z) = entry.kept {
                give_back(z.into_matrix());
            }
        }
    }
}

impl<T: Float> Default for Memory<T> {
    fn default() -> Self {
        Self::new()
    }
}
