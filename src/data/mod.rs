//! What networks are trained on: MNIST from its own files, and generators.
