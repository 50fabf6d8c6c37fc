//! The journal: one file of JSON lines, each line a list of changes that happened together.
//!
//! A line is either completely there or it never happened: a torn last line, left by a crash, is cut off when the file is
//! opened. The file is rewritten as a snapshot when it has grown to several times what is alive in it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::state::{Change, State};

/// Lines are rewritten as a snapshot when there are this many more of them than live rows.
const SLACK: usize = 20_000;

/// The open file; appending to it makes changes durable.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    lines: usize,
}

impl Journal {
    /// Opens or creates the journal in `directory` and replays it.
    pub(super) fn open(directory: &Path) -> io::Result<(Self, State)> {
        let path = directory.join("state.journal");
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)?;
        let mut state = State::default();
        let mut complete = 0;
        let mut lines = 0;
        let mut reader = BufReader::new(&file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let length = reader.read_until(b'\n', &mut line)?;
            if length == 0 || line.last() != Some(&b'\n') {
                break;
            }
            let changes: Vec<Change> = serde_json::from_slice(&line).map_err(|error| {
                let message = format!("line {} of {}: {error}", lines + 1, path.display());
                io::Error::new(io::ErrorKind::InvalidData, message)
            })?;
            changes.into_iter().for_each(|change| state.apply(change));
            complete += length as u64;
            lines += 1;
        }
        file.set_len(complete)?;
        file.seek(SeekFrom::Start(complete))?;
        Ok((Self { path, file, lines }, state))
    }

    /// Appends one line and waits until the disk has it if `durable`.
    pub(super) fn append(&mut self, changes: &[Change], durable: bool) -> io::Result<()> {
        let mut line = serde_json::to_vec(changes)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.lines += 1;
        if durable {
            self.file.sync_data()?;
        }
        Ok(())
    }

    /// Rewrites the file if most of it is history.
    pub(super) fn compact_if_large(&mut self, state: &State) -> io::Result<()> {
        let alive = state.tasks.len() + state.indexes.len();
        if self.lines < 3 * alive + SLACK {
            return Ok(());
        }
        let fresh = self.path.with_extension("new");
        let mut file = File::create(&fresh)?;
        for change in state.snapshot() {
            let mut line = serde_json::to_vec(&[change])?;
            line.push(b'\n');
            file.write_all(&line)?;
        }
        file.sync_all()?;
        std::fs::rename(&fresh, &self.path)?;
        self.file = file;
        self.lines = alive;
        Ok(())
    }
}
