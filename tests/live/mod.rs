//! The live figures: what they show at their settings.

mod mistake;
