//! A function that is not compiled with the crate is compiled again, without optimisation, by each cell that calls it.

use handgrad::check::certificate;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn layers_activations_and_losses_are_compiled_with_the_crate() -> std::io::Result<()> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let instances = fs::read_to_string(source.join("instances.rs"))?;
    let taught: Vec<&str> = certificate::functions().into_iter().map(|(name, _)| name).collect();
    let (mut files, mut functions) = (Vec::new(), 0);
    for folder in ["layers", "activations", "losses"] {
        rust_files(&source.join(folder), &mut files)?;
    }
    for file in files {
        let text = fs::read_to_string(&file)?;
        let mut before = "";
        for line in text.lines() {
            let generic = line.strip_prefix("pub fn ").and_then(|rest| rest.split_once("<T: Float>("));
            if let Some((name, _)) = generic {
                assert_eq!(before, "#[inline(never)]", "{}: before `pub fn {name}`", file.display());
                let is_compiled = taught.contains(&name) || instances.contains(&format!("{name}::<T>"));
                assert!(is_compiled, "no lesson is about {name}, and src/instances.rs does not name it");
                functions += 1;
            }
            before = line;
        }
    }
    assert!(functions >= 39, "only {functions} functions were found");
    Ok(())
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            rust_files(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
