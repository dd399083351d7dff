//! The set-up for the notebooks, step by step.
//!
//! Each finished step leaves a stamp: the pin that it was done for. A step with a current stamp is skipped; one whose
//! pin has changed, or that was interrupted, is done again (a build continues where it stopped).

use super::driver::{self, each_line};
use super::kernel;
use super::place::Place;
use super::progress::Progress;
use anyhow::{Context, bail};
use handgrad::files;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};

/// Every package of the virtual environment with its version, for every Python from 3.9 on.
const REQUIREMENTS: &str = include_str!("requirements.txt");
/// Settings that keep JupyterLab from fetching news and looking for updates.
const OVERRIDES: &str = include_str!("overrides.json");
/// Which of the kernel's crates are compiled with optimisation.
const EVCXR_PROFILE: &str = include_str!("evcxr_profile.toml");
/// The cell with which a notebook begins.
const FIRST_CELL: &str = include_str!("first_cell.rs");

const OLDEST_PYTHON: (u32, u32) = (3, 9);
const EVCXR: &str = "0.22.0";
const OLDEST_RUST: (u32, u32) = (1, 95); // evcxr 0.22's own floor

/// How pip and cargo report that they cannot reach their registries.
const NETWORK: [&str; 9] = [
    "NewConnectionError",
    "NameResolutionError",
    "Temporary failure in name resolution",
    "Could not resolve",
    "Couldn't resolve",
    "Failed to connect",
    "Could not connect",
    "Network is unreachable",
    "from versions: none",
];

/// Does every step that is not done yet.
pub fn set_up(place: &Place) -> anyhow::Result<()> {
    steps(place).map_err(|error| explained(place, error))
}

/// Whether the last step was done once, though perhaps for another toolchain.
pub fn was_set_up(place: &Place) -> bool {
    place.lab("stamps/warm").exists()
}

/// Shows a page in the reader's browser. Where there is none, nothing happens.
pub fn open_in_browser(page: &Path) -> anyhow::Result<()> {
    let python = python()?;
    let mut browser = Command::new(python[0]);
    browser.args(&python[1..]).args(["-m", "webbrowser"]).arg(format!("file://{}", page.display()));
    let browser = browser.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    browser.context("Python does not start")?;
    Ok(())
}

fn steps(place: &Place) -> anyhow::Result<()> {
    fs::create_dir_all(place.lab("stamps"))?;
    let lock = File::create(place.lab("lock"))?;
    if lock.try_lock().is_err() {
        eprintln!("  another set-up is running in this project; waiting for it to finish");
        lock.lock()?;
    }
    let root = place.root().display(); // a virtual environment does not survive a move

    step(place, "venv", &format!("{root}"), "a Python environment for Jupyter", place.python().exists(), |progress| {
        let python = python()?;
        let mut venv = Command::new(python[0]);
        venv.args(&python[1..]).args(["-m", "venv", "--clear"]).arg(place.lab("venv"));
        watch(place, "venv", venv, progress, &mut |_| None)?;
        Ok(fs::remove_file(place.lab("stamps/packages")).or_else(missing_is_fine)?)
    })?;

    let pin = format!("{root} {:016x}", hash(&(REQUIREMENTS, OVERRIDES)));
    step(place, "packages", &pin, "JupyterLab (about half a minute, once)", true, |progress| {
        let requirements = place.lab("requirements.txt");
        files::write(&requirements, REQUIREMENTS.as_bytes())?;
        let mut pip = place.jupyter(["-m", "pip", "install", "--no-cache-dir", "--no-input", "--progress-bar=off"]);
        pip.args(["--disable-pip-version-check", "--requirement"]).arg(&requirements);
        watch(place, "pip", pip, progress, &mut |line| Some(line.to_owned()))?;
        let settings = place.lab("venv/share/jupyter/lab/settings");
        fs::create_dir_all(&settings)?;
        files::write(settings.join("overrides.json"), OVERRIDES.as_bytes())?;
        Ok(())
    })?;

    if std::env::var_os("HANDGRAD_EVCXR").is_none() {
        let pin = format!("{EVCXR} {:016x}", hash(&EVCXR_PROFILE));
        let title = format!("the Rust kernel, evcxr {EVCXR} (about five minutes, once)");
        step(place, "evcxr", &pin, &title, place.evcxr().exists(), |progress| build_kernel(place, progress))?;
    }

    standard_library()?;
    kernel::configure(place)?;
    write_kernel_spec(place)?;
    write_style(place)?;

    let rust = text_of(Command::new("rustc").arg("--version"))?;
    let lock_file = fs::read_to_string(place.root().join("Cargo.lock"))?;
    let crate_itself = library(&place.root().join("src"))?;
    let pin = format!("{root} {:016x}", hash(&(rust, lock_file, crate_itself, include_str!("cells.toml"))));
    let warm = place.lab("kernels/warm");
    step(place, "warm", &pin, "the crates that notebooks use (about a minute, once)", warm.exists(), |progress| {
        fs::create_dir_all(&warm)?;
        let progress = Arc::clone(progress);
        driver::warm(place, &warm, FIRST_CELL, move |line| progress.at(&line))?;
        Ok(kernel::remove_copies(place)?)
    })
}

