//! The data folder: one fleet, one running `miroir-dev` at a time.
//!
//! ```text
//! fleet.json    what the fleet is: see `record`
//! lock          held while it runs
//! miroir.yaml   the proxy's configuration, written at every start
//! store.db      the proxy's durable state
//! node-0/ ...   the nodes' data
//! logs/         the output of every child
//! ```

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::record::Record;

const RECORD: &str = "fleet.json";
const LOCK: &str = "lock";

/// An opened and locked data folder.
pub(crate) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Opens the folder, and creates it if it is not there.
    ///
    /// # Errors
    /// It cannot be used, somebody uses it, or it holds something else.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(path.join("logs")).with_context(|| {
            format!(
                "cannot create the data folder {}; choose another with --data",
                path.display()
            )
        })?;
        let path = path
            .canonicalize()
            .with_context(|| format!("cannot find the data folder {}", path.display()))?;
        if path.to_str().is_none() {
            bail!(
                "the data folder {} has a name that is not UTF-8; choose another with --data",
                path.display()
            );
        }
        let lock = private(&path.join(LOCK)).with_context(|| {
            format!(
                "cannot write into the data folder {}; choose another with --data",
                path.display()
            )
        })?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!(
                "another miroir-dev uses {}; stop it, or choose another folder with --data",
                path.display()
            ),
            Err(TryLockError::Error(error)) => {
                return Err(error)
                    .with_context(|| format!("cannot lock the data folder {}", path.display()));
            }
        }
        Ok(Self { path, _lock: lock })
    }

    /// Absolute, without links.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder's path as text; `open` has checked that it is.
    pub(crate) fn text(&self) -> &str {
        self.path.to_str().expect("checked when it was opened")
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.path.join("logs")
    }

    /// The folder of a node, which is created if it is not there.
    pub(crate) fn node(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.path.join(name);
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(folder)
    }

    /// What was kept here by the last start; `None` in a new folder.
    pub(crate) fn record(&self) -> anyhow::Result<Option<Record>> {
        let path = self.path.join(RECORD);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        let record = serde_json::from_str(&text).with_context(|| {
            format!(
                "{} was not written by this version of miroir-dev; choose another folder with --data",
                path.display()
            )
        })?;
        Ok(Some(record))
    }

    /// Keeps the record for the next start.
    pub(crate) fn keep(&self, record: &Record) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(record).expect("a record is plain data");
        self.write(RECORD, &format!("{text}\n"))
    }

    /// Replaces a file that only this user may read, in one step.
    pub(crate) fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let path = self.path.join(name);
        let new = self.path.join(format!("{name}.new"));
        let replace = || {
            let mut file = private(&new)?;
            file.set_len(0)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&new, &path)
        };
        replace().with_context(|| format!("cannot write {}", path.display()))
    }
}

fn private(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::Folder;

    #[test]
    fn one_user_at_a_time() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        let first = Folder::open(&path).unwrap();
        let second = Folder::open(&path).err().unwrap().to_string();
        assert!(
            second.contains("another miroir-dev") && second.contains("--data"),
            "{second}"
        );
        drop(first);
        assert!(Folder::open(&path).unwrap().record().unwrap().is_none());
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Folder::open(file.path()).err().unwrap().to_string();
        assert!(
            error.contains(file.path().to_str().unwrap()) && error.contains("--data"),
            "{error}"
        );
    }
}
