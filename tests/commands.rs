//! Files written whole or not at all, and `handgrad train` as a program: what it refuses, what it keeps, what it leaves.

use handgrad::files;
use handgrad::prelude::*;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The names of all that is in a folder, hidden files too, in order.
fn names(folder: impl AsRef<Path>) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

// ---- the writer ----

#[test]
fn whoever_has_the_old_file_open_reads_the_old_bytes() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a");
    files::write(&file, b"old").unwrap();
    let mut open = File::open(&file).unwrap();
    files::write(&file, b"a new one").unwrap();
    let mut text = String::new();
    open.read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), fs::read(&file).unwrap().as_slice()), ("old", b"a new one".as_slice()));
    assert_eq!(names(&folder), ["a"]);
}

#[test]
fn a_name_as_long_as_a_folder_allows_is_written() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("ü".repeat(127));
    files::write(&file, b"bytes").unwrap();
    assert_eq!((fs::read(&file).unwrap().as_slice(), names(&folder).len()), (b"bytes".as_slice(), 1));
}

#[test]
fn a_destination_that_is_no_place_for_a_file_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("directory")).unwrap();
    fs::write(path("file"), b"bytes").unwrap();
    let refused = |file: &Path, found: &str| {
        for error in [files::probe(file).unwrap_err(), files::write(file, b"other").unwrap_err()] {
            assert_eq!((error.file.as_path(), error.found.as_str()), (file, found));
            assert_eq!(error.expected, "a place where a file can be written");
        }
    };
    refused(&path("directory"), "a directory");
    refused(&path("missing/a"), &format!("no folder {}", path("missing").display()));
    refused(&path("file/a"), &format!("no folder {}", path("file").display()));
    refused(&path("new/"), "a name that no file can have");
    refused(&path("directory/.."), "a name that no file can have");
    refused(Path::new(""), "a name that no file can have");
    assert_eq!(names(&folder), ["directory", "file"]);
    assert_eq!(fs::read(path("file")).unwrap(), b"bytes");

    let refused = |file: &Path| files::probe_with_folders(file).unwrap_err().to_string();
    assert!(refused(&path("file/b/c")).contains(&format!("found no folder {}", path("file").display())));
    assert!(refused(&path("directory")).contains("found a directory"));
    files::probe_with_folders(path("b/c/d")).unwrap();
    assert_eq!(names(&folder), ["directory", "file"], "a probe leaves no trace");
}

#[test]
fn a_probe_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a");
    assert_eq!(files::probe(&file).unwrap(), file.parent().unwrap().canonicalize().unwrap().join("a"));
    assert!(names(&folder).is_empty());
    fs::write(&file, b"bytes").unwrap();
    let before = fs::metadata(&file).unwrap().modified().unwrap();
    files::probe(&file).unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"bytes");
    assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), before);
    assert_eq!(names(&folder), ["a"]);
}

#[test]
fn what_dead_programs_left_goes_with_the_next_write() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let leave = || [".a.4000000-7.tmp", ".a.1-0.tmp"].iter().for_each(|name| fs::write(path(name), b"half").unwrap());
    // A living program's is locked; the others are not of this file, or nobody's temporary files.
    let others = [".a.4000000-8.tmp", ".a.notes-1.tmp", ".a.1.tmp", ".b.1-1.tmp", "a.1-1.tmp"];
    others.iter().for_each(|name| fs::write(path(name), b"other").unwrap());
    let alive = File::open(path(others[0])).unwrap();
    alive.lock().unwrap();
    let mut expected: Vec<String> = others.map(String::from).to_vec();
    expected.sort();

    leave();
    files::probe(path("a")).unwrap();
    assert_eq!(names(&folder), expected);
    leave();
    files::write(path("a"), b"whole").unwrap();
    expected.push("a".into());
    expected.sort();
    assert_eq!(names(&folder), expected);
    drop(alive);
    files::write(path("a"), b"whole").unwrap();
    assert!(!names(&folder).contains(&others[0].to_string()));
}

