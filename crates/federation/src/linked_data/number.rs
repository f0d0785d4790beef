//! How are numbers written when they are signed? JSON-LD 1.1 API, section 8.6, as jsonld.js does it: every number is a
//! 64-bit float to it.

pub(super) const BOOLEAN: &str = "http://www.w3.org/2001/XMLSchema#boolean";
pub(super) const DOUBLE: &str = "http://www.w3.org/2001/XMLSchema#double";
pub(super) const INTEGER: &str = "http://www.w3.org/2001/XMLSchema#integer";

/// The text of a number and, unless its term says otherwise, its type.
pub(super) fn lexical(number: f64, datatype: Option<&str>) -> (String, &'static str) {
    if number.fract() != 0.0 || number.abs() >= 1e21 || datatype == Some(DOUBLE) {
        return (double(number), DOUBLE);
    }
    // An addition turns the negative zero into the positive one.
    (format!("{:.0}", number + 0.0), INTEGER)
}

/// `1.7778E0`: one digit before the point, at least one and at most 15 after it, no zeros at the end.
fn double(number: f64) -> String {
    let text = format!("{number:.15e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mantissa = mantissa.trim_end_matches('0');
    let zero = if mantissa.ends_with('.') { "0" } else { "" };
    format!("{mantissa}{zero}E{exponent}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_javascript_writes_them() {
        for (number, text, kind) in [
            (0.0, "0", INTEGER),
            (-0.0, "0", INTEGER),
            (62_565.0, "62565", INTEGER),
            (-7.0, "-7", INTEGER),
            (1e20, "100000000000000000000", INTEGER),
            (1e21, "1.0E21", DOUBLE),
            (1.7778, "1.7778E0", DOUBLE),
            (0.1, "1.0E-1", DOUBLE),
            (-123.456, "-1.23456E2", DOUBLE),
            (5e-324, "4.940656458412465E-324", DOUBLE),
        ] {
            assert_eq!(lexical(number, None), (text.to_owned(), kind));
        }
        assert_eq!(lexical(5.0, Some(DOUBLE)), ("5.0E0".to_owned(), DOUBLE));
    }
}