/// Does `work` unless its stamp shows that it is done.
fn step(
    place: &Place,
    name: &str,
    pin: &str,
    title: &str,
    there: bool,
    work: impl FnOnce(&Arc<Progress>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let stamp = place.lab("stamps").join(name);
    if there && fs::read_to_string(&stamp).is_ok_and(|done| done == pin) {
        return Ok(());
    }
    let progress = Arc::new(Progress::begin(title));
    work(&progress)?;
    files::write(&stamp, pin.as_bytes())?;
    progress.end(title);
    Ok(())
}

/// The two common external failures, each in one sentence with what to do.
fn explained(place: &Place, error: anyhow::Error) -> anyhow::Error {
    let text = format!("{error:#}");
    let is = |signs: &[&str]| signs.iter().any(|sign| text.contains(sign));
    if is(&["No space left", "not enough space", "StorageFull", "Disk quota exceeded"]) {
        return anyhow::anyhow!(
            "the disk is full: free about 4 GB at {} and run this command again; it continues where it stopped",
            place.root().display()
        );
    }
    if is(&NETWORK) {
        return anyhow::anyhow!(
            "the package registries cannot be reached: connect to the network and run this command again, \
             it continues where it stopped ({text})"
        );
    }
    error
}

/// A command for a Python that can create virtual environments, or what the reader must install.
fn python() -> anyhow::Result<Vec<&'static str>> {
    const QUESTION: &str = "import sys; print('%d.%d' % sys.version_info[:2]); import venv, ensurepip";
    let candidates: &[&[&str]] = if cfg!(windows) {
        &[&["py", "-3"], &["python"], &["python3"]]
    } else {
        &[
            &["python3"],
            &["python"],
            &["python3.14"],
            &["python3.13"],
            &["python3.12"],
            &["python3.11"],
            &["python3.10"],
            &["python3.9"],
        ]
    };
    let (oldest, mut too_old, mut without_venv) = (format!("{}.{}", OLDEST_PYTHON.0, OLDEST_PYTHON.1), None, None);
    for candidate in candidates {
        let Ok(answer) = Command::new(candidate[0]).args(&candidate[1..]).args(["-c", QUESTION]).output() else {
            continue;
        };
        let version = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
        match version.split_once('.').map(|(major, minor)| (major.parse(), minor.parse())) {
            Some((Ok(major), Ok(minor))) if (major, minor) < OLDEST_PYTHON => too_old = too_old.or(Some(version)),
            Some((Ok::<u32, _>(_), Ok::<u32, _>(_))) if !answer.status.success() => {
                without_venv = without_venv.or(Some(version));
            }
            Some((Ok(_), Ok(_))) => return Ok(candidate.to_vec()),
            _ => {}
        }
    }
    match (without_venv, too_old) {
        (Some(version), _) => bail!(
            "Python {version} cannot make virtual environments: install its venv module \
             (on Debian and Ubuntu: sudo apt install python{version}-venv), then run this command again"
        ),
        (None, Some(version)) => bail!(
            "Python {version} is too old for JupyterLab: install Python {oldest} or newer \
             (https://www.python.org/downloads/), then run this command again"
        ),
        (None, None) => bail!(
            "no Python was found: install Python {oldest} or newer (https://www.python.org/downloads/), \
             then run this command again"
        ),
    }
}

