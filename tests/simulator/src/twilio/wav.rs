//! Sound for recordings: silence of the right length, as a WAV file any player accepts.

const RATE: u32 = 8000;
/// Longer recordings are cut: nobody listens to silence.
const LONGEST: u32 = 600;

pub fn silence(seconds: u32, channels: u32) -> Vec<u8> {
    let channels = channels.clamp(1, 2);
    let block = channels * 2;
    let length = seconds.clamp(1, LONGEST) * RATE * block;
    let mut file = Vec::with_capacity(44 + length as usize);
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&(36 + length).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16_u32.to_le_bytes());
    file.extend_from_slice(&[1, 0, u8::try_from(channels).unwrap_or(1), 0]);
    file.extend_from_slice(&RATE.to_le_bytes());
    file.extend_from_slice(&(RATE * block).to_le_bytes());
    file.extend_from_slice(&[u8::try_from(block).unwrap_or(2), 0, 16, 0]);
    file.extend_from_slice(b"data");
    file.extend_from_slice(&length.to_le_bytes());
    file.resize(44 + length as usize, 0);
    file
}

#[cfg(test)]
mod tests {
    #[test]
    fn two_seconds_of_one_channel_are_32000_bytes_and_a_header() {
        let file = super::silence(2, 1);
        assert_eq!(file.len(), 44 + 32_000);
        assert_eq!(&file[..4], b"RIFF");
        assert_eq!(file[4..8], (36_u32 + 32_000).to_le_bytes());
    }
}
