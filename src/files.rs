//! Writing files: completely or not at all.
//!
//! [`write()`] fills a new file beside its destination, syncs it to disk, and renames it. A reader finds the
//! old bytes or the new ones, even after a crash. Two programs that write the same file do not interfere with each
//! other: the last rename wins.
//!
//! * A symbolic link stays, and the file it points to is written.
//! * Only a regular file is replaced, and only one that may be written; never a directory, a device, a pipe or a socket.
//! * A file that is replaced keeps its permissions, and its owner where the system allows it.
//! * After an error nothing is left behind. A program that is killed leaves at most one temporary file per destination,
//!   `.name.PID-NUMBER.tmp`. The next [`write()`] or [`probe`] of that destination removes it: a temporary file is locked
//!   as long as its program lives, and the lock ends with the program.
//!
//! A file is replaced by its name: other hard links to it keep the old bytes.

use crate::data::DataError;
use std::fs::{self, File, Metadata, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Writes `bytes` into `file`, all of them or none.
///
/// # Errors
/// If `file` is not a regular file or a new name in an existing folder, or if it cannot be written. What was there is
/// unchanged.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// let file = folder.path().join("notes.txt");
/// handgrad::files::write(&file, b"first")?;
/// handgrad::files::write(&file, b"second")?;
/// assert_eq!(std::fs::read(&file)?, b"second");
/// assert!(handgrad::files::write(folder.path(), b"a directory is not replaced").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write(file: impl AsRef<Path>, bytes: &[u8]) -> Result<(), DataError> {
    let replace = || {
        let destination = Destination::find(file.as_ref())?;
        let (path, mut temporary) = destination.temporary()?;
        let renamed = destination.fill(&mut temporary, bytes).and_then(|()| fs::rename(&path, &destination.path));
        if renamed.is_err() {
            // The first error is the one to report.
            let _ = fs::remove_file(&path);
        }
        renamed?;
        destination.sync_folder()
    };
    replace().map_err(|error| refusal(file.as_ref(), &error))
}

/// Checks that [`write()`] can replace or create `file`, without touching it: it makes a temporary file beside it and
/// removes it. Returns the path with all symbolic links resolved, so that two names of one file can be recognised.
///
/// # Errors
/// Those of [`write()`], except for a full disk.
pub fn probe(file: impl AsRef<Path>) -> Result<PathBuf, DataError> {
    let try_it = || {
        let destination = Destination::find(file.as_ref())?;
        let (path, _lock) = destination.temporary()?;
        fs::remove_file(path)?;
        Ok(destination.path)
    };
    try_it().map_err(|error| refusal(file.as_ref(), &error))
}

/// [`probe`] for a file whose missing folders will be made first: it checks that the first of them can be made.
///
/// # Errors
/// Those of [`probe`].
pub fn probe_with_folders(file: impl AsRef<Path>) -> Result<PathBuf, DataError> {
    let file = file.as_ref();
    let folders = file.ancestors().skip(1);
    let missing = folders.take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists()).last();
    match missing {
        Some(folder) if folder.is_symlink() => Err(refusal(file, &no_folder(folder))),
        Some(folder) => probe(folder).map_err(|error| DataError { file: file.into(), ..error }),
        None => probe(file),
    }
}

fn refusal(file: &Path, error: &io::Error) -> DataError {
    DataError::new(file, "a place where a file can be written", error.to_string())
}

fn no_folder(folder: &Path) -> io::Error {
    io::Error::new(ErrorKind::NotFound, format!("no folder {}", folder.display()))
}

/// More symbolic links in a row than Linux follows.
const MOST_LINKS: usize = 40;

/// A regular file, or an unused name.
struct Destination {
    /// With all symbolic links resolved, in a folder that exists.
    path: PathBuf,
    /// Of the file that is replaced.
    replaced: Option<Metadata>,
}

