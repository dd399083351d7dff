//! The Rust kernel, started in a warm folder: one with the dependencies already compiled.
//!
//! The kernel compiles each cell as a small crate in a folder of its own, and would compile nalgebra, plotters and the
//! rest again for every notebook. So `cargo lab` compiles them once, in `.lab/kernels/warm`, and every kernel gets the
//! first free copy of it: `.lab/kernels/0`, `1`, … A lock, held while the kernel runs, marks a folder as taken. A
//! used folder is reused, and cargo's fingerprints tell what in it is out of date.

use super::place::Place;
use anyhow::Context;
use handgrad::files;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// Names the folder that a kernel must take, even if it is in use: this is how the warm folder is filled.
pub const FOLDER: &str = "HANDGRAD_KERNEL_FOLDER";
/// Set where a panic must be an error.
pub const STRICT: &str = "HANDGRAD_KERNEL_STRICT";

/// For the kernel of `cargo notebooks`: a panic is an error of its cell, not a message that is easy to overlook.
/// (The kernel of `cargo lab` keeps its default: after a panic the reader's variables are still there.)
const PANIC_IS_AN_ERROR: &str = "preserve_vars_on_panic = false\n";

/// Writes what kernels and cargo read at their start.
pub fn configure(place: &Place) -> anyhow::Result<()> {
    fs::create_dir_all(place.lab("kernels/.cargo"))?;
    fs::create_dir_all(place.lab("kernels/strict"))?;
    fs::create_dir_all(place.lab("kernels/default"))?;
    let settings = include_str!("evcxr.toml");
    files::write(place.lab("kernels/.cargo/config.toml"), include_bytes!("cells.toml"))?;
    files::write(place.lab("kernels/default/evcxr.toml"), settings.as_bytes())?;
    files::write(place.lab("kernels/strict/evcxr.toml"), format!("{settings}{PANIC_IS_AN_ERROR}").as_bytes())?;
    Ok(())
}

/// Runs the kernel that Jupyter asked for, until it ends.
pub fn run(place: &Place, connection: &Path) -> anyhow::Result<ExitCode> {
    let (folder, _lock) = match std::env::var_os(FOLDER) {
        Some(folder) => (folder.into(), None),
        None => take(&place.lab("kernels")).map(|(folder, lock)| (folder, Some(lock)))?,
    };
    let strict = std::env::var_os(STRICT).is_some();
    let mut kernel = Command::new(place.evcxr());
    kernel
        .arg("--control_file")
        .arg(connection)
        .env("EVCXR_TMPDIR", folder)
        .env("EVCXR_CONFIG_DIR", place.lab(if strict { "kernels/strict" } else { "kernels/default" }))
        .stdout(Stdio::null()); // the kernel prints there which configuration it reads
    // These would change how cells are built, without a trace in the configuration.
    for variable in ["CARGO_INCREMENTAL", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        kernel.env_remove(variable);
    }
    let status = kernel.status().with_context(|| format!("the kernel {} does not start", place.evcxr().display()))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The first free folder, copied from the warm one if it is new, and its lock.
fn take(kernels: &Path) -> anyhow::Result<(PathBuf, File)> {
    for number in 0.. {
        let folder = kernels.join(number.to_string());
        let lock = File::create(kernels.join(format!("{number}.lock")))?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => continue,
            taken => taken?,
        }
        if !folder.exists() {
            let partial = kernels.join(format!("{number}.partial"));
            if partial.exists() {
                fs::remove_dir_all(&partial)?;
            }
            copy(&kernels.join("warm"), &partial)?;
            fs::rename(&partial, &folder)?;
        }
        return Ok((folder, lock));
    }
    unreachable!("the range has no end")
}

/// Removes the unused copies, because there is a new warm folder.
pub fn remove_copies(place: &Place) -> std::io::Result<()> {
    for number in 0.. {
        let lock = place.lab("kernels").join(format!("{number}.lock"));
        let folder = lock.with_extension("");
        if !lock.exists() {
            break;
        }
        if File::open(lock)?.try_lock().is_ok() && folder.exists() {
            fs::remove_dir_all(folder)?;
        }
    }
    Ok(())
}

/// Copies a folder with its files' times, by which cargo tells what is out of date.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
            File::options().write(true).open(&target)?.set_modified(entry.metadata()?.modified()?)?;
        }
    }
    Ok(())
}
