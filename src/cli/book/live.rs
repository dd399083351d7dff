//! The live figures of the pages: the library itself, compiled to WebAssembly, as scripts beside them.
//!
//! Each page has its own script, with what its figures need of the library and nothing else.

use crate::cli::lab::place::Place;
use crate::cli::lab::setup::missing_is_fine;
use anyhow::{Context, bail, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use handgrad::files;
use handgrad::show::base64;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

/// What we compile for.
const TARGET: &str = "wasm32-unknown-unknown";

/// What a page calls besides the functions that open its figures; whatever none of these needs is left out.
/// (src/live/wasm.rs)
const EXPORTS: [&str; 9] = ["buffer", "reply", "reply_length", "load", "reset", "set", "advance", "draw", "note"];

/// Compiles the figures of the pages in a folder and writes a script beside each page that has some; returns the bytes of
/// all of them.
///
/// # Errors
/// If this toolchain cannot compile for WebAssembly. Then the pages are left without the scripts, and show still pictures.
pub fn bring_to_life(place: &Place, out: &Path) -> anyhow::Result<usize> {
    let mut scripts = Vec::new();
    for entry in fs::read_dir(out).with_context(|| format!("cannot read {}", out.display()))? {
        let page = entry?.path();
        if page.extension().is_some_and(|extension| extension == "html") {
            let figures = figures(&fs::read_to_string(&page)?);
            let script = out.join(script(&page.file_stem().unwrap_or_default().to_string_lossy()));
            fs::remove_file(&script).or_else(missing_is_fine)?;
            if !figures.is_empty() {
                scripts.push((script, figures));
            }
        }
    }
    let library = compile(place)?;
    let linker = linker()?;
    let mut size = 0;
    for (script, figures) in scripts {
        let mut zipped = GzEncoder::new(Vec::new(), Compression::best());
        zipped.write_all(&link(&linker, &library, &figures)?)?;
        let text = format!("window.handgradLive = \"{}\";\n", base64(&zipped.finish()?));
        files::write(script, text.as_bytes())?;
        size += text.len();
    }
    Ok(size)
}

/// The script of a page, by the page's name.
pub fn script(page: &str) -> String {
    format!("live-{page}.js")
}

/// The names of a page's figures.
fn figures(html: &str) -> BTreeSet<String> {
    let queries = html.split("<figure data-live=\"").skip(1);
    queries.filter_map(|rest| Some(rest.split(['?', '"']).next()?.to_owned())).collect()
}

/// The library, compiled for WebAssembly.
fn compile(place: &Place) -> anyhow::Result<PathBuf> {
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
    // Every browser since 2023 has these instructions; a training is more than twice as fast with them.
    cargo.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", "-C target-feature=+simd128");
    run(&mut cargo, "cargo")?;
    Ok(folder.join(TARGET).join("live/libhandgrad.a"))
}

/// A module that has these figures.
fn link(linker: &Path, library: &Path, figures: &BTreeSet<String>) -> anyhow::Result<Vec<u8>> {
    let module = library.with_file_name("page.wasm");
    let mut command = Command::new(linker);
    command.args(["-flavor", "wasm", "--no-entry", "--gc-sections", "--strip-all"]);
    command.args(EXPORTS.map(|name| format!("--export={name}")));
    command.args(figures.iter().map(|name| format!("--export=open_{name}")));
    command.arg("-o").arg(&module).arg(library);
    run(&mut command, "rust-lld")?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_needs_the_figures_that_it_shows() {
        let page = "<figure data-live=\"descent?rate=1\"></figure><figure><p>data-live</p></figure>\
                    <figure data-live=\"step\" data-x=\"\"></figure><figure data-live=\"descent\"></figure>";
        assert_eq!(figures(page).into_iter().collect::<Vec<_>>(), ["descent", "step"]);
        assert!(figures("<figure class=\"hero\">").is_empty());
    }
}
