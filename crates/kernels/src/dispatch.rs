//! Which instruction sets this machine has, and which of them the kernels use.

use std::sync::OnceLock;

/// Name of the environment variable that pins the backend: `scalar`, `avx2`, `avx512` or `neon`.
pub const PIN: &str = "HASHWARD_BACKEND";

/// An instruction set for which kernels are written.
///
/// Naming a backend does not prove that the machine has it; every `x_with` kernel asks
/// [`Backend::is_available`] (one cached load) and panics rather than execute an illegal
/// instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Backend {
    /// Plain Rust: the specification, on every machine.
    Scalar,
    /// x86-64 with AVX2 and POPCNT.
    Avx2,
    /// x86-64 with AVX-512 F, BW, DQ, VL and VPOPCNTDQ (Ice Lake, Zen 4 and later). Machines with
    /// only the first four run AVX2.
    Avx512,
    /// aarch64 with Advanced SIMD.
    Neon,
}

impl Backend {
    /// Every backend, the least preferred first.
    pub const ALL: [Self; 4] = [Self::Scalar, Self::Neon, Self::Avx2, Self::Avx512];

    /// The backends that this machine can run, the least preferred first; never empty, because
    /// [`Backend::Scalar`] always can.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|backend| backend.is_available())
    }

    /// True when this machine can run the backend. Under Miri only the scalar one can.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            Self::Scalar => true,
            _ if cfg!(miri) => false,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512vpopcntdq")
                    && Self::Avx2.is_available()
            }
            #[cfg(target_arch = "aarch64")]
            Self::Neon => std::arch::is_aarch64_feature_detected!("neon"),
            #[allow(unreachable_patterns, reason = "depends on the architecture")]
            _ => false,
        }
    }

    /// Returns the backend itself.
    ///
    /// # Panics
    /// When this machine cannot run it. Kernels call this before they enter code that is compiled
    /// for the instruction set.
    #[must_use]
    #[track_caller]
    pub fn checked(self) -> Self {
        assert!(self.is_available(), "this machine has no {} instructions", self.name());
        self
    }

    /// The word that [`PIN`] takes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
        }
    }

    /// The backend that a value of [`PIN`] names; an empty value pins nothing.
    ///
    /// # Errors
    /// [`BadPin`] when no backend has that name or this machine cannot run it.
    pub fn from_pin(value: &str) -> Result<Option<Self>, BadPin> {
        if value.is_empty() {
            return Ok(None);
        }
        match Self::ALL.into_iter().find(|backend| backend.name() == value) {
            Some(backend) if backend.is_available() => Ok(Some(backend)),
            Some(backend) => Err(BadPin::Unavailable(backend)),
            None => Err(BadPin::Unknown),
        }
    }

    /// The backend pinned by the environment, if any. A program asks this at its start, in order
    /// to report a bad pin politely.
    ///
    /// # Errors
    /// [`BadPin`] when [`PIN`] is set to something that cannot be used.
    pub fn pinned() -> Result<Option<Self>, BadPin> {
        match std::env::var_os(PIN) {
            None => Ok(None),
            Some(value) => Self::from_pin(value.to_str().ok_or(BadPin::Unknown)?),
        }
    }
}

/// Why the value of [`PIN`] cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadPin {
    /// No backend has that name.
    Unknown,
    /// The backend exists, but this machine cannot run it.
    Unavailable(Backend),
}

impl std::fmt::Display for BadPin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown => {
                write!(f, "{PIN} must be scalar, avx2, avx512 or neon; unset it to choose the best")
            }
            Self::Unavailable(backend) => write!(
                f,
                "{PIN} pins {}, which this machine does not have; unset it to choose the best",
                backend.name()
            ),
        }
    }
}

impl std::error::Error for BadPin {}

/// The backend of the dispatched kernels: the pinned one, else the best that the machine has.
/// Decided once per process.
///
/// # Panics
/// When the environment pins a backend that cannot be used: running another one silently would
/// let a test pass that never ran (see [`Backend::pinned`]).
#[must_use]
pub fn backend() -> Backend {
    static CHOSEN: OnceLock<Backend> = OnceLock::new();
    *CHOSEN.get_or_init(|| match Backend::pinned() {
        Ok(pinned) => pinned.or_else(|| Backend::available().last()).unwrap_or(Backend::Scalar),
        Err(error) => panic!("{error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalar_is_everywhere_and_least_preferred() {
        assert_eq!(Backend::available().next(), Some(Backend::Scalar));
        assert!(Backend::available().all(Backend::is_available));
    }

    #[test]
    fn one_architecture_never_has_the_instructions_of_another() {
        let foreign = if cfg!(target_arch = "aarch64") { Backend::Avx2 } else { Backend::Neon };
        assert!(!foreign.is_available());
        assert_eq!(Backend::from_pin(foreign.name()), Err(BadPin::Unavailable(foreign)));
    }

    #[test]
    fn pins_are_exact_words() {
        assert_eq!(Backend::from_pin(""), Ok(None));
        assert_eq!(Backend::from_pin("scalar"), Ok(Some(Backend::Scalar)));
        assert_eq!(Backend::from_pin("Scalar"), Err(BadPin::Unknown));
        for backend in Backend::available() {
            assert_eq!(Backend::from_pin(backend.name()), Ok(Some(backend)));
        }
    }

    #[test]
    #[should_panic(expected = "this machine has no")]
    fn an_unavailable_backend_panics() {
        let foreign = if cfg!(target_arch = "aarch64") { Backend::Avx512 } else { Backend::Neon };
        let _ = foreign.checked();
    }
}
