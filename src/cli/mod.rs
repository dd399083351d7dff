//! The commands, one file each: its flags and what it does.

pub mod book;
pub mod certify;
pub mod cost;
pub mod lab;
pub mod live;
pub mod notebooks;
pub mod plots;
pub mod train;