#[test]
fn many_writers_of_one_file_do_not_disturb_each_other() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a");
    let write = |writer: u8| (0..40).for_each(|_| files::write(&file, &[writer; 3000]).unwrap());
    std::thread::scope(|scope| (0..8).for_each(|writer| drop(scope.spawn(move || write(writer)))));
    let bytes = fs::read(&file).unwrap();
    assert!(bytes.len() == 3000 && bytes.iter().all(|byte| *byte == bytes[0]));
    assert_eq!(names(&folder), ["a"]);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;

    #[test]
    fn a_link_stays_and_its_target_is_written() {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("far")).unwrap();
        symlink("second", path("first")).unwrap();
        symlink("far/file", path("second")).unwrap(); // to what is not there yet
        for bytes in [b"one", b"two"] {
            files::write(path("first"), bytes).unwrap();
            assert_eq!(fs::read(path("far/file")).unwrap(), bytes);
            assert!(path("first").is_symlink() && path("second").is_symlink() && !path("far/file").is_symlink());
        }
        assert_eq!(files::probe(path("first")).unwrap(), files::probe(path("far/file")).unwrap());
        assert_eq!(
            (names(&folder), names(path("far"))),
            (vec!["far".into(), "first".into(), "second".into()], vec!["file".to_string()])
        );
        symlink("round", path("round")).unwrap();
        assert!(files::write(path("round"), b"").unwrap_err().found.contains("symbolic links in a row"));
        symlink("nowhere", path("dangling")).unwrap();
        assert!(files::probe_with_folders(path("dangling/a")).unwrap_err().found.starts_with("no folder"));
    }

    #[test]
    fn only_a_regular_file_is_replaced() {
        let folder = TempDir::new().unwrap();
        let (socket, link) = (folder.path().join("socket"), folder.path().join("link"));
        let _listener = UnixListener::bind(&socket).unwrap();
        symlink("socket", &link).unwrap();
        for file in [&socket, &link] {
            assert_eq!(files::write(file, b"bytes").unwrap_err().found, "a socket");
        }
        assert!(fs::symlink_metadata(&socket).unwrap().file_type().is_socket() && link.is_symlink());
        assert_eq!(names(&folder), ["link", "socket"]);
        // A probe alone: should it be wrong one day, it destroys no device.
        assert_eq!(files::probe("/dev/null").unwrap_err().found, "a device");
        #[cfg(target_os = "linux")]
        {
            let found = files::write("/proc/a", b"bytes").unwrap_err().found;
            assert!(found.starts_with("a folder in which no file can be created: "), "{found}");
            assert!(files::probe_with_folders("/proc/a/b").is_err());
        }
    }

    #[test]
    fn a_replaced_file_keeps_its_permissions() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("a");
        for mode in [0o600, 0o640, 0o666] {
            fs::write(&file, b"old").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            files::write(&file, b"new").unwrap();
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, mode);
        }
        let (ours, theirs) = (folder.path().join("b"), folder.path().join("c"));
        files::write(&ours, b"").unwrap();
        fs::write(&theirs, b"").unwrap();
        assert_eq!(fs::metadata(&ours).unwrap().permissions(), fs::metadata(&theirs).unwrap().permissions());
    }
}

/// The system's calls behind a write, which this program sees because the linker prefers its own functions to the
/// library's.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
mod calls {
    use super::*;
    use std::cell::{Cell, RefCell};
    use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
    use std::os::unix::ffi::OsStrExt;

    const NO_SPACE_LEFT: c_int = 28;
    const HERE: c_int = -100;

    thread_local! {
        /// What happened on this thread, while somebody listens.
        static HEARD: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
        /// How many bytes the disk still takes from this thread.
        static ROOM: Cell<usize> = const { Cell::new(usize::MAX) };
    }

    #[repr(C)]
    struct Piece {
        bytes: *const c_void,
        length: usize,
    }

    unsafe extern "C" {
        fn renameat(from: c_int, old: *const c_char, to: c_int, new: *const c_char) -> c_int;
        fn writev(file: c_int, pieces: *const Piece, count: c_int) -> isize;
        fn __errno_location() -> *mut c_int;
    }

    fn hear(event: impl FnOnce() -> String) {
        HEARD.with_borrow_mut(|heard| heard.as_mut().map(|heard| heard.push(event())));
    }

