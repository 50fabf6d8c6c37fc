//! What this process itself contributes to its configuration: the only place that looks at its surroundings.

use std::path::Path;
use std::{env, fs, io};

use super::load::Sources;

/// Where Linux tells the memory limit of a container, for both generations of control groups.
const MEMORY_LIMIT_FILES: [&str; 2] = [
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
];

/// The first generation says "no limit" with a number near the largest one.
const NO_LIMIT: u64 = 1 << 60;

impl Sources<'static> {
    /// The environment, the file system and the memory limit of this process; no flags.
    #[must_use]
    pub fn of_this_process() -> Self {
        let text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
        Self {
            file: None,
            environment: env::vars_os()
                .map(|(name, value)| (text(name), text(value)))
                .collect(),
            settings: Vec::new(),
            read_file: &read_file,
            memory_limit: memory_limit(),
        }
    }
}

fn read_file(path: &Path) -> io::Result<String> {
    fs::read_to_string(path)
}

fn memory_limit() -> Option<u64> {
    let texts = MEMORY_LIMIT_FILES
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok());
    texts
        .filter_map(|text| text.trim().parse().ok())
        .find(|limit| *limit < NO_LIMIT)
}
