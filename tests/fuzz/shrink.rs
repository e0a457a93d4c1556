//! The shortest input we find that still fails: pieces are left out, large ones first.

/// Enough for inputs of a few thousand bytes, and an end for a check that is slow.
const ATTEMPTS: usize = 20_000;

pub fn shrunk(input: Vec<u8>, fails: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut best = input;
    let mut attempts = 0;
    let mut size = best.len().div_ceil(2);
    while size > 0 {
        let before = best.len();
        let mut at = 0;
        while at < best.len() && attempts < ATTEMPTS {
            let end = best.len().min(at + size);
            let shorter = [&best[..at], &best[end..]].concat();
            attempts += 1;
            if fails(&shorter) {
                best = shorter;
            } else {
                at += size;
            }
        }
        // What went may have been all that kept an earlier byte.
        let again = size == 1 && best.len() < before && attempts < ATTEMPTS;
        size = if again { 1 } else { size / 2 };
    }
    best
}
