//! What a process has used, as Linux counts it.

use std::path::Path;
use std::time::Duration;

/// Length of one tick of `/proc/<pid>/stat`; Linux shows 100 a second to programs on every architecture.
const TICK: Duration = Duration::from_millis(10);

/// Processor time and memory of one process.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    /// In user and in kernel mode since the start.
    pub(super) processor: Duration,
    /// Resident memory, in bytes.
    pub(super) resident: u64,
    /// The most that was ever resident, in bytes.
    pub(super) peak: u64,
}

impl Usage {
    /// Processor time of several together.
    pub(super) fn processor_of(processes: &[u32]) -> std::io::Result<Duration> {
        let usages = processes.iter().map(|process| Self::of(*process));
        usages.map(|usage| usage.map(|usage| usage.processor)).sum()
    }

    /// Of the process with this id, without what it has started.
    pub(super) fn of(process: u32) -> std::io::Result<Self> {
        let folder = Path::new("/proc").join(process.to_string());
        let status = std::fs::read_to_string(folder.join("status"))?;
        Ok(Self {
            processor: processor_time(&std::fs::read_to_string(folder.join("stat"))?),
            resident: bytes(&status, "VmRSS:"),
            peak: bytes(&status, "VmHWM:"),
        })
    }
}

/// `utime` and `stime`, the 14th and 15th field; the second is the name in brackets and may hold anything.
fn processor_time(stat: &str) -> Duration {
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u32>().ok())
        .sum();
    TICK * ticks
}

fn bytes(status: &str, name: &str) -> u64 {
    status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|value| value.trim().strip_suffix(" kB"))
        .and_then(|kibibytes| kibibytes.trim().parse::<u64>().ok())
        .map_or(0, |kibibytes| kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times_behind_a_name_with_brackets_and_spaces() {
        let stat = "42 (a ) b) S 1 1 1 0 -1 4194560 100 0 0 0 250 50 7 7 20 0 4 0 1000 1 1";
        assert_eq!(processor_time(stat), Duration::from_secs(3));
        assert_eq!(
            bytes("Name:\tx\nVmRSS:\t    2048 kB\n", "VmRSS:"),
            2 * 1024 * 1024
        );
    }
}
