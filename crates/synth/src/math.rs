//! Elementary functions from IEEE-exact operations only, so that every platform agrees on each bit.
//!
//! The platform's `sin`, `exp` and the like may differ in their last bit between systems. These
//! use only `+ − × ÷`, comparisons and conversions, which IEEE 754 fixes; accuracy is better than
//! 1e-9, far below what a pixel shows.

/// Sine of an angle given in turns (1.0 is a full circle).
pub(crate) fn sin_turns(turns: f64) -> f64 {
    let whole = turns - floor(turns);
    let (quarter, sign) = if whole < 0.5 { (whole, 1.0) } else { (whole - 0.5, -1.0) };
    let folded = if quarter > 0.25 { 0.5 - quarter } else { quarter };
    let x = folded * std::f64::consts::TAU;
    let square = x * x;
    // Taylor's series on 0..π/2; the first term left out is below 1e-15.
    let mut term = x;
    let mut sum = x;
    for n in [6.0, 20.0, 42.0, 72.0, 110.0, 156.0, 210.0, 272.0, 342.0] {
        term = -term * square / n;
        sum += term;
    }
    sign * sum
}

/// Cosine of an angle given in turns.
pub(crate) fn cos_turns(turns: f64) -> f64 {
    sin_turns(turns + 0.25)
}

/// `e` to the power of `x`.
pub(crate) fn exp(x: f64) -> f64 {
    // e^x = (e^(x/1024))^1024; the series converges at once on the small argument.
    let small = x / 1024.0;
    let mut value = 1.0;
    for n in (1..=7).rev() {
        value = 1.0 + value * small / f64::from(n);
    }
    for _ in 0..10 {
        value = value * value;
    }
    value
}

/// Natural logarithm of a positive number.
pub(crate) fn ln(x: f64) -> f64 {
    let (mut mantissa, mut exponent) = (x, 0.0);
    while mantissa > 1.5 {
        mantissa *= 0.5;
        exponent += 1.0;
    }
    while mantissa < 0.75 {
        mantissa *= 2.0;
        exponent -= 1.0;
    }
    // ln m = 2·artanh((m − 1) / (m + 1))
    let ratio = (mantissa - 1.0) / (mantissa + 1.0);
    let square = ratio * ratio;
    let mut sum = 0.0;
    for n in (0..12).rev() {
        sum = sum * square + 1.0 / f64::from(2 * n + 1);
    }
    2.0 * ratio * sum + exponent * std::f64::consts::LN_2
}

/// `base` to the power of `exponent`, for a base from 0 up.
pub(crate) fn pow(base: f64, exponent: f64) -> f64 {
    if base <= 0.0 { 0.0 } else { exp(exponent * ln(base)) }
}

/// Greatest whole number not above `x`, without a call into the platform's library.
pub(crate) fn floor(x: f64) -> f64 {
    let cut = x as i64 as f64;
    if cut > x { cut - 1.0 } else { cut }
}

/// Greatest whole number not above `x`.
pub(crate) fn floor_i32(x: f32) -> i32 {
    let cut = x as i32;
    cut - i32::from((cut as f32) > x)
}

/// Smooth step from 0 at `x ≤ 0` to 1 at `x ≥ 1`.
pub(crate) fn smooth(x: f32) -> f32 {
    let x = x.clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

/// Triangle wave with period 1: 0 at whole numbers, 1 half-way.
pub(crate) fn triangle(x: f32) -> f32 {
    let part = x - floor_i32(x) as f32;
    1.0 - (2.0 * part - 1.0).abs()
}

/// Mixes two numbers: `a` at 0, `b` at 1.
pub(crate) fn lerp(a: f32, b: f32, share: f32) -> f32 {
    a + (b - a) * share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_platform_to_nine_digits() {
        for step in -400..400 {
            let x = f64::from(step) / 37.0;
            assert!((sin_turns(x) - (x * std::f64::consts::TAU).sin()).abs() < 1e-9, "{x}");
            assert!((cos_turns(x) - (x * std::f64::consts::TAU).cos()).abs() < 1e-9, "{x}");
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-9, "{x}");
            assert_eq!(floor(x), x.floor());
            assert_eq!(floor_i32(x as f32), (x as f32).floor() as i32);
            if x > 0.0 {
                assert!((ln(x) - x.ln()).abs() < 1e-9, "{x}");
                assert!((pow(x, 1.7) / x.powf(1.7) - 1.0).abs() < 1e-8, "{x}");
            }
        }
    }
}