/// The kernel that `cargo install` has put on this machine before, if it is of the right version.
fn installed_kernel() -> Option<PathBuf> {
    let list = text_of(Command::new("cargo").args(["install", "--list"])).ok()?;
    let home = std::env::home_dir().map(|home| home.join(".cargo"));
    let set = |variable| std::env::var_os(variable).map(PathBuf::from);
    let root = set("CARGO_INSTALL_ROOT").or_else(|| set("CARGO_HOME")).or(home)?;
    let program = root.join("bin/evcxr_jupyter").with_extension(std::env::consts::EXE_EXTENSION);
    let is_listed = list.lines().any(|line| line == format!("evcxr_jupyter v{EVCXR}:"));
    (is_listed && program.is_file()).then_some(program)
}

/// Copies an installed kernel, or compiles one. An interrupted build keeps what it has compiled.
fn build_kernel(place: &Place, progress: &Progress) -> anyhow::Result<()> {
    if let Some(installed) = installed_kernel() {
        progress.at(&format!("copying {}", installed.display()));
        fs::create_dir_all(place.lab("evcxr/bin"))?;
        fs::copy(&installed, place.evcxr()).with_context(|| format!("cannot copy {}", installed.display()))?;
        return Ok(());
    }
    let version = text_of(Command::new("rustc").arg("--version"))?;
    let number = |part: Option<&str>| part.and_then(|digits| digits.parse::<u32>().ok()).unwrap_or(0);
    let mut parts = version.split_whitespace().nth(1).unwrap_or_default().split('.');
    let rust = (number(parts.next()), number(parts.next()));
    anyhow::ensure!(
        rust >= OLDEST_RUST,
        "the Rust kernel needs Rust {}.{} or newer, and this is {}.{}: run `rustup update stable`, then this command again",
        OLDEST_RUST.0,
        OLDEST_RUST.1,
        rust.0,
        rust.1
    );
    let (profile, target) = (place.lab("evcxr_profile.toml"), place.lab("evcxr/build"));
    files::write(&profile, EVCXR_PROFILE.as_bytes())?;
    let mut cargo = Command::new("cargo");
    cargo
        .args(["install", "--locked", "--force", "--root"])
        .arg(place.lab("evcxr"))
        .arg("--target-dir")
        .arg(&target)
        .arg("--config")
        .arg(&profile)
        .arg(format!("evcxr_jupyter@={EVCXR}"))
        .env("CARGO_TERM_PROGRESS_WHEN", "always")
        .env("CARGO_TERM_PROGRESS_WIDTH", "80");
    for variable in ["CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_INCREMENTAL"] {
        cargo.env_remove(variable);
    }
    watch(place, "evcxr", cargo, progress, &mut compiled)?;
    fs::remove_dir_all(&target)?;
    Ok(())
}

/// Makes sure that the standard library's sources are installed: the kernel needs them to find a variable's type. It
/// would fetch them through rustup silently; this step shows the reader what is installed.
fn standard_library() -> anyhow::Result<()> {
    if std::env::var_os("RUST_SRC_PATH").is_some_and(|sources| Path::new(&sources).join("core").is_dir()) {
        return Ok(());
    }
    let sysroot = text_of(Command::new("rustc").args(["--print", "sysroot"]))?;
    let sources = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library");
    if sources.is_dir() {
        return Ok(());
    }
    let title = "the standard library's sources, added to your Rust toolchain by `rustup component add rust-src`";
    let progress = Progress::begin(title);
    let rustup = Command::new("rustup").args(["component", "add", "rust-src"]).output();
    if !sources.is_dir() {
        let said =
            rustup.map_or_else(|error| error.to_string(), |output| String::from_utf8_lossy(&output.stderr).into());
        let reason = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default().trim();
        bail!(
            "the Rust kernel needs the standard library's sources, and rustup could not add them ({reason}): run \
             `rustup component add rust-src` where its server can be reached, or name a folder that holds them in \
             RUST_SRC_PATH, then run this command again"
        );
    }
    progress.end(title);
    Ok(())
}

