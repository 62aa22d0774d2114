//! Clients: the services that people sign in to, and programs.

use axum::extract::State;
use axum::response::Response;
use stoa_core::{FieldError, Problem};
use stoa_ui::{
    Address, Badge, Choice, Column, Confirm, Definitions, Field, Form, Html, Notice, Page, Paging, Table, Tone, Words,
    actions, code,
};
use stoa_web::{Allowed, Fault, FormFields, Params, Path, Right as _, View, see_other};

use super::super::{fault, faults, refused, shown};
use super::{HOME, outcome};
use crate::error::IdentityError;
use crate::jose::PublicKeys;
use crate::model::claims::Scopes;
use crate::model::client::{AuthMethod, ConsentRule, GrantType, Metadata, SubjectType};
use crate::model::redirect::ApplicationType;
use crate::permission::{ClientRead, ClientWrite};
use crate::service::{By, Client, Identity, NewClient, Registered};

/// Clients on one page.
const PAGE_SIZE: u32 = 50;

fn client_at(client_id: &str) -> String {
    format!("{HOME}/clients/{}", Address::segment(client_id))
}

pub(super) async fn list(
    allowed: Allowed<ClientRead>,
    view: View,
    State(identity): State<Identity>,
    params: Params,
) -> Result<Response, Fault> {
    let w = view.words();
    let after = params.get("after").unwrap_or("");
    let mut found = identity.clients(&allowed.actor.tenant, after, PAGE_SIZE + 1).await?;
    let more = found.len() > PAGE_SIZE as usize;
    found.truncate(PAGE_SIZE as usize);
    let here = Address::new(format!("{HOME}/clients"));
    let next = found.last().filter(|_| more).map(|last| here.with("after", &last.client_id));
    let first = (!after.is_empty()).then(|| here.clone());
    let table = Table::new(w.t("identity-clients"))
        .column(Column::new(w.t("identity-client-name")))
        .column(Column::new(w.t("identity-client-id")))
        .column(Column::new(w.t("identity-client-for")))
        .column(Column::new(w.t("identity-state")))
        .rows(found.iter().map(|client| {
            [
                Html::link(client_at(&client.client_id), client.name()),
                Html::code(&client.client_id),
                Html::text(purpose_of(w, &client.metadata)),
                state(w, client.is_active),
            ]
        }))
        .empty(Html::paragraph(w.t("identity-clients-none")))
        .paging(Paging::marked(String::new(), None, next).from_the_first(first));
    let mut page = Page::new(&view.frame, w.t("identity-clients"))
        .wide()
        .lead(w.t("identity-clients-lead"))
        .notice(outcome(w, &params))
        .push(table.render(w));
    if view.visitor.may(ClientWrite::INFO.permission) {
        page = page.actions(actions([(w.t("identity-client-new"), format!("{HOME}/clients/new"))]));
    }
    Ok(shown(&page))
}

fn purpose_of(w: &Words, metadata: &Metadata) -> String {
    let people = metadata.may(GrantType::AuthorizationCode).then(|| w.t("identity-client-people"));
    let itself = metadata.may(GrantType::ClientCredentials).then(|| w.t("identity-client-itself"));
    people.into_iter().chain(itself).collect::<Vec<_>>().join(", ")
}

fn state(w: &Words, is_active: bool) -> Html {
    if is_active {
        Badge::html(Tone::Good, w.t("identity-active"))
    } else {
        Badge::html(Tone::Warning, w.t("identity-inactive"))
    }
}

pub(super) async fn show(
    allowed: Allowed<ClientRead>,
    view: View,
    State(identity): State<Identity>,
    Path(client_id): Path<String>,
    params: Params,
) -> Result<Response, Fault> {
    let client = identity.client(&allowed.actor.tenant, &client_id).await?;
    Ok(shown(&client_page(&view, &identity, &client, None).notice(outcome(view.words(), &params))))
}

