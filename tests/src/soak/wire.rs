//! As much of PostgreSQL's protocol as it takes to find a COMMIT in it, and to lie about it. Pure: bytes in, bytes out.

/// The COMMIT and what it becomes; PostgreSQL's own words, ended as the protocol ends texts.
const COMMIT: &[u8] = b"COMMIT\0";
const ROLLBACK: &[u8] = b"ROLLBACK\0";
const QUERY: u8 = b'Q';
const COMMAND_COMPLETE: u8 = b'C';

/// Cuts one direction of a connection into messages.
#[derive(Default)]
pub struct Messages {
    buffer: Vec<u8>,
    /// The first message of a client has no tag.
    begun: bool,
}

/// A message: its tag, and everything after its length.
#[derive(Debug, PartialEq, Eq)]
pub struct Message {
    /// What kind; none for a client's first message.
    pub tag: Option<u8>,
    /// What it says.
    pub body: Vec<u8>,
}

impl Messages {
    /// What a client says.
    pub fn of_client() -> Self {
        Self::default()
    }

    /// What a server says: every message has a tag, because nobody asks it for TLS here.
    pub fn of_server() -> Self {
        Self { begun: true, ..Self::default() }
    }

    /// More bytes; gives the messages that are whole now.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<Message> {
        self.buffer.extend_from_slice(bytes);
        let mut whole = Vec::new();
        while let Some(message) = self.next() {
            whole.push(message);
        }
        whole
    }

    fn next(&mut self) -> Option<Message> {
        let tagged = usize::from(self.begun);
        let length: [u8; 4] = self.buffer.get(tagged..tagged + 4)?.try_into().ok()?;
        // The length counts itself, not the tag.
        let end = tagged + usize::try_from(u32::from_be_bytes(length)).ok()?.max(4);
        if self.buffer.len() < end {
            return None;
        }
        let tag = self.begun.then(|| self.buffer[0]);
        self.begun = true;
        let rest = self.buffer.split_off(end);
        let message = std::mem::replace(&mut self.buffer, rest);
        Some(Message { tag, body: message[tagged + 4..].to_vec() })
    }
}

impl Message {
    /// As it is sent.
    pub fn bytes(&self) -> Vec<u8> {
        let length = u32::try_from(self.body.len() + 4).unwrap_or(u32::MAX);
        let mut bytes: Vec<u8> = self.tag.into_iter().collect();
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// Whether it is the end of a transaction.
    pub fn is_commit(&self) -> bool {
        self.tag == Some(QUERY) && self.body.eq_ignore_ascii_case(COMMIT)
    }

    /// The opposite of a COMMIT.
    pub fn rollback() -> Self {
        Self { tag: Some(QUERY), body: ROLLBACK.to_vec() }
    }

    /// The server has rolled back.
    pub fn says_rolled_back(&self) -> bool {
        self.tag == Some(COMMAND_COMPLETE) && self.body == ROLLBACK
    }

    /// The server has committed.
    pub fn committed() -> Self {
        Self { tag: Some(COMMAND_COMPLETE), body: COMMIT.to_vec() }
    }

    /// Whether these bytes are anywhere in it.
    pub fn holds(&self, needle: &[u8]) -> bool {
        !needle.is_empty() && self.body.windows(needle.len()).any(|part| part == needle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &[u8]) -> Message {
        Message { tag: Some(QUERY), body: text.to_vec() }
    }

    #[test]
    fn messages_are_found_however_the_bytes_arrive() {
        let first = Message { tag: None, body: b"\0\x03\0\0user\0x\0\0".to_vec() };
        let said = [first.bytes(), query(b"BEGIN\0").bytes(), query(b"COMMIT\0").bytes()].concat();
        for size in [1, 2, 7, said.len()] {
            let mut messages = Messages::of_client();
            let found: Vec<Message> = said.chunks(size).flat_map(|part| messages.take(part)).collect();
            assert_eq!(found.len(), 3, "in parts of {size}");
            assert_eq!(found[0].body, first.body);
            assert_eq!([found[1].is_commit(), found[2].is_commit()], [false, true]);
            assert_eq!(found.iter().flat_map(Message::bytes).collect::<Vec<_>>(), said);
        }
    }

    #[test]
    fn a_rolled_back_transaction_is_told_as_committed() {
        let mut messages = Messages::of_server();
        let found = messages.take(b"C\0\0\0\x0dROLLBACK\0Z\0\0\0\x05I");
        assert!(found[0].says_rolled_back() && !found[1].says_rolled_back());
        assert_eq!(Message::committed().bytes(), b"C\0\0\0\x0bCOMMIT\0");
    }

    #[test]
    fn what_a_message_holds_is_found_in_its_middle() {
        assert!(query(b"INSERT CA12 \0").holds(b"CA12"));
        assert!(!query(b"INSERT CA12 \0").holds(b"CA13"));
        assert!(!query(b"INSERT\0").holds(b""));
    }
}