impl Destination {
    fn find(file: &Path) -> io::Result<Self> {
        let mut path = file.to_path_buf();
        for _ in 0..=MOST_LINKS {
            let named = !path.as_os_str().as_encoded_bytes().ends_with(b"/");
            let name = path.file_name().filter(|_| named);
            let name = name.ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "a name that no file can have"))?;
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let folder = parent.canonicalize().ok().filter(|folder| folder.is_dir());
            let folder = folder.ok_or_else(|| no_folder(parent))?;
            let next = folder.join(name);
            match fs::symlink_metadata(&next) {
                Ok(found) if found.is_symlink() => path = folder.join(fs::read_link(&next)?),
                Ok(found) if found.is_file() => {
                    let unwritable =
                        |error| io::Error::new(ErrorKind::PermissionDenied, format!("one that cannot: {error}"));
                    File::options().write(true).open(&next).map_err(unwritable)?;
                    return Ok(Destination { path: next, replaced: Some(found) });
                }
                Ok(found) => return Err(io::Error::new(ErrorKind::InvalidInput, kind(&found))),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    return Ok(Destination { path: next, replaced: None });
                }
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::new(ErrorKind::InvalidInput, format!("more than {MOST_LINKS} symbolic links in a row")))
    }

    /// A new, locked file beside the destination. Leftovers of dead programs are removed first.
    fn temporary(&self) -> io::Result<(PathBuf, File)> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        self.remove_leftovers();
        loop {
            let (program, number) = (std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
            let path = self.path.with_file_name(format!("{}{program}-{number}.tmp", self.prefix()));
            let file = match File::options().write(true).create_new(true).open(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                Err(error) => {
                    let text = format!("a folder in which no file can be created: {error}");
                    return Err(io::Error::new(error.kind(), text));
                }
                Ok(file) => file,
            };
            // Until the file is locked, another program may take it for a leftover. That one holds the lock while it
            // removes the file, so a file that is locked here and still exists is safe.
            let taken = matches!(file.try_lock(), Err(TryLockError::WouldBlock));
            if !taken && path.exists() {
                return Ok((path, file));
            }
        }
    }

    /// How the names of this destination's temporary files begin. A long name is cut: a folder limits its length.
    fn prefix(&self) -> String {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        format!(".{}.", name.chars().take(40).collect::<String>())
    }

    /// Removes the temporary files of dead programs. Files that cannot be removed stay, and do no harm.
    fn remove_leftovers(&self) {
        let prefix = self.prefix();
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_temporary = |name: &str| {
            let numbers = name.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(".tmp")?.split_once('-'));
            numbers.is_some_and(|(program, number)| is_number(program) && is_number(number))
        };
        let entries = self.path.parent().and_then(|folder| fs::read_dir(folder).ok());
        for entry in entries.into_iter().flatten().flatten() {
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            if is_file
                && is_temporary(&entry.file_name().to_string_lossy())
                && let Ok(file) = File::open(entry.path())
                && file.try_lock().is_ok()
            {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Gives the file the permissions of the one that it replaces, then its bytes, and waits for the disk.
    fn fill(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        if let Some(replaced) = &self.replaced {
            #[cfg(unix)]
            {
                use std::os::unix::fs::{MetadataExt, fchown};
                // Only root may change a file's owner; other users keep their own.
                let _ = fchown(&*file, Some(replaced.uid()), Some(replaced.gid()));
            }
            file.set_permissions(replaced.permissions())?;
        }
        file.write_all(bytes)?;
        file.sync_all()
    }

    /// Waits until the new name is on disk.
    fn sync_folder(&self) -> io::Result<()> {
        #[cfg(unix)] // elsewhere a folder cannot be opened as a file
        if let Some(folder) = self.path.parent() {
            match File::open(folder)?.sync_all() {
                Err(error) if error.kind() == ErrorKind::InvalidInput => {} // a file system that cannot
                synced => return synced,
            }
        }
        Ok(())
    }
}

/// What is there instead of a file.
pub(crate) fn kind(found: &Metadata) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = found.file_type();
        if kind.is_char_device() || kind.is_block_device() {
            return "a device";
        }
        if kind.is_fifo() {
            return "a pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
    }
    if found.is_dir() { "a directory" } else { "something that is not a file" }
}
