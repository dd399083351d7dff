//! Where everything that the notebooks need is kept: under `.lab/` in the project, nothing in the user's home.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The project's folder, and what `cargo lab` keeps in it.
pub struct Place {
    root: PathBuf,
}

impl Place {
    /// The project that this program was built from: where `cargo run` says it is, or else where it was built.
    pub fn find() -> anyhow::Result<Self> {
        let root = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = PathBuf::from(root);
        anyhow::ensure!(
            root.join("notebooks").is_dir(),
            "there are no notebooks in {}: run this command inside the project",
            root.display()
        );
        Ok(Self { root })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn notebooks(&self) -> PathBuf {
        self.root.join("notebooks")
    }

    /// The right and wrong answers to the exercises of a notebook, by the number that its name begins with.
    pub fn answers(&self, notebook: &str) -> PathBuf {
        let number = notebook.split('_').next().unwrap_or(notebook);
        self.root.join("tests/notebooks/answers").join(number).with_extension("md")
    }

    /// A path under `.lab/`.
    pub fn lab(&self, path: &str) -> PathBuf {
        self.root.join(".lab").join(path)
    }

    /// The virtual environment's Python.
    pub fn python(&self) -> PathBuf {
        self.lab(if cfg!(windows) { "venv/Scripts/python.exe" } else { "venv/bin/python" })
    }

    /// The kernel: the one built here, or the prebuilt one that `HANDGRAD_EVCXR` names.
    pub fn evcxr(&self) -> PathBuf {
        match std::env::var_os("HANDGRAD_EVCXR") {
            Some(ready) => ready.into(),
            None => self.lab("evcxr/bin/evcxr_jupyter").with_extension(std::env::consts::EXE_EXTENSION),
        }
    }

    /// The virtual environment's Python, which sees nothing outside the project: Jupyter's configuration, data, runtime
    /// files and kernels are those under `.lab/`.
    pub fn jupyter<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(self.python());
        command
            .args(arguments)
            .current_dir(self.notebooks())
            .env("JUPYTER_CONFIG_DIR", self.lab("jupyter/config"))
            .env("JUPYTER_DATA_DIR", self.lab("jupyter/data"))
            .env("JUPYTER_RUNTIME_DIR", self.lab("jupyter/runtime"))
            .env("JUPYTER_PATH", self.lab("jupyter/data"))
            .env("IPYTHONDIR", self.lab("jupyter/ipython"))
            .env("PYTHONNOUSERSITE", "1")
            .env("PYTHONUTF8", "1");
        for variable in ["PYTHONPATH", "PYTHONHOME", "JUPYTER_CONFIG_PATH", "JUPYTER_PREFER_ENV_PATH"] {
            command.env_remove(variable);
        }
        command
    }
}