fn client_page<'a>(view: &'a View, identity: &Identity, client: &Client, secret: Option<&str>) -> Page<'a> {
    let w = view.words();
    let metadata = &client.metadata;
    let lines = |texts: &[String]| {
        if texts.is_empty() { Html::text("–") } else { Html::list(texts.iter().map(Html::code)) }
    };
    let claims: Vec<String> =
        metadata.allowed_claims().into_iter().map(|claim| super::super::claim_name(w, claim)).collect();
    let details = Definitions::new()
        .add(w.t("identity-client-id"), Html::code(&client.client_id))
        .add(w.t("identity-state"), state(w, client.is_active))
        .add(w.t("identity-client-for"), purpose_of(w, metadata))
        .add(w.t("identity-client-auth"), w.t(auth_key(metadata.token_endpoint_auth_method)))
        .add(w.t("identity-client-redirects"), lines(&metadata.redirect_uris))
        .add(w.t("identity-client-scope"), Html::code(metadata.scope.to_string()))
        .add(w.t("identity-client-claims"), if claims.is_empty() { "–".to_owned() } else { claims.join(", ") })
        .add(w.t("identity-purpose"), Html::isolated(if metadata.purpose.is_empty() { "–" } else { &metadata.purpose }))
        .add(w.t("identity-client-roles"), lines(&metadata.roles))
        .add(w.t("identity-client-audiences"), lines(&metadata.audiences))
        .add(w.t("identity-since"), w.instant(client.created_at));
    let mut page = Page::new(&view.frame, client.name()).crumb(w.t("identity-clients"), format!("{HOME}/clients"));
    if let Some(secret) = secret {
        page = page.push(Notice::html(
            Tone::Info,
            w.t("identity-secret-shown"),
            Html::paragraph(w.t("identity-secret-shown-do")).then(code(w.t("identity-secret"), secret, w)),
        ));
    }
    page = page
        .push(details.render())
        .push(Html::heading(w.t("identity-client-connect")))
        .push(Html::paragraph(w.t("identity-client-connect-do")))
        .push(code(w.t("identity-issuer"), identity.issuer(), w));
    if !view.visitor.may(ClientWrite::INFO.permission) {
        return page;
    }
    let at = client_at(&client.client_id);
    page = page.actions(actions([(w.t("identity-client-edit"), format!("{at}/edit"))]));
    if metadata.token_endpoint_auth_method.has_secret() {
        let form = Form::post(format!("{at}/secret"), &view.frame, w.t("identity-secret-new")).second();
        page = page.push(form.render(w)).push(Html::quiet(w.t("identity-secret-new-about")));
    }
    page.push(Confirm::html(
        w.t("identity-client-delete"),
        w.with("identity-client-delete-question", &[("name", client.name().into())]),
        w.t("identity-client-delete-about"),
        &Form::post(format!("{at}/delete"), &view.frame, w.t("identity-client-delete")).danger(),
        w,
    ))
}

const fn auth_key(method: AuthMethod) -> &'static str {
    match method {
        AuthMethod::ClientSecretBasic => "identity-auth-basic",
        AuthMethod::ClientSecretPost => "identity-auth-post",
        AuthMethod::PrivateKeyJwt => "identity-auth-key",
        AuthMethod::None => "identity-auth-none",
    }
}

/// A client as its form holds it.
struct TypedClient {
    client_id: String,
    is_active: bool,
    keys: String,
    metadata: Metadata,
}

impl TypedClient {
    fn of_client(client: &Client) -> Self {
        let keys = client.metadata.jwks.as_ref().and_then(|keys| serde_json::to_string_pretty(keys).ok());
        Self {
            client_id: client.client_id.clone(),
            is_active: client.is_active,
            keys: keys.unwrap_or_default(),
            metadata: client.metadata.clone(),
        }
    }

    /// What was typed, over a description whose other parts stay.
    fn of_form(typed: &FormFields, mut metadata: Metadata, client_id: Option<&str>) -> Self {
        let lines = |name: &str| -> Vec<String> {
            typed.text(name).lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
        };
        typed.text("name").clone_into(&mut metadata.client_name);
        metadata.redirect_uris = lines("redirects");
        metadata.post_logout_redirect_uris = lines("logouts");
        metadata.grant_types =
            GrantType::ALL.into_iter().filter(|grant| typed.all("grants").any(|name| name == grant.as_str())).collect();
        let method = AuthMethod::ALL.into_iter().find(|method| method.as_str() == typed.text("auth"));
        metadata.token_endpoint_auth_method = method.unwrap_or_default();
        metadata.application_type =
            if typed.text("type") == "native" { ApplicationType::Native } else { ApplicationType::Web };
        metadata.scope = Scopes::read(typed.text("scope"));
        metadata.subject_type =
            if typed.text("subject") == "public" { SubjectType::Public } else { SubjectType::Pairwise };
        metadata.consent = if typed.is_checked("lawful") { ConsentRule::Lawful } else { ConsentRule::Asked };
        typed.text("purpose").clone_into(&mut metadata.purpose);
        metadata.roles = typed.text("roles").split_whitespace().map(str::to_owned).collect();
        metadata.audiences = lines("audiences");
        metadata.require_pushed_authorization_requests = typed.is_checked("par");
        metadata.dpop_bound_access_tokens = typed.is_checked("dpop");
        Self {
            client_id: client_id.map_or_else(|| typed.text("client_id").to_owned(), str::to_owned),
            is_active: typed.is_checked("active"),
            keys: typed.text("keys").to_owned(),
            metadata,
        }
    }

