//! The contact service over a real database.

mod common;
mod rows;

use callplane_control_plane::{
    domain::contact::Contact,
    rpc::contact::Contacts,
    store::{Scope, audit, contact as store, event},
};
use callplane_proto::v1::{self as pb, contact_service_server::ContactService, get_contact_request::Key};
use common::{Plane, blamed, on_every_database, why};
use prost_types::FieldMask;
use tonic::{Code, Status};

struct Desk<'p> {
    plane: &'p Plane,
    contacts: Contacts,
}

impl<'p> Desk<'p> {
    fn at(plane: &'p Plane) -> Self {
        Self { plane, contacts: Contacts::new(plane.ctx.clone()) }
    }

    async fn create_as(&self, contact: pb::Contact, request_id: &str) -> Result<pb::Contact, Status> {
        let request = pb::CreateContactRequest { contact: Some(contact), request_id: request_id.into() };
        let request = self.plane.ask("ContactService/CreateContact", request);
        Ok(self.contacts.create_contact(request).await?.into_inner().contact.expect("always there"))
    }

    async fn create(&self, contact: pb::Contact) -> Result<pb::Contact, Status> {
        self.create_as(contact, "").await
    }

    async fn update(&self, contact: pb::Contact, paths: &[&str], etag: &str) -> Result<pb::Contact, Status> {
        let update_mask = Some(FieldMask { paths: paths.iter().map(ToString::to_string).collect() });
        let request = pb::UpdateContactRequest { contact: Some(contact), update_mask, etag: etag.into() };
        let request = self.plane.ask("ContactService/UpdateContact", request);
        Ok(self.contacts.update_contact(request).await?.into_inner().contact.expect("always there"))
    }

    async fn delete(&self, id: &str, etag: &str) -> Result<(), Status> {
        let request = pb::DeleteContactRequest { contact_id: id.into(), etag: etag.into() };
        let request = self.plane.ask("ContactService/DeleteContact", request);
        self.contacts.delete_contact(request).await.map(|_| ())
    }

    async fn get(&self, key: Key) -> Result<pb::Contact, Status> {
        let request = self.plane.ask("ContactService/GetContact", pb::GetContactRequest { key: Some(key) });
        Ok(self.contacts.get_contact(request).await?.into_inner().contact.expect("always there"))
    }

    async fn list(&self, request: pb::ListContactsRequest) -> (Vec<String>, String) {
        let request = self.plane.ask("ContactService/ListContacts", request);
        let answer = self.contacts.list_contacts(request).await.expect("listed").into_inner();
        (answer.contacts.into_iter().map(|contact| contact.display_name).collect(), answer.next_page_token)
    }
}

fn named(display_name: &str) -> pb::Contact {
    pb::Contact { display_name: display_name.into(), phone_number: "+4930123456".into(), ..Default::default() }
}

#[tokio::test]
async fn a_contact_is_found_by_its_id_and_by_the_callers_own_key() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let ann = pb::Contact {
            email: "Ann@Example.com".into(),
            language: "de-de".into(),
            time_zone: "Europe/Berlin".into(),
            external_id: "crm-1".into(),
            ..named("Ann")
        };
        let created = desk.create_as(ann.clone(), "once").await.expect("created");
        assert_eq!((created.language.as_str(), created.email.as_str()), ("de-DE", "Ann@Example.com"));
        assert_eq!((created.etag.as_str(), created.id.starts_with("con_")), ("1", true));
        assert_eq!(desk.create_as(ann, "once").await.expect("the same answer"), created);
        assert_eq!(desk.get(Key::ContactId(created.id.clone())).await.expect("found"), created);
        assert_eq!(desk.get(Key::ExternalId("crm-1".into())).await.expect("found"), created);
        let absent = desk.get(Key::ExternalId("crm-2".into())).await;
        assert_eq!(why(absent), (Code::NotFound, "NOT_FOUND".into()));
        let request = pb::GetContactRequest { key: Some(Key::ContactId(created.id.clone())) };
        let foreign = desk.contacts.get_contact(plane.ask_next_door("ContactService/GetContact", request)).await;
        assert_eq!(why(foreign), (Code::NotFound, "NOT_FOUND".into()));
        assert_eq!(rows::kinds_of(plane, &created.id).await, ["contact.created"]);
    })
    .await;
}

#[tokio::test]
async fn a_contact_can_be_reached_and_its_fields_are_what_they_say() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let nowhere = pb::Contact { phone_number: String::new(), ..named("Nobody") };
        assert_eq!(blamed(desk.create(nowhere).await), ["contact.phone_number"]);
        for (field, wrong) in [
            ("contact.email", pb::Contact { email: "ann".into(), ..named("A") }),
            ("contact.language", pb::Contact { language: "German".into(), ..named("A") }),
            ("contact.time_zone", pb::Contact { time_zone: "Europe/Berln".into(), ..named("A") }),
        ] {
            assert_eq!(blamed(desk.create(wrong).await), [field]);
        }
        let by_mail = pb::Contact { phone_number: String::new(), email: "a@example.com".into(), ..named("A") };
        let by_mail = desk.create(by_mail).await.expect("created");
        assert_eq!(by_mail.language, "en-US");
        let cleared = pb::Contact { email: String::new(), ..by_mail };
        assert_eq!(blamed(desk.update(cleared, &["email"], "").await), ["contact.phone_number"]);
    })
    .await;
}

