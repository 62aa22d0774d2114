//! The enrolment desk: officials find people, enrol them, correct what is known, take identities out of use.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Map, Value};
use stoa_core::{FieldError, Permissions, Problem};
use stoa_ui::{
    Badge, Choice, Column, Confirm, Definitions, Field, Form, Html, Notice, Page, Table, Tone, Words, actions, code,
};
use stoa_web::{Allowed, Fault, FormFields, Params, Path, Right as _, View, see_other};

use super::super::{claim_name, fault, faults, mine, refused, shown};
use super::{HOME, outcome};
use crate::error::IdentityError;
use crate::model::claims::Claim;
use crate::model::person::{IdentifierKind, PersonState, Profile};
use crate::permission::{PersonRead, PersonState as StateRight, PersonWrite};
use crate::service::{By, Identity, NewIdentifier, NewPerson, Person, PersonId, Search};

/// People on one page.
const PAGE_SIZE: u32 = 20;
/// The claims that the form has, in its order.
const TYPED: [Claim; 8] = [
    Claim::GivenName,
    Claim::FamilyName,
    Claim::Name,
    Claim::Birthdate,
    Claim::Gender,
    Claim::Email,
    Claim::PhoneNumber,
    Claim::Locale,
];

fn person_at(id: PersonId) -> String {
    format!("{HOME}/people/{id}")
}

fn id_of(text: &str) -> Result<PersonId, IdentityError> {
    text.parse().map_err(|_| IdentityError::PersonNotFound)
}

pub(super) async fn list(
    allowed: Allowed<PersonRead>,
    view: View,
    State(identity): State<Identity>,
    params: Params,
) -> Result<Response, Fault> {
    // Nobody is shown unasked: each look at a person is noted, and the person sees it.
    let count = identity.count_people(&allowed.actor.tenant).await?;
    let notice = outcome(view.words(), &params);
    Ok(shown(&list_page(&view, count, "", None).notice(notice)))
}

pub(super) async fn search(
    allowed: Allowed<PersonRead>,
    view: View,
    State(identity): State<Identity>,
    typed: FormFields,
) -> Result<Response, Fault> {
    let count = identity.count_people(&allowed.actor.tenant).await?;
    let text: String = typed.text("text").chars().take(200).collect();
    let search = Search { text: text.clone(), before: None, limit: PAGE_SIZE };
    let found = if text.is_empty() { Vec::new() } else { identity.search(&By::from(allowed), search).await? };
    Ok(shown(&list_page(&view, count, &text, Some(&found))))
}

fn list_page<'a>(view: &'a View, count: u64, text: &str, found: Option<&[Person]>) -> Page<'a> {
    let w = view.words();
    // By POST: names and numbers do not belong into addresses.
    let form = Form::post(format!("{HOME}/people"), &view.frame, w.t("identity-search"))
        .field(Field::search("text", w.t("identity-search-for")).hint(w.t("identity-search-hint")).value(text));
    let mut page = Page::new(&view.frame, w.t("identity-people"))
        .wide()
        .lead(w.with("identity-people-lead", &[("count", i64::try_from(count).unwrap_or(i64::MAX).into())]))
        .push(form.render(w));
    if let Some(found) = found {
        page = page.push(table(w, found));
    }
    if view.visitor.may(PersonWrite::INFO.permission) {
        page = page.actions(actions([(w.t("identity-enrol"), format!("{HOME}/people/new"))]));
    }
    page
}

fn table(w: &Words, found: &[Person]) -> Html {
    Table::new(w.t("identity-people"))
        .column(Column::new(w.t("identity-claim-name")))
        .column(Column::new(w.t("identity-claim-birthdate")))
        .column(Column::new(w.t("identity-kind-vid")))
        .column(Column::new(w.t("identity-state")))
        .rows(found.iter().map(|person| {
            let vid = person.identifiers.iter().find(|held| held.kind == IdentifierKind::Vid);
            [
                Html::link(person_at(person.id), person.profile.shown()),
                Html::isolated(person.profile.text(Claim::Birthdate)),
                Html::code(vid.map_or("–", |held| held.value.as_str())),
                state(w, person.state),
            ]
        }))
        .empty(Html::paragraph(w.t("identity-people-none")))
        .render(w)
}

