//! Enums whose members are stable words: the word is what JSON, text columns and Twilio's parameters carry.

/// Declares an enum of stable words with `ALL`, `as_str`, `Display`, `FromStr` and serde by the same words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $noun:literal { $($(#[$member_doc:meta])* $member:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$member_doc])* #[serde(rename = $word)] $member,)+ }

        impl $name {
            /// Every member, in order.
            pub const ALL: &'static [Self] = &[$(Self::$member),+];

            /// The stable word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$member => $word,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::domain::error::Error;

            fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$member),)+
                    _ => Err(crate::domain::error::Error::invalid(
                        "",
                        concat!("expected a ", $noun, ": ", $("`", $word, "` "),+).trim_end(),
                    )),
                }
            }
        }
    };
}

pub(crate) use words;

#[cfg(test)]
mod tests {
    words! {
        /// A pair.
        Pair, "pair" {
            /// One.
            One = "one",
            /// Another.
            AndTwo = "and-two",
        }
    }

    #[test]
    fn a_word_is_the_same_in_text_and_in_json() {
        for pair in Pair::ALL {
            assert_eq!(pair.as_str().parse::<Pair>().expect("own word"), *pair);
            assert_eq!(serde_json::to_value(pair).expect("plain"), serde_json::json!(pair.as_str()));
        }
        let error = "three".parse::<Pair>().expect_err("no such word");
        assert_eq!(error.violations[0].description, "expected a pair: `one` `and-two`");
    }
}
