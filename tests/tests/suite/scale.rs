//! 25,000 subaccounts: loaded, listed, told to an edge, and one of them called.

use std::collections::BTreeSet;

use callplane_proto::v1 as pb;
use callplane_simulator::NewAccount;
use callplane_tests::{
    Database, Plane,
    scene::{Account, CALLER, NUMBER, announcement},
    webhooks::call_sid,
};

const ACCOUNTS: usize = 25_000;
const TOGETHER: usize = 500;

fn sid(number: usize) -> String {
    format!("AC{number:032x}")
}

fn token(number: usize) -> String {
    format!("{:032x}", 0xabcd_0000_0000_usize + number)
}

/// Only verified with, so that nobody asks Twilio 25,000 times.
fn request(number: usize, parent: &str) -> pb::CreateAccountRequest {
    let account = pb::Account {
        display_name: format!("Customer {number}"),
        account_sid: sid(number),
        parent_account_id: parent.to_owned(),
        ..Default::default()
    };
    let credentials = pb::Credentials { secondary_auth_token: token(number), ..Default::default() };
    pb::CreateAccountRequest { account: Some(account), credentials: Some(credentials), ..Default::default() }
}

/// On the default database only: the other stories hold PostgreSQL to the same queries.
#[tokio::test]
async fn twenty_five_thousand_subaccounts_load_and_route() {
    let plane = Plane::start(Database::sqlite()).await;
    let parent = plane.account().await;
    for start in (0..ACCOUNTS).step_by(TOGETHER) {
        let requests = (start..start + TOGETHER).map(|number| request(number, &parent.id)).collect();
        let request = pb::BatchCreateAccountsRequest { requests, ..Default::default() };
        let made = plane.api.accounts().batch_create_accounts(request).await.expect("created").into_inner();
        assert_eq!(made.accounts.len(), TOGETHER);
    }
    assert_eq!(listed(&plane).await, ACCOUNTS + 1);
    plane.edge_hears(|directory| directory.size().0 > ACCOUNTS).await;

    let last = ACCOUNTS - 1;
    let seeded = NewAccount { sid: Some(sid(last)), auth_token: Some(token(last)), ..NewAccount::default() };
    plane.twilio.add_account(seeded).expect("an account");
    let by_sid = pb::ListAccountsRequest { account_sid: sid(last), ..Default::default() };
    let found = plane.api.accounts().list_accounts(by_sid).await.expect("listed").into_inner().accounts;
    let account = Account { id: found[0].id.clone(), sid: sid(last), auth_token: token(last) };
    let number = pb::PhoneNumber { account_id: account.id.clone(), e164: NUMBER.to_owned(), ..Default::default() };
    let request = pb::RegisterPhoneNumberRequest { phone_number: Some(number), ..Default::default() };
    let number = plane.api.numbers().register_phone_number(request).await.expect("registered").into_inner();
    let agent = plane.agent(announcement("You are customer 24999.")).await;
    plane.assign(&number.phone_number.expect("a number"), pb::assignment::Target::AgentId(agent.id)).await;
    plane.edge_hears(|directory| directory.owner(NUMBER).is_some()).await;
    assert!(plane.ring(&account, &call_sid(1), CALLER, NUMBER).await.contains("customer 24999"));
    plane.settle().await;
}

/// How many different accounts all pages show.
async fn listed(plane: &Plane) -> usize {
    let mut seen = BTreeSet::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListAccountsRequest { page_size: 500, page_token, ..Default::default() };
        let page = plane.api.accounts().list_accounts(request).await.expect("a page").into_inner();
        seen.extend(page.accounts.into_iter().map(|account| account.id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return seen.len();
        }
    }
}
