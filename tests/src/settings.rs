//! The settings of a control plane under test: production's profile, free ports, the simulator as every vendor.

use callplane_control_plane::{settings::Settings, token::generate_pem};
use secrecy::ExposeSecret;

/// What Twilio calls the edge by.
pub const PUBLIC_URL: &str = "https://calls.example.com";
/// The master key of most tests.
pub const MASTER_KEY: &str = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";

/// The settings by name; the last of two with the same name counts.
#[derive(Clone, Debug)]
pub struct Variables(Vec<(String, String)>);

impl Variables {
    /// Nothing is set.
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// Of a control plane on this database whose vendors are all at `vendors`.
    pub fn new(database_url: &str, vendors: &str) -> Self {
        let token_key = generate_pem();
        Self::none()
            .set("CALLPLANE_DATABASE_URL", database_url)
            .set("CALLPLANE_LISTEN", "127.0.0.1:0")
            .set("CALLPLANE_ADMIN_LISTEN", "127.0.0.1:0")
            .set("CALLPLANE_PUBLIC_URL", PUBLIC_URL)
            .set("CALLPLANE_ENCRYPTION_KEY", MASTER_KEY)
            .set("CALLPLANE_TOKEN_KEY", token_key.expose_secret())
            .set("CALLPLANE_TELEPHONY", "twilio")
            .set("CALLPLANE_TWILIO_BASE_URL", vendors)
            .set("CALLPLANE_ELEVENLABS_BASE_URL", vendors)
            // A stepped clock looks like an outage, and whoever wants a look through Twilio's list asks for it.
            .set("CALLPLANE_RECONCILE_MINUTES", "0")
            .set("CALLPLANE_OUTAGE_SECONDS", "0")
            // The same for looks at accounts.
            .set("CALLPLANE_MONITOR", "off")
    }

    /// Mail goes to the simulator, which is both vendors.
    #[must_use]
    pub fn mail(self, vendor: &str) -> Self {
        let vendors = self.0.iter().find(|(name, _)| name == "CALLPLANE_TWILIO_BASE_URL");
        let vendors = vendors.map(|(_, url)| url.clone()).expect("vendors are set");
        self.set("CALLPLANE_MAIL", vendor)
            .set("CALLPLANE_MAIL_FROM", "Callplane <alerts@example.com>")
            .set("CALLPLANE_MAIL_API_KEY", "SG.0123456789abcdef")
            .set("CALLPLANE_MAIL_BASE_URL", &vendors)
    }

    /// With this one set.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without this one.
    #[must_use]
    pub fn unset(mut self, name: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self
    }

    /// As the control plane reads them.
    pub fn read(&self) -> Settings {
        Settings::read(self.pairs(), None).unwrap_or_else(|problems| panic!("{problems:#?}"))
    }

    /// For a process of its own.
    pub fn pairs(&self) -> Vec<(String, String)> {
        self.0.clone()
    }
}
