//! A form as Twilio sends it: names and values decoded once, as bytes, in wire order, within a bound. Keeps blank values,
//! repeated names and names without `=`, because all of them are signed. Knows no field's meaning.

use std::borrow::Cow;

/// Decoded fields in wire order, and the order in which they are signed. All texts stand in one buffer: a form costs three
/// allocations, however many fields it has.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Form {
    text: Vec<u8>,
    fields: Vec<Field>,
    sorted: Vec<u32>,
}

/// Where a field stands in the text; its value begins where its name ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Field {
    /// How the name begins: nearly always enough to tell two names apart, and to sort them.
    prefix: u64,
    start: usize,
    name_end: usize,
    end: usize,
}

/// More fields than allowed.
#[derive(Debug, PartialEq, Eq)]
pub struct TooManyFields;

impl Form {
    /// Reads `application/x-www-form-urlencoded` text, be it a body or a query.
    pub fn parse(encoded: &[u8], max_fields: usize) -> Result<Self, TooManyFields> {
        let mut form = Self::default();
        // Decoding never makes a text longer.
        form.text.reserve(encoded.len());
        form.fields.reserve(32);
        let (mut start, mut name_end, mut rest) = (0, None, encoded);
        loop {
            let plain = rest.iter().position(|byte| MEANS_SOMETHING[usize::from(*byte)]).unwrap_or(rest.len());
            form.text.extend_from_slice(&rest[..plain]);
            rest = &rest[plain..];
            match rest.first() {
                Some(b'=') if name_end.is_none() => name_end = Some(form.text.len()),
                Some(b'&') | None => {
                    // Nothing between two `&` is no field; a `=` alone is one.
                    if name_end.is_some() || form.text.len() > start {
                        if form.fields.len() == max_fields {
                            return Err(TooManyFields);
                        }
                        form.end_field(start, name_end.take());
                    }
                    start = form.text.len();
                }
                Some(byte) => {
                    let (byte, length) = decoded(*byte, rest);
                    form.text.push(byte);
                    rest = &rest[length - 1..];
                }
            }
            let Some((_, after)) = rest.split_first() else { break };
            rest = after;
        }
        form.sort();
        Ok(form)
    }

    fn end_field(&mut self, start: usize, name_end: Option<usize>) {
        let end = self.text.len();
        let name_end = name_end.unwrap_or(end);
        self.fields.push(Field { prefix: prefix(&self.text[start..name_end]), start, name_end, end });
    }

    /// By the bytes of name, then value.
    fn sort(&mut self) {
        let mut keyed: Vec<(u64, u32)> = (0..).zip(&self.fields).map(|(at, field)| (field.prefix, at)).collect();
        let pair = |at: u32| self.pair(&self.fields[at as usize]);
        keyed.sort_unstable_by(|(left, a), (right, b)| left.cmp(right).then_with(|| pair(*a).cmp(&pair(*b))));
        self.sorted = keyed.into_iter().map(|(_, at)| at).collect();
    }

    /// How long all names and values are.
    pub fn size(&self) -> usize {
        self.text.len()
    }

    fn name(&self, field: &Field) -> &[u8] {
        &self.text[field.start..field.name_end]
    }

    fn value(&self, field: &Field) -> &[u8] {
        &self.text[field.name_end..field.end]
    }

    fn pair(&self, field: &Field) -> (&[u8], &[u8]) {
        (self.name(field), self.value(field))
    }

    /// Names and values as they came.
    pub fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields.iter().map(|field| self.pair(field))
    }

    /// Names and values in the order in which they are signed: names by byte order, the values of one name sorted too.
    pub fn sorted(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.sorted.iter().map(|at| self.pair(&self.fields[*at as usize]))
    }

    /// The first value of a name.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        let prefix = prefix(name.as_bytes());
        let is = |field: &&Field| field.prefix == prefix && self.name(field) == name.as_bytes();
        self.fields.iter().find(is).map(|field| self.value(field))
    }

    /// The first value of a name as text, without NUL, which PostgreSQL refuses. Broken UTF-8 becomes U+FFFD: the signature
    /// is checked on the bytes, and a caller should not be lost over a bad character in a name.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.bytes(name).map(readable)
    }

    /// A name that comes twice with different values: which one is meant cannot be known, and the signature does not say,
    /// because it is the same for either order.
    pub fn contradiction<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        // Equal names stand next to each other in the sorted order, and nearly no form has any.
        let pairs = self.sorted().zip(self.sorted().skip(1));
        let mut contradicted = pairs.filter(|((name, value), (next, other))| name == next && value != other);
        contradicted.find_map(|((name, _), _)| names.iter().copied().find(|known| known.as_bytes() == name))
    }

    /// The same form with values changed or fields left out.
    pub fn map(&self, change: impl Fn(&[u8], &[u8]) -> Option<Vec<u8>>) -> Self {
        let mut changed = Self::default();
        for (name, value) in self.fields() {
            let Some(value) = change(name, value) else { continue };
            let start = changed.text.len();
            changed.text.extend_from_slice(name);
            let name_end = changed.text.len();
            changed.text.extend_from_slice(&value);
            changed.end_field(start, Some(name_end));
        }
        changed.sort();
        changed
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// No field at all.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

/// A name's first eight bytes as a number of the same order; a shorter name is filled up with zeros.
fn prefix(name: &[u8]) -> u64 {
    let mut first = [0; 8];
    let length = name.len().min(8);
    first[..length].copy_from_slice(&name[..length]);
    u64::from_be_bytes(first)
}

/// A value as text; see [`Form::text`].
pub fn readable(bytes: &[u8]) -> Cow<'_, str> {
    let text = str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
    if bytes.contains(&0) { Cow::Owned(text.replace('\0', "")) } else { text }
}

