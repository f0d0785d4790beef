//! How are torrents and HTTP tracker answers written? As bencode (BEP 3): integers, byte strings, lists, and
//! dictionaries whose keys are sorted.

use std::collections::BTreeMap;

/// A value that can be bencoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// An integer.
    Integer(i64),
    /// A string of bytes.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Value>),
    /// A dictionary; the map keeps the keys in the order that the format wants.
    Dictionary(BTreeMap<Vec<u8>, Value>),
}

impl Value {
    /// A string.
    pub fn text(text: &str) -> Self {
        Self::Bytes(text.as_bytes().to_vec())
    }

    /// A count; anything above `i64::MAX` is written as `i64::MAX`.
    pub fn count(count: u64) -> Self {
        Self::Integer(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// A dictionary of the given entries.
    pub fn dictionary<const N: usize>(entries: [(&str, Self); N]) -> Self {
        Self::Dictionary(entries.into_iter().map(|(key, value)| (key.as_bytes().to_vec(), value)).collect())
    }

    /// The bytes of this value.
    pub fn encode(&self) -> Vec<u8> {
        let mut output = Vec::new();
        self.write(&mut output);
        output
    }

    fn write(&self, output: &mut Vec<u8>) {
        match self {
            Self::Integer(number) => output.extend(format!("i{number}e").bytes()),
            Self::Bytes(bytes) => write_bytes(bytes, output),
            Self::List(values) => {
                output.push(b'l');
                for value in values {
                    value.write(output);
                }
                output.push(b'e');
            }
            Self::Dictionary(entries) => {
                output.push(b'd');
                for (key, value) in entries {
                    write_bytes(key, output);
                    value.write(output);
                }
                output.push(b'e');
            }
        }
    }
}

fn write_bytes(bytes: &[u8], output: &mut Vec<u8>) {
    output.extend(format!("{}:", bytes.len()).bytes());
    output.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_the_specification_shows() {
        assert_eq!(Value::text("spam").encode(), b"4:spam");
        assert_eq!(Value::Integer(-3).encode(), b"i-3e");
        assert_eq!(Value::List(vec![Value::text("spam"), Value::text("eggs")]).encode(), b"l4:spam4:eggse");
        let animals = Value::dictionary([("spam", Value::text("eggs")), ("cow", Value::text("moo"))]);
        assert_eq!(animals.encode(), b"d3:cow3:moo4:spam4:eggse");
    }
}
