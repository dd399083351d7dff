//! The optimizers: from gradients to a step.
