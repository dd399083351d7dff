//! The tests, in one program: a module for each part of the crate, named as the part is.
//!
//! `cargo test layers` runs those of a part. Two are programs of their own: `memory.rs`, which counts what is asked of the
//! allocator, and `mnist.rs`, which reads the training images that a published package does not hold.

mod activations;
mod cards;
mod check;
#[cfg(feature = "cli")]
mod commands;
mod counted;
mod data;
mod dual;
mod exercise;
mod grids;
mod house;
mod init;
mod instances;
mod interval;
mod layers;
mod live;
mod losses;
mod mini;
mod optim;
mod reference;
mod show;
mod symbolic;
mod traced;
#[cfg(feature = "checkpoint")]
mod training;

/// A file that is not named here is not compiled, and its tests would pass unseen.
#[test]
fn every_file_is_a_module() -> std::io::Result<()> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let named = include_str!("main.rs");
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let is_module = path.join("mod.rs").is_file() || path.extension().is_some_and(|extension| extension == "rs");
        let Some(name) = path.file_stem().and_then(|name| name.to_str()).filter(|_| is_module) else { continue };
        let is_program = ["main", "memory", "mnist"].contains(&name);
        assert!(is_program || named.contains(&format!("\nmod {name};\n")), "tests/main.rs does not name {name}");
    }
    Ok(())
}
