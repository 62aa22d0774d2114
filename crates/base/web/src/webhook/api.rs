//! The operations on webhooks, which every block has below its own address.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use stoa_core::{Id, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Attempt, Webhook, WebhookKind, Webhooks, missing};
use crate::answer::{Created, Fault, Json};
use crate::input::{Body, Params};
use crate::path::Path;
use crate::permission::Allowed;

crate::permissions! {
    WebhooksManage = "web.webhook.manage", "Have events sent to other systems", [OPERATOR, ANALYST];
}

/// The operations over a block's webhooks, to be merged into its API.
pub fn api(webhooks: Webhooks) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_webhooks, create_webhook))
        .routes(routes!(remove_webhook))
        .routes(routes!(list_attempts))
        .with_state(webhooks)
}

/// A list of webhooks.
#[derive(Serialize, utoipa::ToSchema)]
struct WebhookList {
    /// The webhooks, oldest first.
    items: Vec<Webhook>,
}

/// List webhooks
#[utoipa::path(get, path = "/v1/webhooks", operation_id = "list_webhooks", tag = "webhooks",
    responses((status = 200, description = "All webhooks of the caller's tenant", body = WebhookList)))]
async fn list_webhooks(
    allowed: Allowed<WebhooksManage>,
    State(webhooks): State<Webhooks>,
) -> Result<Json<WebhookList>, Fault> {
    Ok(Json(WebhookList { items: webhooks.list(&allowed.actor).await? }))
}

/// What a webhook is to be.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct NewWebhook {
    /// Where events go: a public https address, or one that the operator allows.
    #[schema(example = "https://receiver.example/events")]
    url: String,
    /// The types of events, or what they begin with; all when empty.
    #[serde(default)]
    #[schema(example = json!(["stoa.registries.record."]))]
    types: Vec<String>,
}

/// A webhook with its secret.
#[derive(Serialize, utoipa::ToSchema)]
struct MadeWebhook {
    /// The webhook.
    webhook: Webhook,
    /// The secret that signs what is sent (`whsec_…`, Standard Webhooks); shown this once.
    secret: String,
}

/// Create a webhook
///
/// Events from now on are sent there, signed with the secret of the answer, and tried again with growing pauses.
#[utoipa::path(post, path = "/v1/webhooks", operation_id = "create_webhook", tag = "webhooks",
    request_body = NewWebhook,
    responses((status = 201, description = "The webhook and its secret", body = MadeWebhook,
        headers(("Location" = String, description = "Its address")))))]
async fn create_webhook(
    allowed: Allowed<WebhooksManage>,
    State(webhooks): State<Webhooks>,
    Body(new): Body<NewWebhook>,
) -> Result<Created<MadeWebhook>, Fault> {
    let (webhook, secret) = webhooks.create(&allowed.actor, &new.url, &new.types).await?;
    let location = format!("/{}/v1/webhooks/{}", webhooks.block(), webhook.id);
    Ok(Created { location, body: MadeWebhook { webhook, secret } })
}

fn webhook_id(text: &str) -> Result<Id<WebhookKind>, Problem> {
    text.parse().map_err(|_| missing())
}

/// Remove a webhook
#[utoipa::path(delete, path = "/v1/webhooks/{id}", operation_id = "remove_webhook", tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id", example = "018f3c5e-7b1a-7c3d-9a55-0242ac120002")),
    responses((status = 204, description = "Removed, with its secret")))]
async fn remove_webhook(
    allowed: Allowed<WebhooksManage>,
    State(webhooks): State<Webhooks>,
    Path(id): Path<String>,
) -> Result<StatusCode, Fault> {
    webhooks.remove(&allowed.actor, webhook_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A list of attempts.
#[derive(Serialize, utoipa::ToSchema)]
struct AttemptList {
    /// The attempts, newest first.
    items: Vec<Attempt>,
}

/// See what was sent
#[utoipa::path(get, path = "/v1/webhooks/{id}/attempts", operation_id = "list_webhook_attempts", tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id", example = "018f3c5e-7b1a-7c3d-9a55-0242ac120002"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "Attempts at most; 50 when nothing is said")),
    responses((status = 200, description = "The last attempts", body = AttemptList)))]
async fn list_attempts(
    allowed: Allowed<WebhooksManage>,
    State(webhooks): State<Webhooks>,
    Path(id): Path<String>,
    params: Params,
) -> Result<Json<AttemptList>, Fault> {
    let limit = params.number("limit")?.unwrap_or(stoa_core::limit::PAGE_SIZE_DEFAULT);
    let limit = stoa_core::Page::new(1, limit).map_err(Problem::from)?.size();
    Ok(Json(AttemptList { items: webhooks.attempts(&allowed.actor, webhook_id(&id)?, limit).await? }))
}