/// Bytes that do not stand for themselves.
const MEANS_SOMETHING: [bool; 256] = {
    let mut table = [false; 256];
    table[b'&' as usize] = true;
    table[b'=' as usize] = true;
    table[b'+' as usize] = true;
    table[b'%' as usize] = true;
    table
};

/// What stands at the beginning, and how long it is: `+` is a space; a `%` that starts no byte stays, as in every form
/// decoder, and so does a second `=`.
fn decoded(byte: u8, rest: &[u8]) -> (u8, usize) {
    let hex = |at: usize| rest.get(at).and_then(|digit| char::from(*digit).to_digit(16));
    match (byte, hex(1), hex(2)) {
        (b'+', _, _) => (b' ', 1),
        // Two hexadecimal digits are a byte.
        (b'%', Some(high), Some(low)) => ((high << 4 | low) as u8, 3),
        (other, _, _) => (other, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::{Form, TooManyFields};
    use proptest::prelude::*;

    fn form(encoded: &str) -> Form {
        Form::parse(encoded.as_bytes(), 200).expect("few fields")
    }

    #[test]
    fn blank_values_and_bare_names_are_fields() {
        let form = form("Flag&ToZip=&From=%2B18185550100");
        assert_eq!(form.bytes("Flag"), Some(&b""[..]));
        assert_eq!(form.bytes("ToZip"), Some(&b""[..]));
        assert_eq!(form.text("From").as_deref(), Some("+18185550100"));
        assert_eq!(form.bytes("To"), None);
    }

    #[test]
    fn values_are_decoded_once() {
        assert_eq!(form("CallToken=%257B").text("CallToken").as_deref(), Some("%7B"));
        assert_eq!(form("Body=1%2B1+%3d%202%zz").text("Body").as_deref(), Some("1+1 = 2%zz"));
    }

    #[test]
    fn nul_goes_and_broken_utf8_is_shown_as_such() {
        assert_eq!(form("Body=a%00b").text("Body").as_deref(), Some("ab"));
        assert_eq!(form("Body=a%ff").text("Body").as_deref(), Some("a\u{fffd}"));
        assert_eq!(form("Body=a%ff").bytes("Body"), Some(&b"a\xff"[..]));
    }

    #[test]
    fn one_field_too_many_is_refused() {
        assert!(Form::parse(b"a&b", 2).is_ok());
        assert_eq!(Form::parse(b"a&b&c", 2), Err(TooManyFields));
    }

    #[test]
    fn two_values_for_one_name_contradict() {
        assert_eq!(form("To=a&To=b").contradiction(&["From", "To"]), Some("To"));
        assert_eq!(form("To=a&To=a").contradiction(&["From", "To"]), None);
    }

    #[test]
    fn fields_are_signed_by_the_bytes_of_name_and_value() {
        let form = form("Callers=1&Called=b&Called=a&%00=z&=y&Calle%00=2&CalledCity=3&CalledCountry=4&CALLED=5");
        let sorted: Vec<_> = form.sorted().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
        let mut expected: Vec<_> = form.fields().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
        expected.sort();
        assert_eq!(sorted, expected);
    }

    proptest! {
        #[test]
        fn the_signed_order_is_that_of_the_bytes(encoded in "[a-c=&%0+]{0,60}") {
            let form = form(&encoded);
            let sorted: Vec<_> = form.sorted().collect();
            let mut expected: Vec<_> = form.fields().collect();
            expected.sort();
            prop_assert_eq!(sorted, expected);
        }

        #[test]
        fn decoding_is_that_of_everybody(encoded in "[a-c%0-9A-Fg+]{0,40}") {
            let read = form(&format!("n={encoded}")).bytes("n").map(<[u8]>::to_vec);
            let expected = form_urlencoded::parse(format!("n={encoded}").as_bytes()).next().map(|(_, value)| value.into_owned());
            prop_assert_eq!(read.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()), expected);
        }

        #[test]
        fn whatever_a_client_encodes_is_read_back(fields in proptest::collection::vec((".+", ".*"), 0..20)) {
            let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
            let read: Vec<(String, String)> = form(&encoded).fields()
                .map(|(name, value)| (String::from_utf8_lossy(name).into(), String::from_utf8_lossy(value).into()))
                .collect();
            prop_assert_eq!(read, fields);
        }
    }
}
