//! Signing in and agreeing, page by page. What comes next follows from the transaction, so a page that is loaded again or
//! opened after a restart goes on where it was.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use stoa_core::Problem;
use stoa_ui::{Address, Choice, Field, Form, Html, Notice, Page, Tone, same_site};
use stoa_web::{Fault, Params, Public, View, see_other};

use super::authorize::{answered, leading_to};
use super::browser::{Browser, Typed};
use super::{MINE, SIGN_IN, claim_name, refused, shown, tenant, wait, with_cookie};
use crate::error::IdentityError;
use crate::model::authorize::Step;
use crate::model::claims::{Claim, Scope};
use crate::service::{At, Identity, Interaction, Next, Proof, Session};

/// Where a code by mail is asked for.
const BY_MAIL: &str = "/identity/sign-in/mail";

/// Why a form is shown again.
enum Again {
    /// What was entered is not right.
    Wrong,
    /// Too many attempts; how long to wait.
    TooMany(std::time::Duration),
    /// Too many people sign in at this moment.
    Busy,
}

impl Again {
    fn of(error: IdentityError) -> Result<Self, IdentityError> {
        match error {
            IdentityError::NotProved => Ok(Self::Wrong),
            IdentityError::TooManyAttempts(wait) => Ok(Self::TooMany(wait)),
            IdentityError::Busy => Ok(Self::Busy),
            other => Err(other),
        }
    }
}

pub(super) async fn show(
    asking: Public,
    view: View,
    State(identity): State<Identity>,
    browser: Browser,
    params: Params,
) -> Result<Response, Fault> {
    let Some(transaction) = params.get("t") else {
        let back = same_site(params.get("back").unwrap_or(MINE)).to_owned();
        let back = if back == "/" { MINE.to_owned() } else { back };
        let is_fresh = params.get("fresh").is_some();
        let begun = identity.begin_page(&tenant(&view), &back, is_fresh, &browser.hash()).await?;
        let response = see_other(&Address::new(SIGN_IN).with("t", begun).to_string());
        return Ok(with_cookie(response, browser.new_cookie()));
    };
    let session = browser.session(&identity).await?;
    let interaction = identity.interaction(transaction, &browser.hash(), session.as_ref()).await?;
    let page = Drawn { view: &view, identity: &identity, browser: &browser, transaction, session: session.as_ref() };
    match &interaction.step {
        Step::SignIn if interaction.wants_code => Ok(page.code(&interaction, None)),
        Step::SignIn => page.password(&interaction, "", None).await,
        Step::Consent => page.consent(&interaction).await,
        Step::Refuse(error) => {
            let Some(request) = &interaction.request else { return Err(IdentityError::SignInOver.into()) };
            let answer = identity.refuse(transaction, request, error).await?;
            Ok(answered(&view, &answer))
        }
        Step::Issue => match (&interaction.back, &session) {
            (Some(back), _) => {
                identity.close(transaction).await?;
                Ok(see_other(back))
            }
            (None, Some(session)) => {
                let answer = identity.finish(transaction, &browser.hash(), session, &asking.info).await?;
                Ok(answered(&view, &answer))
            }
            (None, None) => Err(IdentityError::SignInOver.into()),
        },
    }
}

/// One look at a step.
struct Drawn<'a> {
    view: &'a View,
    identity: &'a Identity,
    browser: &'a Browser,
    transaction: &'a str,
    session: Option<&'a Session>,
}

