//! Contacts as the API writes them: read into the domain's words and shown from them.

use callplane_proto::v1 as pb;

use crate::rpc::{
    read::{no_such_path, parse, parse_or_none},
    show,
};
use crate::{
    domain::{
        contact::{Contact, Language, Profile},
        error::{Error, Result},
    },
    flow::contact::Patch,
};

/// A new contact. Fields that the server sets are not looked at.
pub fn new_profile(contact: pb::Contact) -> Result<Profile> {
    let Given { display_name, phone_number, email, language, time_zone, external_id } = given(contact);
    Ok(Profile {
        display_name,
        phone_number: parse_or_none("phone_number", &phone_number)?,
        email: parse_or_none("email", &email)?,
        language: read_language(&language)?,
        time_zone: parse_or_none("time_zone", &time_zone)?,
        external_id,
    })
}

/// New values for the fields that are named.
pub fn patch(contact: pb::Contact, paths: Vec<String>) -> Result<Patch> {
    let given = given(contact);
    let mut patch = Patch::default();
    for path in paths {
        change(&mut patch, &path, &given)?;
    }
    Ok(patch)
}

fn change(patch: &mut Patch, path: &str, given: &Given) -> Result<()> {
    let in_contact = |error: Error| error.within("contact");
    match path {
        "display_name" => patch.display_name = Some(given.display_name.clone()),
        "phone_number" => {
            patch.phone_number = Some(parse_or_none(path, &given.phone_number).map_err(in_contact)?);
        }
        "email" => patch.email = Some(parse_or_none(path, &given.email).map_err(in_contact)?),
        "language" => patch.language = Some(read_language(&given.language).map_err(in_contact)?),
        "time_zone" => patch.time_zone = Some(parse_or_none(path, &given.time_zone).map_err(in_contact)?),
        "external_id" => patch.external_id = Some(given.external_id.clone()),
        other => return Err(no_such_path(other)),
    }
    Ok(())
}

/// What a caller says of a contact.
struct Given {
    display_name: String,
    phone_number: String,
    email: String,
    language: String,
    time_zone: String,
    external_id: String,
}

fn given(contact: pb::Contact) -> Given {
    let pb::Contact {
        id: _,
        display_name,
        phone_number,
        email,
        language,
        time_zone,
        external_id,
        etag: _,
        create_time: _,
        update_time: _,
    } = contact;
    Given { display_name, phone_number, email, language, time_zone, external_id }
}

fn read_language(text: &str) -> Result<Language> {
    match text {
        "" => Ok(Language::default()),
        text => parse("language", text),
    }
}

/// A contact as the API shows it.
pub fn shown(contact: Contact) -> pb::Contact {
    let Contact { id, workspace_id: _, profile, version, create_time, update_time } = contact;
    let Profile { display_name, phone_number, email, language, time_zone, external_id } = profile;
    pb::Contact {
        id: id.to_string(),
        display_name,
        phone_number: phone_number.map(String::from).unwrap_or_default(),
        email: email.map(String::from).unwrap_or_default(),
        language: language.into(),
        time_zone: time_zone.map(String::from).unwrap_or_default(),
        external_id,
        etag: show::etag(version),
        create_time: Some(show::moment(create_time)),
        update_time: Some(show::moment(update_time)),
    }
}
