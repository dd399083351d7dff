//! The proofs: a backward compared with its own forward, in every entry.
