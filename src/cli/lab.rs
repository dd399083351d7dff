//! `handgrad lab`: JupyterLab with a Rust kernel, entirely inside the project.

pub mod driver;
pub mod kernel;
pub mod place;
pub mod progress;
pub mod setup;

use super::book;
use anyhow::Context;
use place::Place;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitCode, Stdio};
use std::time::Duration;

/// Flags of `lab`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Print the address instead of opening a browser.
    #[arg(long)]
    no_open: bool,
    /// Set everything up, but start nothing.
    #[arg(long)]
    setup_only: bool,
    /// The port to listen on at localhost; if it is taken, the next free one.
    #[arg(long, default_value_t = 8888)]
    port: u16,
    /// Run the kernel that Jupyter asks for in this connection file.
    #[arg(long, hide = true, value_name = "FILE")]
    kernel: Option<PathBuf>,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let place = Place::find()?;
    if let Some(connection) = &arguments.kernel {
        return kernel::run(&place, connection);
    }
    let reading = !arguments.setup_only && !setup::was_set_up(&place);
    if reading {
        read_meanwhile(&place, arguments.no_open)?;
    }
    setup::set_up(&place)?;
    trust(&place)?;
    if arguments.setup_only {
        eprintln!("✓ everything is set up: `cargo lab` opens the notebooks");
        return Ok(ExitCode::SUCCESS);
    }
    std::thread::scope(|scope| {
        if reading {
            scope.spawn(|| book::bring_to_life(&place, &book::folder(&place)));
        }
        serve(&place, &arguments)
    })
}

/// Opens the book's pages, made from the stored outputs, to be read while the kernel is compiled.
fn read_meanwhile(place: &Place, no_open: bool) -> anyhow::Result<()> {
    let out = book::folder(place);
    book::write_pages(place, &out)?;
    let index = out.join("index.html");
    eprintln!("The book as it was last run, to be read while the kernel is compiled (about eight minutes, once):");
    eprintln!("  {}", index.display());
    if !no_open {
        setup::open_in_browser(&index)?;
    }
    Ok(())
}

/// Signs the project's own notebooks, so that JupyterLab shows their figures as they are.
fn trust(place: &Place) -> anyhow::Result<()> {
    let mut sign = place.jupyter(["-m", "nbformat.sign"]);
    for entry in std::fs::read_dir(place.notebooks())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "ipynb") {
            sign.arg(path);
        }
    }
    if sign.get_args().len() > 2 {
        let output = sign.output().context("Jupyter's Python does not start")?;
        let said = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "cannot sign the notebooks: {}", said.trim());
    }
    Ok(())
}

/// Runs the server until Ctrl-C.
fn serve(place: &Place, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut command = place.jupyter(["-c", include_str!("lab/serve.py"), "--ip=127.0.0.1"]);
    command
        .arg("--allow-root") // containers run as root; only this machine can reach the server, and with its token
        .args(["--log-level=ERROR", "--LabApp.log_level=ERROR", "--LabApp.extension_manager=readonly"])
        .arg("--LabApp.custom_css=True")
        .arg(format!("--port={}", arguments.port))
        .arg("--ServerApp.root_dir")
        .arg(place.notebooks());
    if arguments.no_open {
        command.arg("--no-browser");
    }
    let known = servers(place);
    let mut server = command.stdin(Stdio::piped()).spawn().context("JupyterLab does not start")?;

    // Closing its stdin ends the server, which ends its kernels first.
    let mut stdin = server.stdin.take();
    ctrlc::set_handler(move || drop(stdin.take()))?;

    match address(place, &known, &mut server) {
        Some(address) => eprintln!("JupyterLab: {address}\nPress Ctrl-C to stop it."),
        None => anyhow::bail!("JupyterLab ended before it was ready"),
    }
    let status = server.wait()?;
    eprintln!("JupyterLab has ended.");
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The address with its token, which a server records once it listens.
fn address(place: &Place, known: &[PathBuf], server: &mut Child) -> Option<String> {
    while let Ok(None) = server.try_wait() {
        for file in servers(place).iter().filter(|file| !known.contains(file)) {
            if let Some(address) = read_address(file) {
                return Some(address);
            }
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    None
}

fn read_address(file: &Path) -> Option<String> {
    let server: serde_json::Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    let (port, token) = (server["port"].as_u64()?, server["token"].as_str()?);
    Some(format!("http://127.0.0.1:{port}/lab?token={token}"))
}

fn servers(place: &Place) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(place.lab("jupyter/runtime")) else { return Vec::new() };
    let is_server = |path: &PathBuf| {
        path.file_name().is_some_and(|name| {
            let name = name.to_string_lossy();
            name.starts_with("jpserver-") && name.ends_with(".json")
        })
    };
    entries.flatten().map(|entry| entry.path()).filter(is_server).collect()
}
