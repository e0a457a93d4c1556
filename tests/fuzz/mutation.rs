//! From inputs that are nearly right to inputs that are a little wrong.

use callplane_tests::soak::dice::Dice;

/// Longer inputs cost time and show nothing new.
const LONGEST: usize = 4096;

/// Where sums and lengths break.
const EDGES: &[&str] =
    &["0", "-1", "1", "255", "256", "65536", "2147483648", "4294967295", "9223372036854775808", "1e99"];

/// One of the corpus with up to four changes, mostly one: what is nearly right comes further than what is broken twice.
pub fn mutated(dice: &mut Dice, corpus: &[Vec<u8>], dictionary: &[Vec<u8>]) -> Vec<u8> {
    let mut input = pick(dice, corpus).to_vec();
    let changes = if dice.below(2) == 0 { 1 } else { 1 + dice.below(4) };
    for _ in 0..changes {
        change(dice, &mut input, corpus, dictionary);
    }
    input.truncate(LONGEST);
    input
}

fn change(dice: &mut Dice, input: &mut Vec<u8>, corpus: &[Vec<u8>], dictionary: &[Vec<u8>]) {
    match dice.below(9) {
        0 => flip_bit(dice, input),
        1 => {
            let byte = dice.throw() as u8;
            insert(dice, input, &[byte]);
        }
        2 => remove(dice, input),
        3 => repeat(dice, input),
        4 => {
            let word = pick(dice, dictionary).to_vec();
            insert(dice, input, &word);
        }
        5 => {
            let word = pick(dice, dictionary).to_vec();
            overwrite(dice, input, &word);
        }
        6 => splice(dice, input, corpus),
        7 => number(dice, input),
        _ => input.truncate(dice.below(input.len() + 1)),
    }
}

fn pick<'a>(dice: &mut Dice, from: &'a [Vec<u8>]) -> &'a [u8] {
    from.get(dice.below(from.len())).map(Vec::as_slice).unwrap_or_default()
}

fn flip_bit(dice: &mut Dice, input: &mut [u8]) {
    let at = dice.below(input.len());
    if let Some(byte) = input.get_mut(at) {
        *byte ^= 1 << dice.below(8);
    }
}

fn insert(dice: &mut Dice, input: &mut Vec<u8>, bytes: &[u8]) {
    let at = place(dice, input.len());
    input.splice(at..at, bytes.iter().copied());
}

/// Between any two bytes, and often at an end, where lengths and paddings are.
fn place(dice: &mut Dice, length: usize) -> usize {
    match dice.below(8) {
        0 => 0,
        1 => length,
        _ => dice.below(length + 1),
    }
}

fn overwrite(dice: &mut Dice, input: &mut Vec<u8>, bytes: &[u8]) {
    let at = dice.below(input.len() + 1);
    let end = input.len().min(at + bytes.len());
    input.splice(at..end, bytes.iter().copied());
}

/// A place and a length, short ones being likelier.
fn range(dice: &mut Dice, length: usize) -> std::ops::Range<usize> {
    let at = dice.below(length + 1);
    let most = if dice.below(4) > 0 { 4 } else { length };
    at..length.min(at + 1 + dice.below(most))
}

fn remove(dice: &mut Dice, input: &mut Vec<u8>) {
    let range = range(dice, input.len());
    input.drain(range);
}

fn repeat(dice: &mut Dice, input: &mut Vec<u8>) {
    let range = range(dice, input.len());
    let times = 1 << dice.below(7);
    let copies = input[range.clone()].repeat(times).into_iter().take(LONGEST);
    input.splice(range.end..range.end, copies);
}

/// The beginning of one and the end of another.
fn splice(dice: &mut Dice, input: &mut Vec<u8>, corpus: &[Vec<u8>]) {
    let other = pick(dice, corpus);
    let from = dice.below(other.len() + 1);
    input.truncate(dice.below(input.len() + 1));
    input.extend_from_slice(&other[from..]);
}

/// A number becomes one at an edge: in digits where digits stand, in bytes elsewhere.
fn number(dice: &mut Dice, input: &mut Vec<u8>) {
    let at = dice.below(input.len());
    let digits = input.iter().skip(at).take_while(|byte| byte.is_ascii_digit()).count();
    if digits > 0 {
        let edge = EDGES[dice.below(EDGES.len())];
        input.splice(at..at + digits, edge.bytes());
        return;
    }
    let edge = [0_u64, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff, u64::MAX][dice.below(10)];
    let width = 1 << dice.below(4);
    let bytes = edge.to_be_bytes();
    let end = input.len().min(at + width);
    input.splice(at..end, bytes[8 - width..].iter().copied());
}