    fn last(path: &Path) -> String {
        path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The disk itself is not asked: nothing here needs it.
    #[unsafe(no_mangle)]
    extern "C" fn fsync(file: c_int) -> c_int {
        hear(|| format!("sync {}", last(&fs::read_link(format!("/proc/self/fd/{file}")).unwrap())));
        0
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn rename(old: *const c_char, new: *const c_char) -> c_int {
        let name = |path| last(Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(path) }.to_bytes())));
        hear(|| format!("rename {} {}", name(old), name(new)));
        unsafe { renameat(HERE, old, HERE, new) }
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn write(file: c_int, bytes: *const c_void, length: usize) -> isize {
        let room = ROOM.get();
        if room == 0 && length > 0 {
            unsafe { *__errno_location() = NO_SPACE_LEFT };
            return -1;
        }
        let length = length.min(room);
        let written = unsafe { writev(file, &Piece { bytes, length }, 1) };
        if room != usize::MAX {
            ROOM.set(room - usize::try_from(written).unwrap_or(0));
        }
        written
    }

    #[test]
    fn the_disk_has_the_bytes_before_they_have_the_name_and_the_name_before_the_end() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("a");
        HEARD.set(Some(Vec::new()));
        files::write(&file, b"bytes").unwrap();
        let heard = HEARD.take().unwrap();
        let temporary = heard[0].strip_prefix("sync ").unwrap();
        assert!(temporary.starts_with(".a.") && temporary.ends_with(".tmp"), "{heard:?}");
        let expected =
            [format!("sync {temporary}"), format!("rename {temporary} a"), format!("sync {}", last(folder.path()))];
        assert_eq!(heard, expected);
    }

    #[test]
    fn a_full_disk_leaves_the_old_bytes_and_nothing_else() {
        let folder = TempDir::new().unwrap();
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        fs::write(&old, b"old bytes").unwrap();
        for file in [&old, &new] {
            ROOM.set(100);
            let error = files::write(file, &[1; 1000]);
            ROOM.set(usize::MAX);
            assert!(error.unwrap_err().found.contains("No space left"));
        }
        let chart = show::curve("loss", &[1.0, 0.5]);
        ROOM.set(100);
        let error = chart.save(&new);
        ROOM.set(usize::MAX);
        assert!(error.unwrap_err().to_string().contains("No space left"));
        assert_eq!((fs::read(&old).unwrap().as_slice(), names(&folder)), (b"old bytes".as_slice(), vec!["old".into()]));
    }
}

// ---- `handgrad train` ----

/// A folder to run in, and beside it a set of 40 + 20 images.
struct Run {
    folder: TempDir,
    data: TempDir,
}

impl Run {
    fn new() -> Self {
        let data = TempDir::new().unwrap();
        for (name, count) in [("train", 40_u32), ("t10k", 20)] {
            let sizes: Vec<u8> = [count, 28, 28].into_iter().flat_map(u32::to_be_bytes).collect();
            let pixels = (0..count * 784).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8);
            let images: Vec<u8> = [0, 0, 8, 3].into_iter().chain(sizes.iter().copied()).chain(pixels).collect();
            fs::write(data.path().join(format!("{name}-images-idx3-ubyte")), images).unwrap();
            let digits = (0..count).map(|n| (n % 10) as u8);
            let labels: Vec<u8> = [0, 0, 8, 1].into_iter().chain(sizes[..4].iter().copied()).chain(digits).collect();
            fs::write(data.path().join(format!("{name}-labels-idx1-ubyte")), labels).unwrap();
        }
        Run { folder: TempDir::new().unwrap(), data }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `handgrad train` with these flags, separated by spaces, and the small set.
    fn train(&self, flags: &str) -> Command {
        let mut command = self.plain(flags);
        command.arg("--data").arg(self.data.path());
        command
    }

    fn plain(&self, flags: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_handgrad"));
        command.arg("train").args(flags.split(' ')).current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    /// Runs a command that must fail with one sentence, and returns it.
    fn refused(&self, command: &mut Command) -> (String, Output) {
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && output.status.code().is_some(), "{command:?}: {output:?}");
        assert!(said.starts_with("error: ") && !said.contains("panicked"), "{said}");
        (said, output)
    }

