//! The live figures: what each says in words, against the crate called directly, and its extremes.

mod kink;
mod softmax;
mod start;
mod step;

use handgrad::live;

/// What a figure says in words.
fn words(query: &str) -> Result<String, live::LiveError> {
    Ok(live::open(query)?.picture()?.alt)
}

/// The number behind these words.
fn number_after(text: &str, words: &str) -> f64 {
    let Some((_, rest)) = text.split_once(words) else { return f64::NAN };
    let part: String = rest.chars().take_while(|c| c.is_ascii_digit() || "−.·⁻⁰¹²³⁴⁵⁶⁷⁸⁹".contains(*c)).collect();
    let plain = |text: &str| {
        let place = |c| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|digit| digit == c);
        text.chars()
            .map(|c| match (c, place(c)) {
                ('−' | '⁻', _) => '-',
                (_, Some(digit)) => char::from(b'0' + digit as u8),
                _ => c,
            })
            .collect::<String>()
    };
    let part = part.trim_end_matches('.');
    let (mantissa, power) = match part.split_once("·10") {
        Some(parts) => parts,
        None if part.starts_with("10") && part.ends_with(|c| "⁰¹²³⁴⁵⁶⁷⁸⁹".contains(c)) => {
            ("1", &part[2..])
        }
        None => (part, ""),
    };
    let power = if power.is_empty() { "0".into() } else { plain(power) };
    format!("{}e{power}", plain(mantissa)).parse().unwrap_or(f64::NAN)
}

/// The figure can be drawn at these settings, for a phone and for a page, and no place in it is undefined.
fn can_be_drawn(query: &str) -> Result<(), live::LiveError> {
    let mut figure = live::open(query)?;
    for width in [350, 720] {
        figure.set(&format!("width={width}"))?;
        let picture = figure.picture()?;
        let svg = picture.svg();
        assert_eq!(picture.size.0, width);
        assert!(svg.len() < 60_000, "{query}: {} bytes", svg.len());
        assert!(!svg.contains("=\"NaN") && !svg.contains("inf\""), "{query}");
    }
    Ok(())
}

#[test]
fn numbers_are_read_from_words() {
    assert_eq!(number_after("error 1.5·10⁻⁷.", "error "), 1.5e-7);
    assert_eq!(number_after("error −0.25, and", "error "), -0.25);
    assert_eq!(number_after("error 10⁻¹⁶.", "error "), 1e-16);
}
