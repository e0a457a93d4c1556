//! The form parser: reads what every form decoder reads, within its bound, and loses nothing.

use callplane_edge::form::{Form, TooManyFields};
use form_urlencoded::byte_serialize;

use crate::{
    corpus::{requests, words},
    engine::{Target, Verdict},
};

/// The first byte is the bound, the rest the form.
pub fn target() -> Target {
    let bodies = requests().into_iter().map(|request| request.body);
    let nasty =
        ["", "&", "=", "&&=&", "a", "a=", "=a", "a=b=c", "%", "%%", "%4", "%zz=%zz", "a=%ff&a=%00", "%26=%3D", "+=+"];
    let texts = bodies.chain(nasty.map(str::to_owned));
    Target {
        name: "form",
        inputs: 4000,
        seeds: texts.map(|text| [&[200], text.as_bytes()].concat()).chain([b"\x02a&b&c".to_vec()]).collect(),
        dictionary: words(&[
            "&", "=", "+", "%", "%00", "%26", "%3d", "%ff", "%C3%A9", "é", "\0", "a=1&a=2&", "To=", "&&",
        ]),
        check: Box::new(check),
        reaches: &["read", "empty", "too many fields"],
    }
}

fn check(input: &[u8]) -> Verdict {
    let (bound, encoded) = input.split_first().map_or((200, input), |(bound, rest)| (usize::from(*bound), rest));
    let everybody: Vec<_> = form_urlencoded::parse(encoded).collect();
    let form = match Form::parse(encoded, bound) {
        Ok(form) => form,
        Err(TooManyFields) => {
            assert!(everybody.len() > bound, "{} fields are within {bound}", everybody.len());
            return "too many fields";
        }
    };
    assert!(form.len() <= bound, "{} fields are more than {bound}", form.len());
    assert!(form.size() <= encoded.len(), "decoding never makes a text longer");

    let lossy: Vec<_> =
        form.fields().map(|(name, value)| (String::from_utf8_lossy(name), String::from_utf8_lossy(value))).collect();
    assert_eq!(lossy, everybody, "every decoder reads the same");
    assert_eq!(Form::parse(encode(&form).as_bytes(), bound), Ok(form.clone()), "written and read again");
    assert_eq!(form.map(|_, value| Some(value.to_vec())), form, "mapped to itself");
    check_order(&form);
    check_names(&form);
    if form.is_empty() { "empty" } else { "read" }
}

fn encode(form: &Form) -> String {
    let text = |bytes| byte_serialize(bytes).collect::<String>();
    let pairs: Vec<_> = form.fields().map(|(name, value)| format!("{}={}", text(name), text(value))).collect();
    pairs.join("&")
}

fn check_order(form: &Form) {
    let mut expected: Vec<_> = form.fields().collect();
    expected.sort_unstable();
    assert_eq!(form.sorted().collect::<Vec<_>>(), expected, "signed by the bytes of name and value");
}

/// Asked by name, a form gives the first value, and says when there is another.
fn check_names(form: &Form) {
    for (name, _) in form.fields() {
        let Ok(name) = str::from_utf8(name) else { continue };
        let mut values = form.fields().filter(|(other, _)| *other == name.as_bytes()).map(|(_, value)| value);
        let first = values.next();
        assert_eq!(form.bytes(name), first, "the first value of {name:?}");
        assert!(!form.text(name).is_some_and(|text| text.contains('\0')), "PostgreSQL takes no NUL");
        let differs = values.any(|value| Some(value) != first);
        assert_eq!(form.contradiction(&[name]).is_some(), differs, "the values of {name:?}");
    }
}
