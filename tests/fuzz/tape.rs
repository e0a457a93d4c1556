//! Bytes read as choices and texts, so that mutated bytes are other typed values and not only broken ones.

pub struct Tape<'a>(&'a [u8]);

impl<'a> Tape<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// 0 once nothing is left.
    pub fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *byte
    }

    /// One of so many.
    pub fn below(&mut self, end: u8) -> u8 {
        self.byte() % end
    }

    pub fn flag(&mut self) -> bool {
        self.below(2) == 1
    }

    pub fn bytes(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }

    pub fn number(&mut self) -> i64 {
        let mut bytes = [0; 8];
        let taken = self.bytes(8);
        bytes[..taken.len()].copy_from_slice(taken);
        i64::from_be_bytes(bytes)
    }

    /// Any text, up to 127 bytes, or that text up to 127 times over.
    pub fn text(&mut self) -> String {
        let length = self.byte();
        let times = if length > 127 { self.byte() >> 1 } else { 1 };
        String::from_utf8_lossy(self.bytes(usize::from(length & 127))).repeat(times.into())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
