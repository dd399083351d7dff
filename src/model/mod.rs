//! Layers that own their weights, and the networks made of them.
