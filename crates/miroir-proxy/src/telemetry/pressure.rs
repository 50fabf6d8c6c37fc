//! How close the process is to the limits of its container, as Linux tells it for both generations of control groups.

use std::fs;

const MEMORY: [(&str, &str); 2] = [
    ("/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.max"),
    (
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ),
];

/// 0 below 75 % of the memory limit, 1 above, 2 above 90 %. Without a limit there is no pressure.
pub(crate) fn of_memory() -> i64 {
    let number = |path: &str| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let used = MEMORY
        .iter()
        .find_map(|(current, most)| Some((number(current)?, number(most)?)));
    used.map_or(0, |(current, most)| level(current, most))
}

fn level(current: u64, most: u64) -> i64 {
    let percent = u128::from(current) * 100 / u128::from(most.max(1));
    match percent {
        0..75 => 0,
        75..90 => 1,
        _ => 2,
    }
}

/// Seconds that the processor limit has taken from the container so far; 0 where nothing tells.
pub(crate) fn throttled() -> f64 {
    let second = fs::read_to_string("/sys/fs/cgroup/cpu.stat");
    let first = || fs::read_to_string("/sys/fs/cgroup/cpu/cpu.stat");
    second
        .or_else(|_| first())
        .map_or(0.0, |text| throttled_in(&text))
}

/// The second generation counts microseconds, the first nanoseconds.
fn throttled_in(text: &str) -> f64 {
    let units = [("throttled_usec ", 1e6), ("throttled_time ", 1e9)];
    let of_line = |line: &str| {
        units.iter().find_map(|(name, unit)| {
            let value: f64 = line.strip_prefix(name)?.trim().parse().ok()?;
            Some(value / unit)
        })
    };
    text.lines().find_map(of_line).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pressure_has_two_borders() {
        assert_eq!(level(74, 100), 0);
        assert_eq!(level(75, 100), 1);
        assert_eq!(level(90, 100), 2);
        assert_eq!(level(1, 0), 2);
    }

    #[test]
    fn both_generations_tell_throttling() {
        assert!((throttled_in("nr_periods 1\nthrottled_usec 2500000\n") - 2.5).abs() < 1e-9);
        assert!((throttled_in("throttled_time 1500000000\n") - 1.5).abs() < 1e-9);
        assert!(throttled_in("nothing 1\n").abs() < 1e-9);
    }
}
