//! Intervals of 95 % for shares and rates.

/// Wilson's score interval of `found` of `all`: for recall.
///
/// Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference,
/// 1927. Its coverage stays near the promised one at shares of 0 and 1, where the usual
/// interval collapses.
#[must_use]
pub fn wilson(found: u64, all: u64) -> (f64, f64) {
    const Z: f64 = 1.959_963_985;
    if all == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (all as f64, found as f64 / all as f64);
    let middle = p + Z * Z / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    (((middle - half) / scale).max(0.0), ((middle + half) / scale).min(1.0))
}

/// Upper end of the exact (Clopper and Pearson) one-sided 95 % interval of how many events are
/// expected where `found` were seen, in the Poisson limit, which holds for the tiny rates of false
/// matches: the mean at which so few events are seen in 5 % of all experiments.
#[must_use]
pub fn upper_bound(found: u64) -> f64 {
    let (mut low, mut high) = (found as f64, found as f64 + 10.0 + 5.0 * (found as f64).sqrt());
    for _ in 0..60 {
        let mean = (low + high) / 2.0;
        if poisson_below(found, mean) > 0.05 { low = mean } else { high = mean }
    }
    high
}

/// Probability of at most `count` events where `mean` are expected.
fn poisson_below(count: u64, mean: f64) -> f64 {
    // Logarithms keep large means from underflowing.
    let mut term = -mean;
    let mut sum = term.exp();
    for k in 1..=count {
        term += mean.ln() - (k as f64).ln();
        sum += term.exp();
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_values() {
        for (found, low, high) in [(0, 0.0, 0.2775), (5, 0.2366, 0.7634)] {
            let interval = wilson(found, 10);
            assert!((interval.0 - low).abs() < 1e-3 && (interval.1 - high).abs() < 1e-3);
        }
        // The rule of three, and tables of Poisson limits.
        for (found, bound) in [(0, 2.9957), (3, 7.7537), (10, 16.9622)] {
            assert!((upper_bound(found) - bound).abs() < 1e-3, "{found}");
        }
        assert!((upper_bound(40_000) / 40_000.0 - 1.0083).abs() < 1e-3);
    }
}
