//! `serve`: until a signal, then in order to the end.

use tokio::signal::unix::{SignalKind, signal};

use crate::{
    domain::error::{Error, Result},
    server::{Plane, start},
    settings::Settings,
};

/// Serves until SIGTERM or SIGINT.
pub async fn run(settings: Settings) -> Result<()> {
    let plane = Plane::assemble(&settings).await?;
    let telephony = settings.vendors.telephony.as_str();
    let (profile, public_url, has_mail) = (settings.dev, settings.public_url.clone(), settings.mail.is_some());
    let checker = settings.dnc_checker.clone();
    let mut running = start(settings, plane).await?;
    tracing::info!(
        grpc = %running.address,
        admin = %running.admin_address,
        telephony,
        profile = if profile { "dev" } else { "production" },
        public_url = public_url.as_deref().unwrap_or("not set"),
        "the control plane serves"
    );
    if !has_mail {
        tracing::warn!("nobody is told of a failover by mail: CALLPLANE_MAIL is not set");
    }
    if checker.is_some_and(|checker| checker.is_in_the_clear()) {
        tracing::warn!("phone numbers go to the do-not-call checker unencrypted; use https");
    }
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::internal)?;
    tokio::select! {
        ended = running.ended() => return ended,
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    tracing::info!("stopping: requests under way end, nothing new is taken");
    running.stop().await?;
    tracing::info!("stopped");
    Ok(())
}
