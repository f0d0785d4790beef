//! Is this bencode (BEP 3)? Shoal only writes it; this reads it, to check what was written.

/// Whether the bytes are exactly one bencoded value, with the keys of each dictionary in order.
pub fn is_bencode(bytes: &[u8]) -> bool {
    value(bytes) == Some(&[])
}

/// Reads one value and returns what follows it.
fn value(bytes: &[u8]) -> Option<&[u8]> {
    let (kind, rest) = bytes.split_first()?;
    match kind {
        b'i' => integer(rest),
        b'l' => list(rest),
        b'd' => dictionary(rest),
        _ => string(bytes).map(|(_, rest)| rest),
    }
}

fn integer(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().position(|byte| *byte == b'e')?;
    std::str::from_utf8(&bytes[..end]).ok()?.parse::<i64>().ok()?;
    Some(&bytes[end + 1..])
}

fn list(mut bytes: &[u8]) -> Option<&[u8]> {
    loop {
        match bytes.strip_prefix(b"e") {
            Some(rest) => return Some(rest),
            None => bytes = value(bytes)?,
        }
    }
}

fn dictionary(mut bytes: &[u8]) -> Option<&[u8]> {
    let mut previous: Option<&[u8]> = None;
    loop {
        if let Some(rest) = bytes.strip_prefix(b"e") {
            return Some(rest);
        }
        let (key, rest) = string(bytes)?;
        if previous.is_some_and(|previous| previous >= key) {
            return None;
        }
        previous = Some(key);
        bytes = value(rest)?;
    }
}

/// Reads `length:bytes`.
fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = bytes.iter().position(|byte| *byte == b':')?;
    let length: usize = std::str::from_utf8(&bytes[..colon]).ok()?.parse().ok()?;
    bytes[colon + 1..].split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_values_are_told_from_broken_ones() {
        for text in ["i-3e", "4:spam", "le", "l4:spami1ee", "d3:cow3:moo4:spam4:eggse", "d0:le1:adee"] {
            assert!(is_bencode(text.as_bytes()), "{text}");
        }
        for text in ["", "i3", "ie", "5:spam", "4:spamx", "l", "d4:spam4:eggs3:cow3:mooe", "d1:ai1e1:ai1ee", "di1ei1ee"]
        {
            assert!(!is_bencode(text.as_bytes()), "{text}");
        }
    }
}
