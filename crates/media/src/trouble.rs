//! From the errors of the decoders to the reasons that outputs count.

use crate::{Reason, Trouble};
use image::ImageError;
use std::error::Error;
use std::io;

/// What the error of any decoder means. The decoder's own words go into the detail; they speak
/// of the format's structure and never quote pixels.
pub(crate) fn from_error(error: &(dyn Error + 'static)) -> Trouble {
    Trouble::new(reason(error), plain(&error.to_string()))
}

fn reason(error: &(dyn Error + 'static)) -> Reason {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(reason) = one_reason(error) {
            return reason;
        }
        cause = error.source();
    }
    Reason::Corrupt
}

fn one_reason(error: &(dyn Error + 'static)) -> Option<Reason> {
    if let Some(error) = error.downcast_ref::<io::Error>() {
        // Decoders read from memory: nothing but its end can be in their way.
        return (error.kind() == io::ErrorKind::UnexpectedEof).then_some(Reason::Truncated);
    }
    if let Some(error) = error.downcast_ref::<ImageError>() {
        return match error {
            ImageError::Unsupported(_) => Some(Reason::Unsupported),
            ImageError::Limits(_) => Some(Reason::Limit),
            _ => inner(error),
        };
    }
    if let Some(error) = error.downcast_ref::<png::DecodingError>() {
        return match error {
            png::DecodingError::IoError(error) => one_reason(error),
            png::DecodingError::LimitsExceeded => Some(Reason::Limit),
            _ => None,
        };
    }
    if let Some(error) = error.downcast_ref::<gif::DecodingError>() {
        return match error {
            gif::DecodingError::MemoryLimit | gif::DecodingError::OutOfMemory => {
                Some(Reason::Limit)
            }
            gif::DecodingError::UnexpectedEof => Some(Reason::Truncated),
            _ => None,
        };
    }
    if let Some(error) = error.downcast_ref::<tiff::TiffError>() {
        return match error {
            tiff::TiffError::IoError(error) => one_reason(error),
            tiff::TiffError::UnsupportedError(_) => Some(Reason::Unsupported),
            tiff::TiffError::LimitsExceeded => Some(Reason::Limit),
            _ => None,
        };
    }
    None
}

/// The `image` crate does not show an I/O error as the source of its own variant for it.
fn inner(error: &ImageError) -> Option<Reason> {
    match error {
        ImageError::IoError(error) => one_reason(error),
        _ => None,
    }
}

/// One line without control characters.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
