//! How much memory can still be had.

/// Bytes of memory that the system, and the group of processes that this one runs in, can still
/// give without swapping; `None` where nobody says.
pub(crate) fn available() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let system = read("/proc/meminfo").and_then(|text| field(&text, "MemAvailable:", 1024));
    let group = read("/proc/self/cgroup").and_then(|text| {
        let path = text.lines().find_map(|line| line.strip_prefix("0::"))?.trim().to_owned();
        let of = |name: &str| read(&format!("/sys/fs/cgroup{path}/{name}"));
        let limit: u64 = of("memory.max")?.trim().parse().ok()?;
        let used: u64 = of("memory.current")?.trim().parse().ok()?;
        // Cached files count as used, but make room.
        let cached = of("memory.stat").and_then(|text| field(&text, "inactive_file", 1));
        Some(limit.saturating_sub(used).saturating_add(cached.unwrap_or(0)))
    });
    system.into_iter().chain(group).min()
}

fn field(text: &str, name: &str, unit: u64) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read() {
        let text = "MemTotal:  5 kB\nMemAvailable:   12345 kB\n";
        assert_eq!(field(text, "MemAvailable:", 1024), Some(12345 * 1024));
        assert_eq!(field("inactive_file 7\n", "inactive_file", 1), Some(7));
        assert_eq!(field(text, "Swap:", 1), None);
        #[cfg(target_os = "linux")]
        assert!(available().is_some_and(|bytes| bytes > 1 << 20));
    }
}
