//! The activations: one nonlinear function of every number, forward and backward.
