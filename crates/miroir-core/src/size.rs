//! Numbers of bytes as people read them.

mod amount;

pub use amount::{amount, parse_amount};

const BINARY: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// `4.57 MiB`: the largest fitting unit of 1024, at most two decimals.
pub fn binary_size(bytes: u64) -> String {
    scaled(bytes, 1024.0, BINARY)
}

/// The number of bytes, as far as the two decimals tell it, that [`binary_size`] has written; `None` for any other text.
pub fn read_binary_size(text: &str) -> Option<u64> {
    let (number, unit) = text.split_once(' ')?;
    let power = BINARY.iter().position(|known| *known == unit)?;
    let bytes = number.parse::<f64>().ok()? * 1024_f64.powi(i32::try_from(power).ok()?);
    Some(bytes.round() as u64)
}

/// `100 MB`: binary for multiples of 1024 and decimal otherwise, as a server tells its limits.
pub fn limit_size(bytes: u64) -> String {
    if bytes.is_multiple_of(1024) {
        binary_size(bytes)
    } else {
        scaled(bytes, 1000.0, ["B", "KB", "MB", "GB", "TB", "PB", "EB"])
    }
}

fn scaled(bytes: u64, step: f64, units: [&str; 7]) -> String {
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= step && unit + 1 < units.len() {
        value /= step;
        unit += 1;
    }
    let rounded = (value * 100.0).round() / 100.0;
    format!("{rounded} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::{binary_size, limit_size, read_binary_size};

    /// As a 1.50 server shows them.
    #[test]
    fn sizes_have_the_largest_unit_that_fits() {
        let shown = [0, 554, 1023, 4096, 651_264, 1_687_552, 4_796_416].map(binary_size);
        assert_eq!(
            shown,
            [
                "0 B", "554 B", "1023 B", "4 KiB", "636 KiB", "1.61 MiB", "4.57 MiB"
            ]
        );
        assert_eq!(read_binary_size("1.5 MiB"), Some(1_572_864));
        assert_eq!(read_binary_size("what"), None);
        let limits = [2048, 100_000_000].map(limit_size);
        assert_eq!(limits, ["2 KiB", "100 MB"]);
    }
}
