//! Single webhooks, signed as Twilio signs them and sent to the running edge: for orders and repeats that a call alone would
//! not produce.

use callplane_simulator::signature::sign;

use crate::{Plane, scene::Account, settings::PUBLIC_URL};

/// The fields of a form.
pub type Form = Vec<(String, String)>;

/// A form from literal fields.
pub fn form<const N: usize>(fields: [(&str, &str); N]) -> Form {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

impl Plane {
    /// Posts a signed form to the edge; gives status and body.
    pub async fn post(&self, account: &Account, path: &str, form: &Form) -> (u16, String) {
        let mut form = form.clone();
        form.push(("AccountSid".to_owned(), account.sid.clone()));
        let signature = sign(&account.auth_token, &format!("{PUBLIC_URL}{path}"), &form);
        let url = format!("http://{}{path}", self.edge.address);
        let request = self.http.post(url).header("X-Twilio-Signature", signature).form(&form);
        let response = request.send().await.expect("the edge answers");
        let status = response.status().as_u16();
        (status, response.text().await.expect("a whole body"))
    }

    /// Calls a number of ours by one signed request, without a caller who listens; gives the TwiML.
    pub async fn ring(&self, account: &Account, call_sid: &str, from: &str, to: &str) -> String {
        self.logs.never(from);
        let form = form([
            ("CallSid", call_sid),
            ("From", from),
            ("To", to),
            ("CallStatus", "ringing"),
            ("Direction", "inbound"),
            ("ApiVersion", "2010-04-01"),
        ]);
        let (status, twiml) = self.post(account, "/twilio/voice", &form).await;
        assert_eq!(status, 200, "{twiml}");
        twiml
    }
}

/// A call SID made of a number.
pub fn call_sid(number: usize) -> String {
    format!("CA{number:032x}")
}