/// "compiling 231 of 412: serde" from cargo's progress bar, `Building [====> ] 231/412: serde`.
fn compiled(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("Building [")?.1.split_once("] ")?;
    let (numbers, crates) = rest.split_once(':').unwrap_or((rest, ""));
    let (done, all) = numbers.trim().split_once('/')?;
    Some(format!("compiling {done} of {all}:{crates}"))
}

/// The kernel's description, which tells Jupyter how to start it: through this program, which gives it a folder.
fn write_kernel_spec(place: &Place) -> anyhow::Result<()> {
    let folder = place.lab("jupyter/data/kernels/rust");
    fs::create_dir_all(&folder)?;
    let spec = serde_json::json!({
        "argv": [std::env::current_exe()?, "lab", "--kernel", "{connection_file}"],
        "display_name": "Rust",
        "interrupt_mode": "message",
        "language": "rust",
    });
    Ok(files::write(folder.join("kernel.json"), format!("{spec:#}\n").as_bytes())?)
}

/// JupyterLab's style: figures that follow its theme, folded outputs that give nothing away.
fn write_style(place: &Place) -> anyhow::Result<()> {
    let folder = place.lab("jupyter/config/custom");
    fs::create_dir_all(&folder)?;
    Ok(files::write(folder.join("custom.css"), include_bytes!("custom.css"))?)
}

/// Runs a command to its end, shows what `show` makes of its lines, logs all of them, and turns a failure into one
/// sentence.
fn watch(
    place: &Place,
    name: &str,
    mut command: Command,
    progress: &Progress,
    show: &mut dyn FnMut(&str) -> Option<String>,
) -> anyhow::Result<()> {
    let program = command.get_program().to_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{} does not start", Path::new(&program).display()))?;
    fs::create_dir_all(place.lab("logs"))?;
    let log_path = place.lab("logs").join(format!("{name}.log"));
    let mut log = File::create(&log_path)?;
    let (lines, said) = mpsc::channel();
    for stream in [child.stdout.take().map(boxed), child.stderr.take().map(boxed)].into_iter().flatten() {
        let lines = lines.clone();
        std::thread::spawn(move || each_line(stream, |line| lines.send(line).is_ok()));
    }
    drop(lines);
    let mut errors = Vec::new();
    for line in said {
        writeln!(log, "{line}")?;
        if let Some(what) = show(&line) {
            progress.at(&what);
        }
        if is_error(&line) {
            errors.push(line);
        }
    }
    if child.wait()?.success() {
        return Ok(());
    }
    let first = errors.first().map_or("it gave no reason", |line| line.trim());
    bail!("{first} (full output in {})", log_path.display())
}

/// Whether a command's line tells an error. (A crate that is downloaded may be called thiserror.)
fn is_error(line: &str) -> bool {
    line.trim_start().to_lowercase().starts_with("error") || line.contains("No space left")
}

fn boxed(stream: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    Box::new(stream)
}

/// A command's output.
fn text_of(command: &mut Command) -> anyhow::Result<String> {
    let program = Path::new(command.get_program()).display().to_string();
    let output = command.output().with_context(|| format!("{program} does not start"))?;
    anyhow::ensure!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// The files of the library, which the warm folder holds compiled, and what they contain. Those of the program are not.
fn library(folder: &Path) -> anyhow::Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && !path.ends_with("src/cli") {
            files.extend(library(&path)?);
        } else if path.is_file() {
            files.insert(path.clone(), fs::read(path)?);
        }
    }
    Ok(files)
}

/// A file that should go, and is not there.
pub fn missing_is_fine(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use super::is_error;

    #[test]
    fn an_error_is_told_from_a_crate_with_error_in_its_name() {
        for line in [
            "error: could not compile",
            "error[E0308]: mismatched types",
            "ERROR: No matching distribution",
            " No space left on device",
        ] {
            assert!(is_error(line), "{line}");
        }
        for line in ["  Downloaded thiserror v1.0.69", "   Compiling thiserror v2.0.18", "warning: unused"] {
            assert!(!is_error(line), "{line}");
        }
    }
}
