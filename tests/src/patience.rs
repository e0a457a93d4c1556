//! Workers that wait less for a vendor than in production, so that a test of silence is short. The deadline is real time, and the
//! clients are production's.

use std::{sync::Arc, time::Duration};

use callplane_control_plane::{
    provider::{
        elevenlabs::{self, ElevenLabs},
        line::Limits,
        twilio::{self, Twilio},
    },
    server::Plane,
    settings::Vendors,
};

/// Gives the workers of a control plane that has not started yet clients with this deadline.
pub fn shorten(plane: &mut Plane, vendors: &Vendors, deadline: Duration) {
    let clock = &plane.ctx.clock;
    let usual = twilio::Settings::default();
    let limits = Limits { deadline, ..usual.limits };
    let settings = twilio::Settings { limits, api_base_url: vendors.twilio_base_url.clone(), ..usual };
    plane.crew.telephony = Arc::new(Twilio::new(settings, Arc::clone(clock)).expect("a client"));
    let usual = elevenlabs::Settings::default();
    let limits = Limits { deadline, ..usual.limits };
    let api_base_url = vendors.eleven_labs_base_url.clone().unwrap_or(usual.api_base_url);
    let settings = elevenlabs::Settings { limits, api_base_url, ..elevenlabs::Settings::default() };
    plane.crew.agents = Arc::new(ElevenLabs::new(settings, Arc::clone(clock)).expect("a client"));
}
