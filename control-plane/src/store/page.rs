//! A page of a list: keyset, never offset, so that rows added meanwhile neither repeat nor hide others.

/// The most rows a page may have.
pub const MAX: u64 = 500;

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask<K> {
    /// How many rows; 0 means 50.
    pub size: u64,
    /// The last key of the page before.
    pub after: Option<K>,
}

impl<K> Ask<K> {
    /// One more row than asked for tells whether another page follows.
    pub fn limit(&self) -> u64 {
        self.rows() + 1
    }

    fn rows(&self) -> u64 {
        if self.size == 0 { 50 } else { self.size.clamp(1, MAX) }
    }

    /// Cuts the extra row and says where the next page starts.
    pub fn cut<T>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> K) -> Page<T, K> {
        let wanted = usize::try_from(self.rows()).unwrap_or(usize::MAX);
        let more = rows.len() > wanted;
        rows.truncate(wanted);
        let next = rows.last().filter(|_| more).map(key);
        Page { rows, next }
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T, K> {
    /// The rows.
    pub rows: Vec<T>,
    /// The key after which the next page starts; none on the last page.
    pub next: Option<K>,
}

impl<T, K> Page<T, K> {
    /// The same page of something else.
    pub fn map<U>(self, show: impl FnMut(T) -> U) -> Page<U, K> {
        Page { rows: self.rows.into_iter().map(show).collect(), next: self.next }
    }
}
