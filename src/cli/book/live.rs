//! The live figures of the pages: the library itself, compiled to WebAssembly, as a script beside them.

use super::write;
use crate::cli::lab::place::Place;
use anyhow::{Context, bail, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use handgrad::show::base64;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

/// What we compile for.
const TARGET: &str = "wasm32-unknown-unknown";

/// The file beside the pages. Without it they show still pictures.
const FILE: &str = "live.wasm.js";

/// What the pages call; everything that none of these needs is left out. (src/live/wasm.rs)
const EXPORTS: [&str; 9] = ["buffer", "reply", "reply_length", "open", "load", "reset", "set", "advance", "draw"];

/// Compiles the figures and writes them beside the pages; returns the size of the script in bytes.
///
/// # Errors
/// If this toolchain cannot compile for WebAssembly. Then the pages are left without the script.
pub fn bring_to_life(place: &Place, out: &Path) -> anyhow::Result<usize> {
    match fs::remove_file(out.join(FILE)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot replace {}", out.join(FILE).display()));
        }
        _ => {}
    }
    let module = compile(place)?;
    let mut zipped = GzEncoder::new(Vec::new(), Compression::best());
    zipped.write_all(&module)?;
    let script = format!("window.handgradLive=\"{}\";\n", base64(&zipped.finish()?));
    write(out, FILE, script.as_bytes())?;
    Ok(script.len())
}

/// The module's bytes.
fn compile(place: &Place) -> anyhow::Result<Vec<u8>> {
    let standard = Standard::find()?;
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(place.root()).args(["rustc", "--quiet", "--lib", "--crate-type", "staticlib"]);
    cargo.args(["--profile", "live", "--no-default-features", "--features", "live", "--target", TARGET]);
    let folder = place.root().join("target");
    cargo.arg("--target-dir").arg(&folder);
    if let Standard::Source = standard {
        // The stable compiler builds its own standard library only if it is told to behave like its next version.
        cargo.args(["-Z", "build-std=std,panic_abort"]).env("RUSTC_BOOTSTRAP", "1");
    }
    run(cargo.env_remove("RUSTFLAGS"), "cargo")?;

    let library = folder.join(TARGET).join("live/libhandgrad.a");
    let module = folder.join(TARGET).join("live/handgrad.wasm");
    let mut linker = Command::new(linker()?);
    linker.args(["-flavor", "wasm", "--no-entry", "--gc-sections", "--strip-all"]);
    linker.args(EXPORTS.map(|name| format!("--export={name}")));
    linker.arg("-o").arg(&module).arg(&library);
    run(&mut linker, "rust-lld")?;
    fs::read(&module).with_context(|| format!("cannot read {}", module.display()))
}

/// Where the standard library comes from.
enum Standard {
    /// It is installed for this target.
    Installed,
    /// It is compiled from its source, which is installed.
    Source,
}

impl Standard {
    fn find() -> anyhow::Result<Self> {
        let installed =
            || Ok::<_, anyhow::Error>(PathBuf::from(ask(["--target", TARGET, "--print", "target-libdir"])?).is_dir());
        if installed()? {
            return Ok(Standard::Installed);
        }
        let mut rustup = Command::new("rustup");
        let added = rustup.args(["target", "add", TARGET]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if added.is_ok_and(|status| status.success()) && installed()? {
            return Ok(Standard::Installed);
        }
        let source = Path::new(&ask(["--print", "sysroot"])?).join("lib/rustlib/src/rust/library/Cargo.lock");
        ensure!(
            source.is_file(),
            "the Rust toolchain has neither the target {TARGET} nor the source of the standard library (rust-src)"
        );
        Ok(Standard::Source)
    }
}

/// The toolchain's own linker.
fn linker() -> anyhow::Result<PathBuf> {
    let version = ask(["--version", "--verbose"])?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc does not name its host")?;
    let folder = Path::new(&ask(["--print", "sysroot"])?).join("lib/rustlib").join(host).join("bin");
    let linker = folder.join("rust-lld").with_extension(env::consts::EXE_EXTENSION);
    ensure!(linker.is_file(), "the Rust toolchain has no linker at {}", linker.display());
    Ok(linker)
}

/// What rustc answers.
fn ask<const N: usize>(arguments: [&str; N]) -> anyhow::Result<String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let output = Command::new(&rustc).args(arguments).output().context("cannot run rustc")?;
    ensure!(output.status.success(), "rustc {} failed", arguments.join(" "));
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs a command whose output is of interest only if it fails.
fn run(command: &mut Command, name: &str) -> anyhow::Result<()> {
    let output = command.output().with_context(|| format!("cannot run {name}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let error = text.lines().find(|line| line.starts_with("error")).unwrap_or("no reason was given");
    bail!("{name} failed: {error}")
}