#[tokio::test]
async fn only_what_the_mask_names_is_changed_and_only_as_it_was_read() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let created =
            desk.create(pb::Contact { time_zone: "Asia/Tokyo".into(), ..named("Ann") }).await.expect("created");
        let new = pb::Contact { time_zone: String::new(), display_name: "Anna".into(), ..created.clone() };
        let changed = desk.update(new.clone(), &["display_name"], "1").await.expect("changed");
        assert_eq!((changed.display_name.as_str(), changed.time_zone.as_str()), ("Anna", "Asia/Tokyo"));
        let stale = desk.update(new.clone(), &["time_zone"], "1").await;
        assert_eq!(why(stale), (Code::Aborted, "ETAG_MISMATCH".into()));
        let changed = desk.update(new.clone(), &["time_zone"], "2").await.expect("changed");
        assert_eq!((changed.time_zone.as_str(), changed.etag.as_str()), ("", "3"));
        assert_eq!(blamed(desk.update(new, &["etag"], "").await), ["update_mask"]);
        assert_eq!(why(desk.delete(&created.id, "1").await), (Code::Aborted, "ETAG_MISMATCH".into()));
        desk.delete(&created.id, "3").await.expect("deleted");
        assert_eq!(why(desk.delete(&created.id, "").await), (Code::NotFound, "NOT_FOUND".into()));
        let kinds = ["contact.created", "contact.updated", "contact.updated", "contact.deleted"];
        assert_eq!(rows::kinds_of(plane, &created.id).await, kinds);
    })
    .await;
}

#[tokio::test]
async fn an_external_id_belongs_to_one_contact_of_a_workspace() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let keyed = |name, key: &str| pb::Contact { external_id: key.into(), ..named(name) };
        desk.create(keyed("Ann", "crm-1")).await.expect("created");
        let taken = (Code::AlreadyExists, "EXTERNAL_ID_TAKEN".to_owned());
        assert_eq!(why(desk.create(keyed("Bob", "crm-1")).await), taken);
        let bob = desk.create(keyed("Bob", "")).await.expect("no key is no clash");
        desk.create(keyed("Cid", "")).await.expect("no key is no clash");
        let renamed = pb::Contact { external_id: "crm-1".into(), ..bob };
        assert_eq!(why(desk.update(renamed, &["external_id"], "").await), taken);
        let request = pb::CreateContactRequest { contact: Some(keyed("Ann", "crm-1")), ..Default::default() };
        let next_door =
            desk.contacts.create_contact(plane.ask_next_door("ContactService/CreateContact", request)).await;
        next_door.expect("another workspace has keys of its own");
    })
    .await;
}

#[tokio::test]
async fn lists_come_in_pages_and_by_number_address_and_key() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        for (name, email) in [("Ann", "family@example.com"), ("Bob", "Family@example.com"), ("Cid", "cid@example.com")]
        {
            let contact = pb::Contact { email: email.into(), external_id: format!("key-{name}"), ..named(name) };
            desk.create(contact).await.expect("created");
        }
        let first = pb::ListContactsRequest { page_size: 2, ..Default::default() };
        let (names, next) = desk.list(first.clone()).await;
        assert_eq!(names, ["Ann", "Bob"]);
        let (names, next) = desk.list(pb::ListContactsRequest { page_token: next, ..first }).await;
        assert_eq!((names, next), (vec!["Cid".to_owned()], String::new()));
        let by_mail = pb::ListContactsRequest { email: "FAMILY@example.com".into(), ..Default::default() };
        assert_eq!(desk.list(by_mail).await.0, ["Ann", "Bob"]);
        let by_key = pb::ListContactsRequest { external_id: "key-Cid".into(), ..Default::default() };
        assert_eq!(desk.list(by_key).await.0, ["Cid"]);
        let by_number = pb::ListContactsRequest { phone_number: "+4930123457".into(), ..Default::default() };
        assert!(desk.list(by_number).await.0.is_empty());
    })
    .await;
}

#[tokio::test]
async fn guards_find_everybody_with_a_number_or_an_address() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        desk.create(pb::Contact { email: "Ann@example.com".into(), ..named("Ann") }).await.expect("created");
        desk.create(named("Bob")).await.expect("created");
        let scope = Scope::new(plane.ctx.store.read(), plane.workspace);
        let names =
            |found: Vec<Contact>| -> Vec<_> { found.into_iter().map(|contact| contact.profile.display_name).collect() };
        let number = "+4930123456".parse().expect("E.164");
        assert_eq!(names(store::by_phone(&scope, &number).await.expect("found")), ["Ann", "Bob"]);
        let address = "ann@EXAMPLE.com".parse().expect("an address");
        assert_eq!(names(store::by_email(&scope, &address).await.expect("found")), ["Ann"]);
        let next_door = Scope::new(plane.ctx.store.read(), plane.neighbour);
        assert!(store::by_phone(&next_door, &number).await.expect("looked").is_empty());
    })
    .await;
}

/// Everything that the audit and the event log hold of a workspace.
async fn kept(plane: &Plane) -> String {
    let scope = Scope::new(plane.ctx.store.read(), plane.workspace);
    let entries = audit::after(&scope, 0, 100).await.expect("read");
    let events = event::after(scope.db, &event::Filter::default(), 0, 100).await.expect("read");
    assert!(!entries.is_empty() && !events.is_empty());
    let events = events.into_iter().map(|event| event.data.0.to_string());
    entries.into_iter().map(|entry| entry.request).chain(events).collect()
}

#[tokio::test]
async fn the_audit_and_the_events_say_nothing_of_a_person() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        desk.create(pb::Contact { email: "canary@example.com".into(), ..named("Canary") }).await.expect("created");
        let kept = kept(plane).await;
        for hidden in ["anary", "+4930123"] {
            assert!(!kept.contains(hidden), "{kept}");
        }
    })
    .await;
}