fn state(w: &Words, state: PersonState) -> Html {
    let tone = match state {
        PersonState::Active => Tone::Good,
        PersonState::Deactivated | PersonState::Deceased => Tone::Plain,
        PersonState::Blocked => Tone::Warning,
    };
    Badge::html(tone, w.t(&format!("identity-state-{}", state.as_str())))
}

pub(super) async fn show(
    allowed: Allowed<PersonRead>,
    view: View,
    State(identity): State<Identity>,
    Path(id): Path<String>,
    params: Params,
) -> Result<Response, Fault> {
    let is_admin = allowed.actor.permissions == Permissions::All;
    let person = identity.person(&By::from(allowed), id_of(&id)?).await?;
    let page = person_page(&view, &identity, &person, is_admin, None).await?;
    Ok(shown(&page.notice(outcome(view.words(), &params))))
}

async fn person_page<'a>(
    view: &'a View,
    identity: &Identity,
    person: &Person,
    is_admin: bool,
    activation: Option<&str>,
) -> Result<Page<'a>, Fault> {
    let w = view.words();
    let at = person_at(person.id);
    let factors = identity.factors(person.id).await?;
    let ways: Vec<String> =
        factors.iter().map(|factor| w.t(&format!("identity-factor-{}", factor.kind.as_str()))).collect();
    let details = Definitions::new()
        .add(w.t("identity-state"), state(w, person.state))
        .add(w.t("identity-factors"), if ways.is_empty() { w.t("identity-factors-none") } else { ways.join(", ") })
        .add(
            w.t("identity-client-roles"),
            if person.roles.is_empty() { "–".to_owned() } else { person.roles.join(", ") },
        )
        .add(w.t("identity-since"), w.instant(person.created_at))
        .add(w.t("identity-changed"), w.instant(person.modified_at));
    let mut page =
        Page::new(&view.frame, person.profile.shown()).crumb(w.t("identity-people"), format!("{HOME}/people"));
    if let Some(activation) = activation {
        let body = Html::paragraph(w.t("identity-activation-do")).then(code(w.t("identity-activation"), activation, w));
        page = page.push(Notice::html(Tone::Good, w.t("identity-activation-made"), body));
    }
    page = page
        .push(mine::profile(w, person))
        .push(details.render())
        .push(Html::heading(w.t("identity-identifiers")))
        .push(mine::identifiers(w, person));
    if view.visitor.may(PersonWrite::INFO.permission) {
        page = page.actions(actions([(w.t("identity-correct"), format!("{at}/edit"))]));
        let form = Form::post(format!("{at}/activation"), &view.frame, w.t("identity-activation-new")).second();
        page = page.push(form.render(w)).push(Html::quiet(w.t("identity-activation-new-about")));
        if is_admin {
            let form = Form::post(format!("{at}/roles"), &view.frame, w.t("identity-save")).field(
                Field::text("roles", w.t("identity-client-roles"))
                    .hint(w.t("identity-person-roles-hint"))
                    .optional()
                    .ltr()
                    .value(person.roles.join(" ")),
            );
            page = page.push(Html::heading(w.t("identity-client-roles"))).push(form.render(w));
        }
    }
    if view.visitor.may(StateRight::INFO.permission) {
        let choices = PersonState::ALL.map(|one| {
            Choice::new(one.as_str(), w.t(&format!("identity-state-{}", one.as_str()))).chosen(one == person.state)
        });
        let form = Form::post(format!("{at}/state"), &view.frame, w.t("identity-state-set"))
            .field(Field::radios("state", w.t("identity-state"), choices))
            .field(Field::text("reason", w.t("identity-reason")))
            .danger();
        let question = w.with("identity-state-question", &[("name", person.profile.shown().as_str().into())]);
        page = page.push(Confirm::html(w.t("identity-state-change"), question, w.t("identity-state-about"), &form, w));
    }
    Ok(page)
}

/// A person as the form holds them.
struct TypedPerson {
    profile: Profile,
    username: String,
    document: String,
    source: String,
    is_distinct: bool,
    asks_distinct: bool,
}

