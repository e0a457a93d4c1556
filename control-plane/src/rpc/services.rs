//! Every public service, ready to be served. A service that is missing here answers nobody; a test compares this list with
//! the descriptors.

use std::sync::Arc;

use callplane_proto::v1 as pb;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use super::{account::Accounts, agent::Agents, route_plan::RoutePlans};
use crate::{flow::Context, token::TokenKeys};

/// Adds every public service.
pub fn add(routes: Routes, ctx: &Arc<Context>, _tokens: &Arc<TokenKeys>, _stop: &CancellationToken) -> Routes {
    routes
        .add_service(pb::account_service_server::AccountServiceServer::new(Accounts::new(Arc::clone(ctx))))
        .add_service(pb::agent_service_server::AgentServiceServer::new(Agents::new(Arc::clone(ctx))))
        .add_service(pb::route_plan_service_server::RoutePlanServiceServer::new(RoutePlans::new(Arc::clone(ctx))))
}
