//! The signature vectors and the complete webhooks, through the library. `explain_signature.rs` and `running_edge.rs` run the
//! same cases through the binary and through a server.

mod support;

use callplane_edge::{
    form::Form,
    verify::{Content, Key, Signed, verify},
};
use support::vectors::{Vector, all};

fn verdict(vector: &Vector) -> bool {
    let form = Form::parse(vector.body.as_bytes(), 200).expect("few fields");
    let content = match (vector.method.as_str(), vector.is_form()) {
        ("GET", _) => Content::Query,
        (_, true) => Content::Form(&form),
        (_, false) => Content::Opaque(vector.body.as_bytes()),
    };
    let key = if vector.is_sha256() {
        Key::Sha256(vector.auth_token.clone().into())
    } else {
        Key::token(vector.auth_token.as_bytes())
    };
    verify(Signed { url: &vector.url, content, signature: Some(&vector.signature) }, &[key]).is_ok()
}

#[test]
fn every_vector_gets_its_verdict() {
    let vectors = all();
    assert_eq!(vectors.len(), 57 + 25, "vectors were lost");
    let wrong: Vec<&str> =
        vectors.iter().filter(|vector| verdict(vector) != vector.valid).map(|vector| vector.id.as_str()).collect();
    assert_eq!(wrong, Vec::<&str>::new());
}

#[test]
fn a_form_is_decoded_as_the_vectors_say() {
    for vector in all() {
        let Some(params) = &vector.params else { continue };
        let form = Form::parse(vector.body.as_bytes(), 200).expect("few fields");
        let read: Vec<(String, String)> = form.fields().map(|(name, value)| (text(name), text(value))).collect();
        assert_eq!(&read, params, "{}", vector.id);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}