impl TypedPerson {
    /// What was typed, over what is known and has no field.
    fn of_form(typed: &FormFields, known: &Profile) -> Self {
        let mut map: Map<String, Value> = known.0.clone();
        for claim in TYPED {
            let text = match claim {
                Claim::Birthdate => typed.date("birthdate"),
                other => typed.text(other.as_str()).to_owned(),
            };
            map.insert(claim.as_str().to_owned(), Value::String(text));
        }
        Self {
            profile: Profile(map).tidy(),
            username: typed.text("username").to_owned(),
            document: typed.text("document").to_owned(),
            source: typed.text("source").to_owned(),
            is_distinct: typed.is_checked("distinct"),
            asks_distinct: typed.sent("distinct").is_some(),
        }
    }

    fn of_person(person: &Person) -> Self {
        Self {
            profile: person.profile.clone(),
            username: String::new(),
            document: String::new(),
            source: String::new(),
            is_distinct: false,
            asks_distinct: false,
        }
    }

    fn identifiers(&self) -> Vec<NewIdentifier> {
        [(IdentifierKind::Username, &self.username), (IdentifierKind::Document, &self.document)]
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(kind, value)| NewIdentifier { kind, value: value.clone() })
            .collect()
    }
}

fn form(view: &View, action: &str, typed: &TypedPerson, is_new: bool, found: &[FieldError]) -> Form {
    let w = view.words();
    let mut form = Form::post(action, &view.frame, w.t(if is_new { "identity-enrol" } else { "identity-save" }));
    for claim in TYPED {
        let (name, label) = (claim.as_str(), claim_name(w, claim));
        let field = match claim {
            Claim::Birthdate => Field::date(name, label).hint(w.t("identity-birthdate-hint")),
            Claim::Email | Claim::PhoneNumber | Claim::Locale => Field::text(name, label).ltr(),
            Claim::Name => Field::text(name, label).hint(w.t("identity-name-full-hint")),
            _ => Field::text(name, label),
        };
        let field = field
            .optional()
            .value(typed.profile.text(claim))
            .attribute("autocomplete", "off")
            .error_if(fault(found, &format!("/profile/{name}")));
        form = form.field(field);
    }
    if is_new {
        form = form
            .field(
                Field::text("username", w.t("identity-kind-username"))
                    .hint(w.t("identity-username-hint"))
                    .optional()
                    .ltr()
                    .value(&typed.username)
                    .error_if(fault(found, "/identifiers")),
            )
            .field(Field::text("document", w.t("identity-kind-document")).optional().ltr().value(&typed.document));
    }
    form = form.field(
        Field::text("source", w.t("identity-source"))
            .hint(w.t("identity-source-hint"))
            .optional()
            .value(&typed.source)
            .error_if(fault(found, "/source")),
    );
    if is_new && typed.asks_distinct {
        form = form.field(Field::checkbox("distinct", w.t("identity-distinct"), typed.is_distinct));
    }
    form.cancel(format!("{HOME}/people")).redraws()
}

fn new_page<'a>(view: &'a View, typed: &TypedPerson, found: &[FieldError]) -> Page<'a> {
    let w = view.words();
    Page::new(&view.frame, w.t("identity-enrol"))
        .crumb(w.t("identity-people"), format!("{HOME}/people"))
        .lead(w.t("identity-enrol-lead"))
        .form(&form(view, &format!("{HOME}/people/new"), typed, true, found))
}

pub(super) async fn new(_: Allowed<PersonWrite>, view: View) -> Result<Response, Fault> {
    let typed = TypedPerson::of_form(&FormFields::default(), &Profile::default());
    Ok(shown(&new_page(&view, &typed, &[])))
}

pub(super) async fn enrol(
    allowed: Allowed<PersonWrite>,
    view: View,
    State(identity): State<Identity>,
    fields: FormFields,
) -> Result<Response, Fault> {
    let mut typed = TypedPerson::of_form(&fields, &Profile::default());
    if view.is_redraw() {
        return Ok(shown(&new_page(&view, &typed, &[])));
    }
    let is_admin = allowed.actor.permissions == Permissions::All;
    let new = NewPerson {
        profile: typed.profile.clone(),
        identifiers: typed.identifiers(),
        roles: Vec::new(),
        source: typed.source.clone(),
        is_distinct: typed.is_distinct,
    };
    match identity.enrol(&By::from(allowed), new).await {
        Ok((person, code)) => {
            let url = format!("{}/activate?code={code}", identity.issuer());
            Ok(shown(&person_page(&view, &identity, &person, is_admin, Some(&url)).await?))
        }
        Err(IdentityError::PossibleDuplicate) => {
            typed.asks_distinct = true;
            let w = view.words();
            let page = new_page(&view, &typed, &[]);
            let body = Html::paragraph(w.t("identity-duplicate-do"));
            Ok(refused(&page.notice(Notice::html(Tone::Warning, w.t("identity-duplicate"), body))))
        }
        Err(error) => Ok(refused(&new_page(&view, &typed, &own_faults(error)?))),
    }
}

