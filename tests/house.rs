//! The order of the house: who may import whom, and that no files import each other in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The floors, the ground first: a module imports from its own floor or one below.
const FLOORS: &[&[&str]] = &[
    &["error", "float", "matrix", "sizes", "tensor", "text", "window"],
    &["numbers", "init"],
    &["kernels"],
    &["layers", "activations", "losses", "optim"],
    &["model", "data", "files", "show"],
    &["check", "train"],
    &["cards", "instances", "live"],
    &["cli"],
];

/// A module: its path, `["check", "proof"]`, and the modules whose items its file names.
type House = BTreeMap<Vec<String>, BTreeSet<Vec<String>>>;

#[test]
fn nothing_imports_upward() {
    let floor = |module: &Vec<String>| FLOORS.iter().position(|floor| floor.contains(&module[0].as_str()));
    for (module, imports) in house().iter().filter(|(module, _)| !module.is_empty()) {
        let own = floor(module).unwrap_or_else(|| panic!("FLOORS does not name {}", module[0]));
        for import in imports.iter().filter(|import| !import.is_empty()) {
            assert!(
                floor(import) <= Some(own),
                "{} imports {}, which is above it",
                module.join("::"),
                import.join("::")
            );
        }
    }
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    // What nobody imports that is still there is taken away, until nothing changes: circles are left.
    let mut left = house();
    left.remove(&vec![]);
    loop {
        let imported: BTreeSet<Vec<String>> = left.values().flatten().cloned().collect();
        let before = left.len();
        left.retain(|module, _| imported.contains(module));
        let modules: BTreeSet<Vec<String>> = left.keys().cloned().collect();
        left.values_mut().for_each(|imports| imports.retain(|import| modules.contains(import)));
        left.retain(|_, imports| !imports.is_empty());
        if left.len() == before {
            break;
        }
    }
    assert!(left.is_empty(), "{left:#?}");
}

#[test]
fn the_map_names_every_derivation() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let map = fs::read_to_string(root.join("src/lib.rs")).unwrap();
    let taught = ["layers", "activations", "losses", "optim"];
    for module in house().keys().filter(|module| module.first().is_some_and(|first| taught.contains(&first.as_str()))) {
        let file = root.join("src").join(module.join("/")).with_extension("rs");
        if fs::read_to_string(&file).is_ok_and(|text| text.contains("//! # Derivation")) {
            assert!(map.contains(&format!("[`{}`]", module.join("::"))), "lib.rs does not name {}", file.display());
        }
    }
    let tests = map.split('`').filter(|word| word.starts_with("tests/"));
    tests.for_each(|test| assert!(root.join(test).is_file(), "lib.rs names {test}"));
}

#[test]
fn links_of_the_readme_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("README.md")).unwrap();
    let links: Vec<&str> = text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 20);
    for link in links.into_iter().filter(|link| !link.starts_with("https://")) {
        assert!(root.join(link).is_file(), "README.md links to {link}");
    }
}

#[test]
fn the_readme_shows_the_page_as_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| fs::read_to_string(root.join(name)).unwrap();
    let (readme, page) = (read("README.md"), read("src/layers/fc.rs"));
    let shown = readme.split("## A layer on one page").nth(1).and_then(|rest| rest.split("```").nth(1)).unwrap();
    let lines: Vec<&str> = shown.lines().skip(1).map(str::trim).filter(|line| !line.is_empty()).collect();
    assert!(lines.len() >= 6);
    lines.iter().for_each(|line| assert!(page.contains(line), "src/layers/fc.rs does not hold {line:?}"));
}

#[test]
fn imports_are_read() {
    assert_eq!(
        paths("crate::a::{self, b::{C, D}, e::f}"),
        ["crate::a::self", "crate::a::b::C", "crate::a::b::D", "crate::a::e::f"]
    );
    // Also where the tests are in a file of their own, which is declared above the imports.
    assert!(house()[&vec!["cli".to_string(), "book".into()]].contains(&vec![
        "cli".to_string(),
        "lab".into(),
        "place".into()
    ]));
    assert!(house()[&vec!["layers".to_string(), "fc".into()]].contains(&vec!["kernels".to_string(), "product".into()]));
}

fn house() -> House {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&source, &mut files);
    let module = |file: &PathBuf| -> Vec<String> {
        let path = file.strip_prefix(&source).unwrap().with_extension("");
        let names = path.iter().map(|name| name.to_str().unwrap().to_string());
        names.filter(|name| !["mod", "lib", "main"].contains(&name.as_str())).collect()
    };
    let modules: BTreeSet<Vec<String>> = files.iter().map(module).collect();
    let mut house = House::new();
    for file in &files {
        let own = module(file);
        let imports = house.entry(own.clone()).or_default();
        for path in named(&fs::read_to_string(file).unwrap()) {
            let mut names: Vec<&str> = path.split("::").collect();
            let mut target = match names.remove(0) {
                "crate" => vec![],
                "super" => own[..own.len().saturating_sub(1)].to_vec(),
                child => [own.clone(), vec![child.into()]].concat(),
            };
            while names.first() == Some(&"super") {
                target.pop();
                names.remove(0);
            }
            for name in names {
                if modules.contains(&[&target[..], &[name.to_string()]].concat()) {
                    target.push(name.into());
                } else {
                    break;
                }
            }
            // A folder's own file is the common ground of those in it.
            if modules.contains(&target) && !own.starts_with(&target) {
                imports.insert(target);
            }
        }
    }
    house
}

/// All paths in the code of a file; what it only hands on (`pub use`) is no import, and its tests are not its code.
fn named(text: &str) -> Vec<String> {
    let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default().lines();
    let code: Vec<&str> = code.map(|line| line.split("//").next().unwrap_or_default()).collect();
    let code = code.join("\n");
    let statements = code.split(';').filter_map(|statement| statement.split_once("use "));
    let imported = statements.filter(|(before, _)| !before.ends_with("pub ")).flat_map(|(_, tree)| paths(tree));
    let words = code.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
    let inline = words.filter(|word| word.starts_with("crate::") || word.starts_with("super::"));
    imported.chain(inline.map(String::from)).collect()
}

/// The paths that a `use` names: "a::{b, c::d}" are "a::b" and "a::c::d".
fn paths(tree: &str) -> Vec<String> {
    let Some((before, inside)) = tree.split_once('{') else { return vec![tree.trim().into()] };
    let inside = &inside[..inside.rfind('}').unwrap_or(inside.len())];
    let (mut parts, mut depth, mut from) = (Vec::new(), 0, 0);
    for (at, c) in inside.char_indices() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if c == ',' && depth == 0 {
            parts.push(&inside[from..at]);
            from = at + 1;
        }
    }
    parts.push(&inside[from..]);
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    parts.flat_map(paths).map(|path| format!("{}{path}", before.trim())).collect()
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
