//! The lock file beside the store: one process at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::OpenError;

/// Held as long as the store is open; the kernel releases it when the process dies, however it dies.
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes `<path>.lock`, or says who has it. The file stays when the lock is released: removing it would let two
    /// processes lock two files of the same name.
    pub(super) fn acquire(path: &Path) -> Result<Self, OpenError> {
        let folder = folder_of(path);
        if !folder.is_dir() {
            return Err(OpenError::FolderMissing { folder });
        }
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .mode(0o600)
            .open(beside(path, ".lock"))
            .map_err(|source| match source.kind() {
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                    OpenError::FolderUnwritable { folder, source }
                }
                ErrorKind::StorageFull => OpenError::Full {
                    path: path.to_owned(),
                },
                _ => OpenError::Io {
                    path: path.to_owned(),
                    source,
                },
            })?;
        match file.try_lock() {
            Ok(()) => {
                // Only for the message of whoever is refused: a full disk must not keep the store from opening.
                let _ = leave_process_id(&mut file);
                Ok(Self { _file: file })
            }
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse {
                path: path.to_owned(),
                holder: read_process_id(&mut file),
            }),
            Err(TryLockError::Error(source)) => Err(OpenError::Io {
                path: path.to_owned(),
                source,
            }),
        }
    }
}

/// The folder of a file, `.` for a bare name.
pub(super) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The path with a suffix to its file name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn leave_process_id(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    writeln!(file, "{}", std::process::id())
}

fn read_process_id(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