fn own_faults(error: IdentityError) -> Result<Vec<FieldError>, Problem> {
    if matches!(error, IdentityError::IdentifierTaken) {
        let message = error.to_string();
        return Ok(vec![FieldError { pointer: "/identifiers".to_owned(), code: "unique", message }]);
    }
    faults(error.into())
}

fn edit_page<'a>(view: &'a View, id: PersonId, version: &str, typed: &TypedPerson, found: &[FieldError]) -> Page<'a> {
    let w = view.words();
    let form =
        form(view, &format!("{}/edit", person_at(id)), typed, false, found).field(Field::hidden("version", version));
    Page::new(&view.frame, w.t("identity-correct")).crumb(w.t("identity-people"), format!("{HOME}/people")).form(&form)
}

pub(super) async fn edit(
    allowed: Allowed<PersonWrite>,
    view: View,
    State(identity): State<Identity>,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let person = identity.person(&By::from(allowed), id_of(&id)?).await?;
    let page = edit_page(&view, person.id, &person.version.to_string(), &TypedPerson::of_person(&person), &[]);
    Ok(shown(&page))
}

pub(super) async fn correct(
    allowed: Allowed<PersonWrite>,
    view: View,
    State(identity): State<Identity>,
    Path(id): Path<String>,
    fields: FormFields,
) -> Result<Response, Fault> {
    let (id, by) = (id_of(&id)?, By::from(allowed));
    let known = identity.person(&by, id).await?;
    let typed = TypedPerson::of_form(&fields, &known.profile);
    let version = fields.text("version");
    if view.is_redraw() {
        return Ok(shown(&edit_page(&view, id, version, &typed, &[])));
    }
    let seen = version.parse().ok();
    match identity.correct(&by, id, seen, typed.profile.clone(), &typed.source).await {
        Ok(_) => Ok(see_other(&format!("{}?done=saved", person_at(id)))),
        Err(error) => Ok(refused(&edit_page(&view, id, version, &typed, &own_faults(error)?))),
    }
}

pub(super) async fn set_state(
    allowed: Allowed<StateRight>,
    State(identity): State<Identity>,
    Path(id): Path<String>,
    typed: FormFields,
) -> Result<Response, Fault> {
    let id = id_of(&id)?;
    let state = PersonState::from_word(typed.text("state"));
    let state = state.ok_or_else(|| IdentityError::field("/state", "enum", "must be one of the states"))?;
    identity.set_state(&By::from(allowed), id, state, typed.text("reason")).await?;
    Ok(see_other(&format!("{}?done=saved", person_at(id))))
}

pub(super) async fn set_roles(
    allowed: Allowed<PersonWrite>,
    State(identity): State<Identity>,
    Path(id): Path<String>,
    typed: FormFields,
) -> Result<Response, Fault> {
    let id = id_of(&id)?;
    let roles = typed.text("roles").split_whitespace().map(str::to_owned).collect();
    identity.set_person_roles(&By::from(allowed), id, roles).await?;
    Ok(see_other(&format!("{}?done=saved", person_at(id))))
}

/// The address is on the answer itself: it is shown once.
pub(super) async fn activation(
    allowed: Allowed<PersonWrite>,
    view: View,
    State(identity): State<Identity>,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let is_admin = allowed.actor.permissions == Permissions::All;
    let (id, by) = (id_of(&id)?, By::from(allowed));
    let code = identity.new_activation(&by, id).await?;
    let person = identity.person(&by, id).await?;
    let url = format!("{}/activate?code={code}", identity.issuer());
    Ok(shown(&person_page(&view, &identity, &person, is_admin, Some(&url)).await?))
}