    fn done(&self, command: &mut Command) -> String {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{command:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn a_destination_is_refused_before_the_first_step() {
    let run = Run::new();
    fs::create_dir(run.path("directory")).unwrap();
    fs::write(run.path("file"), b"bytes").unwrap();
    let flags = [
        ("--save directory", "--save: directory: "),
        ("--save missing/w", "--save: missing/w: "),
        ("--checkpoint directory", "--checkpoint: directory: "),
        ("--checkpoint file/c", "--checkpoint: file/c: "),
        ("--output file", "the plot: file/lenet_mnist.svg: "),
        #[cfg(target_os = "linux")]
        ("--save /proc/w", "--save: /proc/w: "),
        #[cfg(target_os = "linux")]
        ("--checkpoint /proc/c", "--checkpoint: /proc/c: "),
        #[cfg(target_os = "linux")]
        ("--output /proc/x --save w", "the plot: /proc/x/lenet_mnist.svg: "),
        #[cfg(target_os = "linux")]
        ("--sharpness --output /proc/x", "the plot: /proc/x/sharpness.svg: "),
    ];
    for (flags, expected) in flags {
        let (said, output) = run.refused(&mut run.train(flags));
        let expected = format!("error: {expected}expected a place where a file can be written, found ");
        assert!(said.starts_with(&expected) && said.lines().count() == 1, "{said}");
        assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let (said, _) = run.refused(&mut run.plain("--experiment conv --output file"));
    assert!(said.starts_with("error: the plot: file/conv.svg: "), "{said}");
    assert_eq!(names(&run.folder), ["directory", "file"]);
    assert!(names(run.path("directory")).is_empty());
}

#[test]
fn two_destinations_must_be_two_files() {
    let run = Run::new();
    run.done(&mut run.train("--epochs 1 --checkpoint c"));
    let (checkpoint, plot) = (fs::read(run.path("c")).unwrap(), fs::read(run.path("plots/lenet_mnist.svg")).unwrap());
    for (flags, expected) in [
        ("--save a --checkpoint a", "--save and --checkpoint are the same file, "),
        ("--save plots/../a --checkpoint ./a", "--save and --checkpoint are the same file, "),
        ("--save plots/lenet_mnist.svg", "--save and the plot are the same file, "),
        ("--save c --resume c", "--save would overwrite the checkpoint of --resume, "),
    ] {
        let (said, output) = run.refused(&mut run.train(flags));
        assert!(said.starts_with(&format!("error: {expected}")), "{said}");
        assert!(output.stdout.is_empty());
    }
    assert_eq!(names(&run.folder), ["c", "plots"]);
    assert_eq!(fs::read(run.path("c")).unwrap(), checkpoint);
    assert_eq!(fs::read(run.path("plots/lenet_mnist.svg")).unwrap(), plot);
    // What goes on from a checkpoint may replace it.
    run.done(&mut run.train("--schedule constant --epochs 1 --checkpoint c"));
    run.done(&mut run.train("--schedule constant --epochs 2 --checkpoint c --resume c"));
    assert_ne!(fs::read(run.path("c")).unwrap(), checkpoint);
}

#[test]
fn flags_that_mean_nothing_are_refused() {
    let run = Run::new();
    let flags = [
        "--model mlp",
        "--recipe fast",
        "--epochs 3",
        "--batch 8",
        "--optimizer sgd",
        "--schedule constant",
        "--scalar f64",
        "--save w",
        "--checkpoint c",
        "--resume c",
    ];
    for flag in flags {
        for mode in ["--experiment conv", "--sharpness"] {
            let (said, _) = run.refused(&mut run.plain(&format!("{mode} {flag}")));
            let first = |flags: &str| flags.split(' ').next().unwrap_or_default().to_owned();
            assert!(said.contains(&first(mode)) && said.contains(&first(flag)), "{said}");
        }
    }
    let (said, _) = run.refused(&mut run.train("--experiment conv"));
    assert!(said.contains("--experiment") && said.contains("--data"), "{said}");
    assert!(names(&run.folder).is_empty());
}

#[test]
fn a_run_that_would_do_nothing_is_refused() {
    let run = Run::new();
    for (flags, expected) in [
        ("--epochs 0", "it must be at least 1"),
        ("--epochs 0 --checkpoint c", "it must be at least 1"),
        ("--batch 0", "it must be at least 1"),
        ("--learning-rate 0", "it must be positive and finite"),
        ("--learning-rate -1", "it must be positive and finite"),
        ("--learning-rate nan", "it must be positive and finite"),
        ("--learning-rate inf", "it must be positive and finite"),
        ("--learning-rate 1e-46", "is 0.0 in f32: use a rate that it can hold"),
        ("--learning-rate 1e39", "is inf in f32: use a rate that it can hold"),
    ] {
        let (said, _) = run.refused(&mut run.train(flags));
        assert!(said.contains(expected), "{said}");
    }
    assert!(names(&run.folder).is_empty());
    run.done(&mut run.train("--epochs 1 --learning-rate 1e-46 --scalar f64"));
}

#[test]
fn a_loss_that_is_not_finite_ends_every_run_and_the_plot_is_kept() {
    let run = Run::new();
    for (command, name, expected) in [
        (run.train("--optimizer sgd --learning-rate 1e20 --epochs 9 --save w"), "lenet_mnist", "the loss before step "),
        (run.train("--sharpness --learning-rate 5"), "sharpness", "the loss before step "),
        (run.plain("--experiment conv --learning-rate 1e10"), "conv", "the loss before step "),
        (run.plain("--experiment conv-max-pooling --learning-rate 1e10"), "conv_max_pooling", "the loss before step "),
    ] {
        let mut command = command;
        let (said, output) = run.refused(&mut command);
        let not_finite = said.contains(" is NaN: ") || said.contains(" is inf: ");
        assert!(said.lines().count() == 1 && not_finite, "{said}");
        assert!(said.contains(expected) || said.contains("the test loss after epoch "), "{said}");
        assert!(!String::from_utf8_lossy(&output.stdout).contains("NaN"));
        assert!(run.path(&format!("plots/{name}.svg")).is_file(), "{name}");
    }
    assert_eq!(names(&run.folder), ["plots"]);
}

/// A file may have so many blocks of 512 or 1024 bytes, as the shell counts them.
#[cfg(unix)]
fn limited(command: &Command, blocks: usize) -> Command {
    let mut limited = Command::new("sh");
    limited.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""));
    limited.arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
    limited.current_dir(command.get_current_dir().unwrap());
    limited
}

#[cfg(unix)]
#[test]
fn what_cannot_be_written_takes_nothing_else_with_it() {
    // While it trains, a file takes the place of the folder that the plot was to be in.
    let run = Run::new();
    let mut command = run.train("--epochs 1000000 --save w --checkpoint c");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    while !run.path("c").exists() {
        assert!(start.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(5));
    }
    fs::write(run.path("plots"), b"a file").unwrap();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && said.starts_with("error: the plot: plots/lenet_mnist.svg: "), "{said}");
    lenet::<f32>(Start::He, 2).load(run.path("w")).unwrap();
    assert_eq!(names(&run.folder), ["c", "plots", "w"]);

    // Neither weights nor checkpoint of LeNet fit, and the plot does.
    let run = Run::new();
    let large = run.train("--epochs 2 --save w --checkpoint c");
    let output = limited(&large, 100).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with("warning: no checkpoint of this epoch: c: ") && output.status.code() == Some(1), "{said}");
    let error = said.lines().last().unwrap_or_default();
    assert!(error.starts_with("error: --checkpoint: c: ") && error.contains("; --save: w: "), "{said}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("epoch 2: "), "the training goes on");
    assert_eq!(
        (names(&run.folder), names(run.path("plots"))),
        (vec!["plots".to_string()], vec!["lenet_mnist.svg".into()])
    );
}

#[test]
fn nobody_needs_to_read_what_it_prints() {
    let run = Run::new();
    let mut command = run.train("--epochs 3 --save w --checkpoint c");
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
    assert_eq!(names(&run.folder), ["c", "plots", "w"]);
}

/// A result that nobody gets is an error, in a sentence; work goes on without its lines.
#[test]
#[cfg(target_os = "linux")]
fn a_result_that_cannot_be_printed_is_an_error_and_no_panic() {
    let run = Run::new();
    let full = |flags: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_handgrad"));
        let stdout = File::options().write(true).open("/dev/full").unwrap();
        command.args(flags.split(' ')).current_dir(&run.folder).stdout(stdout);
        command
    };
    for flags in ["cost", "plots --list"] {
        let (said, _) = run.refused(&mut full(flags));
        assert_eq!(said, "error: the result cannot be printed: No space left on device (os error 28)\n");
    }
    run.done(&mut full("plots --only activations --output p"));
    assert_eq!(names(run.path("p")), ["activations.svg"]);
}