    fn into_new(mut self, is_new: bool) -> Result<NewClient, IdentityError> {
        self.metadata.jwks = if self.keys.is_empty() {
            None
        } else {
            let wrong = |message: &str| IdentityError::field("/jwks", "key", message);
            let value = serde_json::from_str(&self.keys).map_err(|_| wrong("is not JSON"))?;
            Some(PublicKeys::read(value).map_err(wrong)?)
        };
        Ok(NewClient {
            client_id: Some(self.client_id).filter(|id| is_new && !id.is_empty()),
            is_active: Some(self.is_active),
            metadata: self.metadata,
        })
    }
}

fn form(view: &View, action: &str, typed: &TypedClient, is_new: bool, found: &[FieldError]) -> Form {
    let w = view.words();
    let metadata = &typed.metadata;
    let id = if is_new {
        Field::text("client_id", w.t("identity-client-id"))
            .hint(w.t("identity-client-id-hint"))
            .optional()
            .ltr()
            .value(&typed.client_id)
            .error_if(fault(found, "/client_id"))
    } else {
        Field::shown("client_id", w.t("identity-client-id"), &typed.client_id).ltr()
    };
    let grants = GrantType::ALL.map(|grant| {
        let key = format!("identity-grant-{}", grant.as_str().replace('_', "-"));
        Choice::new(grant.as_str(), w.t(&key)).chosen(metadata.may(grant))
    });
    let methods = AuthMethod::ALL.map(|method| {
        Choice::new(method.as_str(), w.t(auth_key(method))).chosen(metadata.token_endpoint_auth_method == method)
    });
    let is_native = metadata.application_type == ApplicationType::Native;
    let types = [
        Choice::new("web", w.t("identity-type-web")).chosen(!is_native),
        Choice::new("native", w.t("identity-type-native")).chosen(is_native),
    ];
    let is_public = metadata.subject_type == SubjectType::Public;
    let subjects = [
        Choice::new("pairwise", w.t("identity-subject-pairwise")).chosen(!is_public),
        Choice::new("public", w.t("identity-subject-public")).chosen(is_public),
    ];
    Form::post(action, &view.frame, w.t("identity-save"))
        .field(
            Field::text("name", w.t("identity-client-name"))
                .hint(w.t("identity-client-name-hint"))
                .value(&metadata.client_name)
                .error_if(fault(found, "/client_name")),
        )
        .field(id)
        .field(Field::checkboxes("grants", w.t("identity-client-for"), grants).error_if(fault(found, "/grant_types")))
        .field(Field::radios("type", w.t("identity-client-type"), types))
        .field(
            Field::radios("auth", w.t("identity-client-auth"), methods)
                .error_if(fault(found, "/token_endpoint_auth_method")),
        )
        .field(
            Field::area("redirects", w.t("identity-client-redirects"), 3)
                .hint(w.t("identity-client-redirects-hint"))
                .optional()
                .ltr()
                .value(metadata.redirect_uris.join("\n"))
                .error_if(fault(found, "/redirect_uris")),
        )
        .field(
            Field::area("logouts", w.t("identity-client-logouts"), 2)
                .optional()
                .ltr()
                .value(metadata.post_logout_redirect_uris.join("\n"))
                .error_if(fault(found, "/post_logout_redirect_uris")),
        )
        .field(
            Field::text("scope", w.t("identity-client-scope"))
                .hint(w.t("identity-client-scope-hint"))
                .ltr()
                .value(metadata.scope.to_string())
                .error_if(fault(found, "/scope")),
        )
        .field(
            Field::area("purpose", w.t("identity-purpose"), 2)
                .hint(w.t("identity-purpose-hint"))
                .optional()
                .value(&metadata.purpose)
                .error_if(fault(found, "/purpose")),
        )
        .field(
            Field::checkbox("lawful", w.t("identity-client-lawful"), metadata.consent == ConsentRule::Lawful)
                .hint(w.t("identity-client-lawful-hint")),
        )
        .field(Field::radios("subject", w.t("identity-client-subject"), subjects))
        .field(
            Field::area("keys", w.t("identity-client-keys"), 4)
                .hint(w.t("identity-client-keys-hint"))
                .optional()
                .ltr()
                .value(&typed.keys)
                .error_if(fault(found, "/jwks")),
        )
        .field(
            Field::text("roles", w.t("identity-client-roles"))
                .hint(w.t("identity-client-roles-hint"))
                .optional()
                .ltr()
                .value(metadata.roles.join(" "))
                .error_if(fault(found, "/roles")),
        )
        .field(
            Field::area("audiences", w.t("identity-client-audiences"), 2)
                .hint(w.t("identity-client-audiences-hint"))
                .optional()
                .ltr()
                .value(metadata.audiences.join("\n"))
                .error_if(fault(found, "/audiences")),
        )
        .field(Field::checkbox("par", w.t("identity-client-par"), metadata.require_pushed_authorization_requests))
        .field(Field::checkbox("dpop", w.t("identity-client-dpop"), metadata.dpop_bound_access_tokens))
        .field(Field::checkbox("active", w.t("identity-client-active"), typed.is_active))
        .cancel(format!("{HOME}/clients"))
        .redraws()
}

