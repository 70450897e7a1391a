//! One file in, one bounded Examination record out.
