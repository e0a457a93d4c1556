//! People who must be reached: the ladder before and after an event, by mail, message and call.

mod acknowledged;
mod answers;
mod chance;
mod checker;
mod crash;
mod guards;
mod ladder;
mod limits;
mod moved;
mod prices;
mod replies;
mod twice;
mod workshop;

use callplane_proto::v1 as pb;
use callplane_tests::{
    Database, Plane,
    ladder::{ADA, ADA_MAIL},
    scene::NUMBER,
};

/// A plane that can mail, with a number to call from, and somebody to reach.
async fn with_ada(db: Database) -> (Plane, pb::Contact) {
    let plane = Plane::on(db).mail("sendgrid").start().await;
    let account = plane.account().await;
    plane.number(&account, NUMBER).await;
    let ada = plane.contact("Ada", ADA, ADA_MAIL).await;
    (plane, ada)
}