impl Drawn<'_> {
    fn form(&self, path: &str, label: &str) -> Form {
        Form::post(path, &self.view.frame, self.view.words().t(label))
            .field(self.browser.guard_field())
            .field(Field::hidden("t", self.transaction))
    }

    fn lead(&self, interaction: &Interaction, key: &str) -> String {
        let w = self.view.words();
        match &interaction.client {
            Some(client) => w.with(key, &[("service", client.name().into())]),
            None => w.t("identity-sign-in-own"),
        }
    }

    fn trouble(&self, again: Option<&Again>, wrong: &str) -> Option<String> {
        let w = self.view.words();
        again.map(|again| match again {
            Again::Wrong => w.t(wrong),
            Again::TooMany(time) => w.with("identity-too-many", &[("wait", wait(w, *time).as_str().into())]),
            Again::Busy => w.t("identity-busy"),
        })
    }

    async fn password(&self, interaction: &Interaction, name: &str, again: Option<&Again>) -> Result<Response, Fault> {
        let w = self.view.words();
        let hint = interaction.request.as_ref().and_then(|request| request.login_hint.as_deref());
        let typed = if name.is_empty() { hint.unwrap_or("") } else { name };
        let error = self.trouble(again, "identity-wrong");
        let form = self
            .form(SIGN_IN, "identity-sign-in")
            .field(
                Field::text("name", w.t("identity-name"))
                    .hint(w.t("identity-name-hint"))
                    .value(typed)
                    .attribute("autocomplete", "username")
                    .attribute("autocapitalize", "none")
                    .attribute("spellcheck", "false")
                    .error_if(error),
            )
            .field(Field::password("password", w.t("identity-password"), "current-password"));
        let mut page =
            Page::new(&self.view.frame, w.t("identity-sign-in")).lead(self.lead(interaction, "identity-sign-in-for"));
        if let Some(session) = self.session.filter(|_| interaction.may_continue) {
            let person = self.identity.shown_name(session.person).await?;
            let go_on = Form::post(
                "/identity/sign-in/continue",
                &self.view.frame,
                w.with("identity-continue-as", &[("name", person.as_str().into())]),
            )
            .field(self.browser.guard_field())
            .field(Field::hidden("t", self.transaction));
            page = page.push(go_on.render(w)).push(Html::heading(w.t("identity-somebody-else")));
        }
        let mut page = page.form(&form);
        if self.identity.mail().is_some() {
            let by_mail = Address::new(BY_MAIL).with("t", self.transaction).to_string();
            page = page.push(
                Html::trusted("<p>").then(Html::link(&by_mail, w.t("identity-by-mail"))).then(Html::trusted("</p>")),
            );
            page = page.push(
                Html::trusted("<p>")
                    .then(Html::link("/identity/forgot", w.t("identity-forgot")))
                    .then(Html::trusted("</p>")),
            );
        }
        let page = self.way_out(interaction, page);
        Ok(finished(interaction, &page, again))
    }

    fn code(&self, interaction: &Interaction, again: Option<&Again>) -> Response {
        let w = self.view.words();
        let error = self.trouble(again, "identity-wrong-code");
        let form = self.form("/identity/sign-in/code", "identity-sign-in").field(
            Field::text("code", w.t("identity-code"))
                .hint(w.t("identity-code-hint"))
                .ltr()
                .narrow()
                .attribute("autocomplete", "one-time-code")
                .attribute("inputmode", "text")
                .error_if(error),
        );
        let restart = self.form("/identity/sign-in/restart", "identity-somebody-else").second();
        let page = Page::new(&self.view.frame, w.t("identity-code-title"))
            .lead(self.lead(interaction, "identity-sign-in-for"))
            .form(&form)
            .push(restart.render(w));
        finished(interaction, &page, again)
    }

    /// Whom a code is to be sent to.
    fn whom(&self, interaction: &Interaction, name: &str, again: Option<&Again>) -> Response {
        let w = self.view.words();
        let error = self.trouble(again, "identity-wrong");
        let form = self.form(BY_MAIL, "identity-by-mail-send").field(
            Field::text("name", w.t("identity-name"))
                .hint(w.t("identity-name-hint"))
                .value(name)
                .attribute("autocomplete", "username")
                .attribute("autocapitalize", "none")
                .attribute("spellcheck", "false")
                .error_if(error),
        );
        let page = Page::new(&self.view.frame, w.t("identity-by-mail"))
            .lead(self.lead(interaction, "identity-sign-in-for"))
            .form(&form)
            .push(self.by_password_instead());
        finished(interaction, &page, again)
    }

    /// The code that was sent, if anybody is behind the name: the page does not say.
    fn sent(&self, interaction: &Interaction, name: &str, again: Option<&Again>) -> Response {
        let w = self.view.words();
        let error = self.trouble(again, "identity-wrong-code");
        let form = self.form("/identity/sign-in/sent", "identity-sign-in").field(Field::hidden("name", name)).field(
            Field::text("code", w.t("identity-code"))
                .hint(w.t("identity-by-mail-hint"))
                .ltr()
                .narrow()
                .attribute("autocomplete", "one-time-code")
                .attribute("inputmode", "numeric")
                .error_if(error),
        );
        let once_more = self.form(BY_MAIL, "identity-by-mail-again").field(Field::hidden("name", name)).second();
        let page = Page::new(&self.view.frame, w.t("identity-by-mail-sent"))
            .lead(w.t("identity-by-mail-sent-do"))
            .form(&form)
            .push(once_more.render(w))
            .push(self.by_password_instead());
        finished(interaction, &page, again)
    }

    fn by_password_instead(&self) -> Html {
        let back = Address::new(SIGN_IN).with("t", self.transaction).to_string();
        Html::trusted("<p>")
            .then(Html::link(&back, self.view.words().t("identity-by-password")))
            .then(Html::trusted("</p>"))
    }

    async fn consent(&self, interaction: &Interaction) -> Result<Response, Fault> {
        let w = self.view.words();
        let (Some(client), Some(request), Some(session)) = (&interaction.client, &interaction.request, self.session)
        else {
            return Err(IdentityError::SignInOver.into());
        };
        // Nobody is asked about what is not known of them.
        let known = self.identity.known_claims(session.person).await?;
        let needed = interaction.wanted.iter().filter(|(_, essential)| *essential);
        let optional = interaction.wanted.iter().filter(|(claim, essential)| !essential && known.contains(claim));
        let optional: Vec<Choice> =
            optional.map(|(claim, _)| Choice::new(claim.as_str(), claim_name(w, *claim)).chosen(true)).collect();
        let mut form = self.form("/identity/sign-in/consent", "identity-agree");
        let needed: Vec<Html> = needed.map(|(claim, _)| Html::text(claim_name(w, *claim))).collect();
        if !needed.is_empty() {
            let title = w.with("identity-needed", &[("service", client.name().into())]);
            form = form.before(Html::heading(title).then(Html::list(needed)));
        }
        if !optional.is_empty() {
            form = form.field(Field::checkboxes("claims", w.t("identity-optional"), optional));
        }
        let person = self.identity.shown_name(session.person).await?;
        let mut page =
            Page::new(&self.view.frame, w.with("identity-consent-title", &[("service", client.name().into())]))
                .lead(w.with("identity-consent-lead", &[("name", person.as_str().into())]));
        if !client.metadata.purpose.is_empty() {
            let title = w.t("identity-purpose");
            page = page.push(Notice::html(Tone::Info, title, Html::paragraph(&client.metadata.purpose)));
        }
        if request.scope.has(Scope::OfflineAccess) {
            page = page.push(Html::paragraph(w.t("identity-offline")));
        }
        let links = [("identity-policy", &client.metadata.policy_uri), ("identity-terms", &client.metadata.tos_uri)];
        let links: Vec<Html> = links
            .into_iter()
            .filter(|(_, address)| !address.is_empty())
            .map(|(key, address)| Html::link(address, w.t(key)))
            .collect();
        page = page.form(&form);
        if !links.is_empty() {
            page = page.push(Html::list(links));
        }
        page = page.push(Html::quiet(w.t("identity-consent-later")));
        let page = self.way_out(interaction, page);
        Ok(finished(interaction, &page, None))
    }

    /// The way back without having done anything.
    fn way_out<'b>(&self, interaction: &Interaction, page: Page<'b>) -> Page<'b> {
        let w = self.view.words();
        match &interaction.client {
            Some(client) => {
                let key = if interaction.step == Step::Consent { "identity-back-to" } else { "identity-cancel-to" };
                let label = w.with(key, &[("service", client.name().into())]);
                let form = Form::post("/identity/sign-in/cancel", &self.view.frame, label)
                    .field(self.browser.guard_field())
                    .field(Field::hidden("t", self.transaction))
                    .second();
                page.push(form.render(w))
            }
            None => page,
        }
    }
}