fn form_page<'a>(view: &'a View, typed: &TypedClient, is_new: bool, found: &[FieldError]) -> Page<'a> {
    let w = view.words();
    let (title, action) = if is_new {
        (w.t("identity-client-new"), format!("{HOME}/clients/new"))
    } else {
        (w.t("identity-client-edit"), format!("{}/edit", client_at(&typed.client_id)))
    };
    Page::new(&view.frame, title)
        .crumb(w.t("identity-clients"), format!("{HOME}/clients"))
        .form(&form(view, &action, typed, is_new, found))
}

pub(super) async fn new(_: Allowed<ClientWrite>, view: View) -> Result<Response, Fault> {
    let typed =
        TypedClient { client_id: String::new(), is_active: true, keys: String::new(), metadata: Metadata::default() };
    Ok(shown(&form_page(&view, &typed, true, &[])))
}

/// A new secret stands on the answer itself: it is shown once.
fn with_secret(view: &View, identity: &Identity, made: &Registered) -> Response {
    match &made.client_secret {
        Some(secret) => shown(&client_page(view, identity, &made.client, Some(secret))),
        None => see_other(&format!("{}?done=saved", client_at(&made.client.client_id))),
    }
}

pub(super) async fn create(
    allowed: Allowed<ClientWrite>,
    view: View,
    State(identity): State<Identity>,
    fields: FormFields,
) -> Result<Response, Fault> {
    let typed = TypedClient::of_form(&fields, Metadata::default(), None);
    if view.is_redraw() {
        return Ok(shown(&form_page(&view, &typed, true, &[])));
    }
    let again = TypedClient::of_form(&fields, Metadata::default(), None);
    let done = match typed.into_new(true) {
        Ok(new) => identity.register(&By::from(allowed), new).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(made) => Ok(with_secret(&view, &identity, &made)),
        Err(error) => Ok(refused(&form_page(&view, &again, true, &own_faults(error)?))),
    }
}

/// A client that is taken, and roles that cannot be given, are the faults of their fields.
fn own_faults(error: IdentityError) -> Result<Vec<FieldError>, Problem> {
    let pointer = match &error {
        IdentityError::ClientTaken(_) => "/client_id",
        IdentityError::RolesNotGiven => "/roles",
        _ => return faults(error.into()),
    };
    Ok(vec![FieldError { pointer: pointer.to_owned(), code: "refused", message: error.to_string() }])
}

pub(super) async fn edit(
    allowed: Allowed<ClientWrite>,
    view: View,
    State(identity): State<Identity>,
    Path(client_id): Path<String>,
) -> Result<Response, Fault> {
    let client = identity.client(&allowed.actor.tenant, &client_id).await?;
    Ok(shown(&form_page(&view, &TypedClient::of_client(&client), false, &[])))
}

pub(super) async fn change(
    allowed: Allowed<ClientWrite>,
    view: View,
    State(identity): State<Identity>,
    Path(client_id): Path<String>,
    fields: FormFields,
) -> Result<Response, Fault> {
    let present = identity.client(&allowed.actor.tenant, &client_id).await?;
    let typed = TypedClient::of_form(&fields, present.metadata.clone(), Some(&client_id));
    if view.is_redraw() {
        return Ok(shown(&form_page(&view, &typed, false, &[])));
    }
    let again = TypedClient::of_form(&fields, present.metadata, Some(&client_id));
    let done = match typed.into_new(false) {
        Ok(new) => identity.change_client(&By::from(allowed), &client_id, new).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(made) => Ok(with_secret(&view, &identity, &made)),
        Err(error) => Ok(refused(&form_page(&view, &again, false, &own_faults(error)?))),
    }
}

pub(super) async fn secret(
    allowed: Allowed<ClientWrite>,
    view: View,
    State(identity): State<Identity>,
    Path(client_id): Path<String>,
) -> Result<Response, Fault> {
    let made = identity.new_secret(&By::from(allowed), &client_id, false).await?;
    Ok(with_secret(&view, &identity, &made))
}

pub(super) async fn delete(
    allowed: Allowed<ClientWrite>,
    State(identity): State<Identity>,
    Path(client_id): Path<String>,
) -> Result<Response, Fault> {
    identity.delete_client(&By::from(allowed), &client_id).await?;
    Ok(see_other(&format!("{HOME}/clients?done=deleted")))
}
