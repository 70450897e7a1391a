//! Everything that depends on the operating system, each with a fallback that does nothing.

/// Restricts a freshly started worker for good. Called before it reads its first byte of input;
/// further restrictions (file system, system calls) belong here, after the others.
pub(crate) fn restrict_worker() {
    imp::restrict_worker();
}

/// Tells how much private writable memory this process has mapped, as the data limit counts it.
/// Made before a worker is restricted, because it keeps a file open.
pub(crate) struct DataGauge(imp::DataGauge);

impl DataGauge {
    pub(crate) fn new() -> Self {
        Self(imp::DataGauge::new())
    }

    /// Bytes; `None` where the system does not say.
    pub(crate) fn read(&self) -> Option<u64> {
        self.0.read()
    }
}

/// Bounds this process's private writable memory. Returns false where that cannot be done.
pub(crate) fn limit_data(bytes: u64) -> bool {
    imp::limit_data(bytes)
}

/// Lets this process run for so much more processor time and then ends it: the last resort
/// when the supervisor has died and cannot keep the deadline.
pub(crate) fn limit_processor_time(seconds: u64) {
    imp::limit_processor_time(seconds);
}

/// Writes all bytes to standard output without allocating; errors are dropped.
pub(crate) fn write_to_supervisor(bytes: &[u8]) {
    imp::write_to_supervisor(bytes);
}

/// Prepares a command so that keyboard signals to the terminal reach the supervisor only.
pub(crate) fn detach(command: &mut std::process::Command) {
    imp::detach(command);
}

/// Ends a process that [`detach`] prepared, together with what it started, and waits for it.
pub(crate) fn end_group(child: &mut std::process::Child) {
    imp::end_group(child);
    let _ = child.kill();
    let _ = child.wait();
}

/// Makes a pipe hold more, so that fewer switches between processes move a file.
pub(crate) fn widen(pipe: &std::process::ChildStdin) {
    imp::widen(pipe);
}

/// The signal that ended a process.
pub(crate) fn signal(status: std::process::ExitStatus) -> Option<i32> {
    imp::signal(status)
}

/// Number of the signal that nobody can catch; the kernel sends it when memory is short.
pub(crate) const SIGKILL: i32 = 9;

/// True for the signal that says that a process has used up its processor time.
pub(crate) fn is_processor_time_signal(signal: i32) -> bool {
    imp::is_processor_time_signal(signal)
}

/// A path that starts this very program again, even if its file was replaced meanwhile.
pub(crate) fn own_program() -> std::io::Result<std::path::PathBuf> {
    #[cfg(target_os = "linux")]
    {
        let link = std::path::Path::new("/proc/self/exe");
        if link.exists() {
            return Ok(link.to_path_buf());
        }
    }
    std::env::current_exe()
}

#[cfg(unix)]
mod imp {
    use crate::limits::STACK_BYTES;
    use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};

    pub(super) fn restrict_worker() {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            use rustix::process::{
                DumpableBehavior, set_dumpable_behavior, set_parent_process_death_signal,
            };
            // A worker must not outlive its supervisor, not even inside an endless loop.
            let _ = set_parent_process_death_signal(Some(Signal::KILL));
            let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
        }
        lower(Resource::Core, 0);
        // Standard output is a pipe and standard error the null device: no file is ever written.
        lower(Resource::Fsize, 0);
        lower(Resource::Nofile, 8);
        lower(Resource::Stack, STACK_BYTES);
    }

    /// Lowers both the soft and the hard limit; a refusal leaves what was there.
    fn lower(resource: Resource, value: u64) {
        let value = getrlimit(resource).maximum.map_or(value, |maximum| maximum.min(value));
        let _ = setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) });
    }

    /// Linux's page counts of this process; missing elsewhere.
    pub(super) struct DataGauge(Option<std::fs::File>);

    impl DataGauge {
        pub(super) fn new() -> Self {
            Self(std::fs::File::open("/proc/self/statm").ok())
        }

        pub(super) fn read(&self) -> Option<u64> {
            use std::os::unix::fs::FileExt as _;
            let mut text = [0; 256];
            let count = self.0.as_ref()?.read_at(&mut text, 0).ok()?;
            // size resident shared text lib data dt, in pages; `data` includes the stack.
            let text = std::str::from_utf8(&text[..count]).ok()?;
            let pages: u64 = text.split_ascii_whitespace().nth(5)?.parse().ok()?;
            Some(pages * rustix::param::page_size() as u64)
        }
    }

    pub(super) fn limit_data(bytes: u64) -> bool {
        // Only the soft limit moves: the next grant must be able to raise it again.
        let maximum = getrlimit(Resource::Data).maximum;
        let current = Some(maximum.map_or(bytes, |maximum| maximum.min(bytes)));
        setrlimit(Resource::Data, Rlimit { current, maximum }).is_ok()
    }

    pub(super) fn limit_processor_time(seconds: u64) {
        let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime).tv_sec;
        let maximum = getrlimit(Resource::Cpu).maximum;
        let wanted = (used.max(0) as u64).saturating_add(seconds);
        let current = Some(maximum.map_or(wanted, |maximum| maximum.min(wanted)));
        let _ = setrlimit(Resource::Cpu, Rlimit { current, maximum });
    }

    pub(super) fn write_to_supervisor(mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match rustix::io::write(rustix::stdio::stdout(), bytes) {
                Ok(count) if count > 0 => bytes = &bytes[count..],
                Err(rustix::io::Errno::INTR) => {}
                _ => return,
            }
        }
    }

    pub(super) fn detach(command: &mut std::process::Command) {
        use std::os::unix::process::CommandExt as _;
        command.process_group(0);
    }

    pub(super) fn end_group(child: &std::process::Child) {
        // Nobody has waited for the process yet, so its number is still its own.
        let _ = rustix::process::kill_process_group(
            rustix::process::Pid::from_child(child),
            Signal::KILL,
        );
    }

    pub(super) fn widen(pipe: &std::process::ChildStdin) {
        // What an unprivileged process may ask for; a refusal leaves the usual 64 KiB.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let _ = rustix::pipe::fcntl_setpipe_size(pipe, 1 << 20);
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let _ = pipe;
    }

    pub(super) fn signal(status: std::process::ExitStatus) -> Option<i32> {
        use std::os::unix::process::ExitStatusExt as _;
        status.signal()
    }

    pub(super) fn is_processor_time_signal(signal: i32) -> bool {
        signal == Signal::XCPU.as_raw()
    }
}

#[cfg(not(unix))]
mod imp {
    pub(super) fn restrict_worker() {}

    pub(super) struct DataGauge;

    impl DataGauge {
        pub(super) fn new() -> Self {
            Self
        }

        pub(super) fn read(&self) -> Option<u64> {
            None
        }
    }

    pub(super) fn limit_data(_bytes: u64) -> bool {
        false
    }

    pub(super) fn limit_processor_time(_seconds: u64) {}

    pub(super) fn write_to_supervisor(bytes: &[u8]) {
        use std::io::Write as _;
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(bytes).and_then(|()| out.flush());
    }

    pub(super) fn detach(_command: &mut std::process::Command) {}

    pub(super) fn end_group(_child: &std::process::Child) {}

    pub(super) fn widen(_pipe: &std::process::ChildStdin) {}

    pub(super) fn signal(_status: std::process::ExitStatus) -> Option<i32> {
        None
    }

    pub(super) fn is_processor_time_signal(_signal: i32) -> bool {
        false
    }
}