#[test]
fn as_many_epochs_as_a_number_can_hold_may_be_asked_for() {
    let run = Run::new();
    let (said, _) =
        run.refused(&mut run.train("--epochs 18446744073709551615 --learning-rate 1e30 --model mlp --optimizer sgd"));
    assert!(said.contains("is the learning rate of 1.0000000150474662e30 too large?"), "{said}");
}

#[test]
fn a_finished_training_writes_the_checkpoint_that_it_says_it_has_written() {
    let run = Run::new();
    run.done(&mut run.train("--epochs 1 --checkpoint c"));
    let said = run.done(&mut run.train("--epochs 1 --resume c --checkpoint d --save w"));
    assert!(said.contains("the training so far is in d"), "{said}");
    assert_eq!(fs::read(run.path("c")).unwrap(), fs::read(run.path("d")).unwrap());
    assert_eq!(names(&run.folder), ["c", "d", "plots", "w"]);
}

#[test]
fn killed_trainings_lose_no_checkpoint_and_leave_nothing_for_the_next() {
    let run = Run::new();
    let flags = "--model seed-cnn --schedule constant --epochs 1000000 --checkpoint c";
    run.done(&mut run.train("--model seed-cnn --schedule constant --epochs 1 --checkpoint c"));
    for kill in 0..4 {
        let before = fs::read(run.path("c")).unwrap();
        let mut child = run.train(&format!("{flags} --resume c")).stdout(Stdio::null()).spawn().unwrap();
        let start = Instant::now();
        while fs::read(run.path("c")).unwrap() == before {
            assert!(child.try_wait().unwrap().is_none() && start.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(1 + kill));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let said = run.done(&mut run.train("--model seed-cnn --schedule constant --epochs 1 --checkpoint c --resume c"));
    assert!(said.contains("going on from c"), "{said}");
    assert_eq!(names(&run.folder), ["c", "plots"]);
}

#[test]
fn trainings_into_one_folder_at_once_do_not_disturb_each_other() {
    let run = Run::new();
    let start = |_| run.train("--model seed-cnn --epochs 20 --save w --checkpoint c").output();
    let outputs: Vec<Output> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..4).map(|n| scope.spawn(move || start(n).unwrap())).collect();
        running.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert!(outputs.iter().all(|output| output.status.success()), "{outputs:?}");
    assert_eq!(
        (names(&run.folder), names(run.path("plots"))),
        (["c", "plots", "w"].map(String::from).to_vec(), vec!["seed_cnn_mnist.svg".to_string()])
    );
    seed_cnn::<f32>(Start::He, 2).load(run.path("w")).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn no_more_threads_are_started_than_do_no_harm() {
    let run = Run::new();
    let mut child = run.train("--threads 2000 --epochs 1000000 --checkpoint c").stdout(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    while !run.path("c").exists() && start.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let threads = fs::read_dir(format!("/proc/{}/task", child.id())).unwrap().count();
    child.kill().unwrap();
    child.wait().unwrap();
    let cores = std::thread::available_parallelism().unwrap().get();
    // Beside the pool's there are the program's own two: the main one, and the one that waits for Ctrl-C.
    assert!(run.path("c").exists() && threads <= 4 * cores + 2, "{threads} threads for {cores} cores");
}