/// The page in its frame: who asks stands above, and browsers know where the forms lead in the end.
fn finished(interaction: &Interaction, page: &Page<'_>, again: Option<&Again>) -> Response {
    let mut response = match again {
        None => shown(page),
        Some(Again::Wrong) => refused(page),
        Some(Again::TooMany(_)) => stoa_web::page(StatusCode::TOO_MANY_REQUESTS, page),
        Some(Again::Busy) => stoa_web::page(StatusCode::SERVICE_UNAVAILABLE, page),
    };
    let seconds = match again {
        Some(Again::TooMany(wait)) => Some(wait.as_secs().max(1)),
        Some(Again::Busy) => Some(1),
        _ => None,
    };
    if let Some(seconds) = seconds {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    match &interaction.request {
        Some(request) => leading_to(response, &request.redirect_uri),
        None => response,
    }
}

/// On to whatever comes next.
fn next_page(transaction: &str) -> Response {
    see_other(&Address::new(SIGN_IN).with("t", transaction).to_string())
}

pub(super) async fn by_password(
    asking: Public,
    view: View,
    State(identity): State<Identity>,
    browser: Browser,
    typed: Typed,
) -> Result<Response, Fault> {
    browser.check(&typed.0)?;
    let (transaction, name) = (typed.text("t").to_owned(), typed.text("name").to_owned());
    let password = typed.0.get("password").unwrap_or("").to_owned();
    let at = browser.at(&identity, asking.info).await?;
    // Longer than any password that can be set: nothing of it is hashed.
    let proof =
        Proof::Password { name: name.chars().take(300).collect(), password: password.chars().take(1024).collect() };
    prove(&view, &identity, &browser, &at, &transaction, proof).await
}

pub(super) async fn by_code(
    asking: Public,
    view: View,
    State(identity): State<Identity>,
    browser: Browser,
    typed: Typed,
) -> Result<Response, Fault> {
    browser.check(&typed.0)?;
    let transaction = typed.text("t").to_owned();
    let at = browser.at(&identity, asking.info).await?;
    let code: String = typed.text("code").chars().take(60).collect();
    prove(&view, &identity, &browser, &at, &transaction, Proof::Code(code)).await
}

/// Goes on with what somebody shows, or shows its form again.
async fn prove(
    view: &View,
    identity: &Identity,
    browser: &Browser,
    at: &At,
    transaction: &str,
    proof: Proof,
) -> Result<Response, Fault> {
    let error = match identity.prove(transaction, at, proof.clone()).await {
        Ok(next) => return Ok(proved(browser, transaction, &next)),
        Err(error) => error,
    };
    let (again, session) = (Again::of(error)?, at.session.as_ref());
    let interaction = identity.interaction(transaction, &browser.hash(), session).await?;
    let page = Drawn { view, identity, browser, transaction, session };
    match proof {
        Proof::Password { name, .. } => page.password(&interaction, &name, Some(&again)).await,
        Proof::Code(_) => Ok(page.code(&interaction, Some(&again))),
        Proof::Sent { name, .. } => Ok(page.sent(&interaction, &name, Some(&again))),
    }
}

/// A transaction in which somebody is still to sign in.
async fn open(
    identity: &Identity,
    browser: &Browser,
    transaction: &str,
    session: Option<&Session>,
) -> Result<Interaction, IdentityError> {
    let interaction = identity.interaction(transaction, &browser.hash(), session).await?;
    if interaction.step == Step::SignIn && identity.mail().is_some() {
        return Ok(interaction);
    }
    Err(IdentityError::SignInOver)
}

/// Asks whom a code is to be sent to.
pub(super) async fn ask_mail(
    _: Public,
    view: View,
    State(identity): State<Identity>,
    browser: Browser,
    params: Params,
) -> Result<Response, Fault> {
    let transaction = params.get("t").unwrap_or("");
    let session = browser.session(&identity).await?;
    let interaction = open(&identity, &browser, transaction, session.as_ref()).await?;
    let page = Drawn { view: &view, identity: &identity, browser: &browser, transaction, session: session.as_ref() };
    let hint = interaction.request.as_ref().and_then(|request| request.login_hint.as_deref());
    Ok(page.whom(&interaction, hint.unwrap_or(""), None))
}

/// Sends a code, and asks for it.
pub(super) async fn send_mail(
    _: Public,
    view: View,
    State(identity): State<Identity>,
    browser: Browser,
    typed: Typed,
) -> Result<Response, Fault> {
    browser.check(&typed.0)?;
    let (transaction, name) = (typed.text("t"), typed.text("name").chars().take(300).collect::<String>());
    let session = browser.session(&identity).await?;
    let interaction = open(&identity, &browser, transaction, session.as_ref()).await?;
    let whose = interaction.client.as_ref().map_or_else(|| tenant(&view), |client| client.tenant.clone());
    let page = Drawn { view: &view, identity: &identity, browser: &browser, transaction, session: session.as_ref() };
    match identity.send_code(&whose, browser.network(), &name, view.words().locale().tag()).await {
        Ok(()) => Ok(page.sent(&interaction, &name, None)),
        Err(error) => Ok(page.whom(&interaction, &name, Some(&Again::of(error)?))),
    }
}

/// Signs in with a code that was sent.
pub(super) async fn by_sent(
    asking: Public,
    view: View,
    State(identity): State<Identity>,
    browser: Browser,
    typed: Typed,
) -> Result<Response, Fault> {
    browser.check(&typed.0)?;
    let (transaction, name) = (typed.text("t").to_owned(), typed.text("name").chars().take(300).collect::<String>());
    let at = browser.at(&identity, asking.info).await?;
    let code: String = typed.text("code").chars().take(60).collect();
    prove(&view, &identity, &browser, &at, &transaction, Proof::Sent { name, code }).await
}

fn proved(browser: &Browser, transaction: &str, next: &Next) -> Response {
    match next {
        Next::Code => next_page(transaction),
        Next::Done(signed_in) => with_cookie(next_page(transaction), browser.session_cookie(&signed_in.cookie)),
    }
}

/// Who is signed in already goes on.
pub(super) async fn go_on(
    _: Public,
    State(identity): State<Identity>,
    browser: Browser,
    typed: Typed,
) -> Result<Response, Fault> {
    browser.check(&typed.0)?;
    let session = browser.session(&identity).await?.ok_or(IdentityError::SignInOver)?;
    identity.continue_as(typed.text("t"), &browser.hash(), &session).await?;
    Ok(next_page(typed.text("t")))
}

/// Somebody else wants to sign in.
pub(super) async fn restart(
    _: Public,
    State(identity): State<Identity>,
    browser: Browser,
    typed: Typed,
) -> Result<Response, Fault> {
    browser.check(&typed.0)?;
    identity.start_over(typed.text("t"), &browser.hash()).await?;
    Ok(next_page(typed.text("t")))
}

pub(super) async fn agree(
    asking: Public,
    State(identity): State<Identity>,
    browser: Browser,
    typed: Typed,
) -> Result<Response, Fault> {
    browser.check(&typed.0)?;
    let session = browser.session(&identity).await?.ok_or(IdentityError::SignInOver)?;
    let chosen: BTreeSet<Claim> = typed.0.all("claims").filter_map(Claim::from_name).collect();
    identity.agree(typed.text("t"), &browser.hash(), &session, &chosen, &asking.info).await?;
    Ok(next_page(typed.text("t")))
}

pub(super) async fn cancel(
    _: Public,
    view: View,
    State(identity): State<Identity>,
    browser: Browser,
    typed: Typed,
) -> Result<Response, Fault> {
    browser.check(&typed.0)?;
    match identity.cancel(typed.text("t"), &browser.hash()).await? {
        Some(answer) => Ok(answered(&view, &answer)),
        None => Err(Problem::from(IdentityError::SignInOver).into()),
    }
}
