//! The training loop: mini-batches, evaluation, history, checkpoints.
