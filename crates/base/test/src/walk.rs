//! A walk over everything that a block lets others ask: every operation of its OpenAPI document, and every page and form of
//! its console that links lead to.
//!
//! Each operation is asked with the example of its own description, so an example that does not work is found too. Without a
//! credential the answer must be 401, without the permission 403; another tenant gets 404 for one thing, and of a list
//! nothing that is not its own. What an operation needs beforehand, and where it cannot be asked exactly as its example
//! says, stands in the block's `fixtures/walk.json`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use axum::http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{Answer, Browser, Caller, TestStoa};

/// Pages that are looked at in one block's console at most.
const PAGES_MAX: usize = 300;

/// How a block is walked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Walk {
    /// What is there beforehand, made in this order by an administrator.
    prepare: Vec<Step>,
    /// Operations, by id, that are asked otherwise than their example says.
    #[serde(default)]
    operations: BTreeMap<String, Special>,
    /// Operations that anybody may ask.
    #[serde(default)]
    public: Vec<String>,
    /// Operations that want a credential of the block's own, which no key of the node is: the block's tests ask them.
    #[serde(default)]
    own_credential: Vec<String>,
    /// Operations whose answer is the same for all tenants.
    #[serde(default)]
    for_all_tenants: Vec<String>,
    /// Operations that answer 200 whatever is wrong, with the error inside, as their published file has it.
    #[serde(default)]
    errors_inside: Vec<String>,
    /// Texts by which this tenant's data is recognised: lists show at least one to it, and none to another tenant.
    marks: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// `POST /v1/things`, below the block's prefix.
    ask: String,
    body: Option<Value>,
    /// The type of a body that is a text and no JSON.
    #[serde(rename = "type")]
    content_type: Option<String>,
    /// Whether a second administrator asks: some things take two.
    #[serde(default)]
    second: bool,
    /// The name of the answer: `${name/id}` is its field `id` from then on.
    #[serde(rename = "as")]
    name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Special {
    /// Parameters, over those of the examples.
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    /// What is changed in the example of the body (RFC 7396).
    body: Option<Value>,
}

/// One operation and how it is asked.
struct Ask {
    name: String,
    id: String,
    method: Method,
    address: String,
    body: Option<Value>,
    content_type: Option<String>,
    /// Parameters that travel beside the address: headers and cookies.
    headers: Vec<(String, String)>,
    names_a_thing: bool,
    responses: Value,
}

/// Whoever asks in a walk.
struct Askers {
    admin: Caller,
    nobody: Caller,
    stranger: Caller,
}

impl Walk {
    /// Reads a block's `fixtures/walk.json`.
    ///
    /// # Errors
    /// When it is not what a walk needs.
    pub fn read(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Prepares a system and asks every operation of a block. Returns what is wrong, one line each; an empty list is a pass.
    pub async fn run(&self, stoa: &TestStoa, block: &str) -> Vec<String> {
        let Some(document) = stoa.openapi.get(block) else { return vec![format!("no document of {block}")] };
        let askers = Askers {
            admin: stoa.role("admin").await,
            nobody: stoa.role(TestStoa::NOBODY).await,
            stranger: stoa.role_of("admin", "elsewhere").await,
        };
        let second = stoa.role("admin").await;
        let made = match self.prepare(stoa, block, [&askers.admin, &second]).await {
            Ok(made) => made,
            Err(wrong) => return vec![wrong],
        };
        let marks: Vec<String> = self.marks.iter().map(|mark| filled(mark, &made)).collect();
        let mut wrong = Vec::new();
        let mut known = BTreeSet::new();
        for (path, item) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
                let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
                known.insert(id.clone());
                if self.own_credential.contains(&id) {
                    continue;
                }
                match self.ask(document, block, path, method, &id, operation, &made) {
                    Ok(ask) => self.look(stoa, &ask, &askers, &marks, &mut wrong).await,
                    Err(why) => wrong.push(format!("{path} ({id}): {why}")),
                }
            }
        }
        let named = self
            .operations
            .keys()
            .chain(&self.public)
            .chain(&self.own_credential)
            .chain(&self.for_all_tenants)
            .chain(&self.errors_inside);
        let unknown = named.filter(|id| !known.contains(*id));
        wrong.extend(unknown.map(|id| format!("walk.json names {id}, which is no operation")));
        wrong
    }

    async fn prepare(
        &self,
        stoa: &TestStoa,
        block: &str,
        [first, second]: [&Caller; 2],
    ) -> Result<BTreeMap<String, Value>, String> {
        let mut made = BTreeMap::new();
        for step in &self.prepare {
            let (method, path) = step.ask.split_once(' ').ok_or_else(|| format!("`{}` is no request", step.ask))?;
            let method = method.parse::<Method>().map_err(|error| format!("`{}`: {error}", step.ask))?;
            let address = format!("/{block}{}", filled(path, &made));
            let body = step.body.as_ref().map(|body| filled_in(body, &made));
            let by = if step.second { second } else { first };
            let answer = send(stoa, by, method, &address, body.as_ref(), step.content_type.as_deref()).await;
            if !answer.status.is_success() {
                return Err(format!("preparing `{}`: {} {}", step.ask, answer.status, answer.text()));
            }
            if let Some(name) = &step.name {
                made.insert(name.clone(), serde_json::from_slice(&answer.body).unwrap_or_default());
            }
        }
        Ok(made)
    }

    #[expect(clippy::too_many_arguments, reason = "an operation as the document has it, and what stands around it")]
    fn ask(
        &self,
        document: &Value,
        block: &str,
        path: &str,
        method: Method,
        id: &str,
        operation: &Value,
        made: &BTreeMap<String, Value>,
    ) -> Result<Ask, String> {
        let special = self.operations.get(id);
        let given =
            |name: &str| special.and_then(|special| special.parameters.get(name)).map(|text| filled(text, made));
        let (mut address, mut query, mut headers) = (path.to_owned(), Vec::new(), Vec::new());
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap_or_default();
            let example = parameter.get("example").or_else(|| parameter["schema"].get("example")).map(plain);
            let required = parameter["required"].as_bool().unwrap_or(false);
            let value = given(name).or(example.filter(|_| required));
            match (parameter["in"].as_str(), value) {
                (Some("path"), Some(value)) => address = address.replace(&format!("{{{name}}}"), &value),
                (Some("header"), Some(value)) => headers.push((name.to_owned(), value)),
                (Some("cookie"), Some(value)) => headers.push(("cookie".to_owned(), format!("{name}={value}"))),
                (Some("query"), Some(value)) => query.push(format!("{name}={value}")),
                (_, None) if required => return Err(format!("the parameter {name} has no example")),
                _ => {}
            }
        }
        if !query.is_empty() {
            address = format!("{address}?{}", query.join("&"));
        }
        let (mut body, mut content_type) = (None, None);
        if let Some((kind, content)) = operation
            .pointer("/requestBody/content")
            .and_then(Value::as_object)
            .and_then(|content| content.iter().next())
        {
            content_type = Some(kind.clone()).filter(|kind| !kind.ends_with("json") || kind.contains("x-"));
            let example = content.get("example").cloned().or_else(|| example_of(document, &content["schema"]));
            let given = special.and_then(|special| special.body.as_ref());
            let mut example = example.or_else(|| given.cloned()).ok_or("the body has no example")?;
            if let Some(patch) = given {
                patched(&mut example, &filled_in(patch, made));
            }
            body = Some(example);
        }
        Ok(Ask {
            name: format!("{method} {path} ({id})"),
            id: id.to_owned(),
            method,
            address: format!("/{block}{address}"),
            body,
            content_type,
            headers,
            names_a_thing: path.contains('{'),
            responses: operation["responses"].clone(),
        })
    }

    async fn look(&self, stoa: &TestStoa, ask: &Ask, askers: &Askers, marks: &[String], wrong: &mut Vec<String>) {
        let name = &ask.name;
        let send = async |by: &Caller| {
            let content_type = ask.content_type.as_deref();
            let by = ask.headers.iter().fold(by.clone(), |by, (name, value)| by.with(name, value));
            send(stoa, &by, ask.method.clone(), &ask.address, ask.body.as_ref(), content_type).await
        };
        let mut of_stranger = None;
        if !self.public.contains(&ask.id) {
            for (who, by, expected) in
                [("nobody", &Caller::anonymous(), 401), ("without the permission", &askers.nobody, 403)]
            {
                let status = send(by).await.status.as_u16();
                if status != expected {
                    wrong.push(format!("{name}: {who} got {status}, not {expected}"));
                }
            }
            let answer = send(&askers.stranger).await;
            let says_so = ask.names_a_thing && !self.errors_inside.contains(&ask.id);
            if says_so && answer.status != StatusCode::NOT_FOUND {
                wrong.push(format!("{name}: another tenant got {}, not 404", answer.status.as_u16()));
            } else if answer.status != StatusCode::NOT_FOUND && !answer.status.is_success() {
                wrong.push(format!("{name}: another tenant got {}: {}", answer.status, answer.text()));
            }
            if let Some(mark) = marks.iter().find(|mark| answer.text().contains(*mark)) {
                wrong.push(format!("{name}: another tenant sees {mark}: {}", answer.text()));
            }
            of_stranger = Some(answer).filter(|_| !self.for_all_tenants.contains(&ask.id));
        }
        let answer = send(&askers.admin).await;
        if !answer.status.is_success() {
            wrong.push(format!("{name}: with the right got {}: {}", answer.status, answer.text()));
            return;
        }
        wrong.extend(undocumented(&ask.responses, &answer).map(|what| format!("{name}: {what}")));
        let compared = of_stranger.is_some_and(|answer| answer.status.is_success()) && ask.method == Method::GET;
        if compared && !marks.iter().any(|mark| answer.text().contains(mark)) {
            wrong.push(format!("{name}: shows none of the marks, so its rows of other tenants were not looked for"));
        }
    }
}

/// Sends a body as JSON, or as the text that it is where it has a type of its own.
async fn send(
    stoa: &TestStoa,
    by: &Caller,
    method: Method,
    path: &str,
    body: Option<&Value>,
    content_type: Option<&str>,
) -> Answer {
    match (body, content_type) {
        (Some(Value::String(text)), Some(content_type)) => {
            stoa.send_text(by, method, path, content_type, text.clone()).await
        }
        _ => stoa.send(by, method, path, body).await,
    }
}

/// What an answer has that its description does not name, and the other way round.
fn undocumented<'a>(responses: &'a Value, answer: &'a Answer) -> impl Iterator<Item = String> + 'a {
    let described = &responses[answer.status.as_str()];
    let headers = &described["headers"];
    let names = ["etag", "location"].into_iter().filter(move |name| answer.headers.contains_key(*name));
    let has =
        move |name: &str| headers.as_object().into_iter().flatten().any(|(known, _)| known.eq_ignore_ascii_case(name));
    let missing = names.filter(move |name| !has(name)).map(|name| format!("does not describe its header {name}"));
    let promised = headers.as_object().into_iter().flatten().map(|(name, _)| name);
    let absent = promised.filter(|name| !answer.headers.contains_key(name.as_str()));
    let status = described.is_null().then(|| format!("does not describe its status {}", answer.status));
    missing.chain(absent.map(|name| format!("describes the header {name} and does not send it"))).chain(status)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The example of a schema, or one that is put together from those of its properties.
fn example_of(document: &Value, schema: &Value) -> Option<Value> {
    if let Some(place) = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        return example_of(document, document.pointer(place)?);
    }
    if let Some(example) = schema.get("example") {
        return Some(example.clone());
    }
    let required: Vec<&str> = schema["required"].as_array()?.iter().filter_map(Value::as_str).collect();
    let mut object = Map::new();
    for (name, property) in schema["properties"].as_object()? {
        match example_of(document, property) {
            Some(example) => {
                object.insert(name.clone(), example);
            }
            None if required.contains(&name.as_str()) => return None,
            None => {}
        }
    }
    Some(Value::Object(object))
}

/// RFC 7396.
fn patched(target: &mut Value, patch: &Value) {
    let (Some(target), Some(patch)) = (target.as_object_mut(), patch.as_object()) else {
        target.clone_from(patch);
        return;
    };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            patched(target.entry(name).or_insert(Value::Null), value);
        }
    }
}

/// A text with every `${name/pointer}` replaced by what was made.
fn filled(text: &str, made: &BTreeMap<String, Value>) -> String {
    let mut parts = text.split("${");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (place, rest) = part.split_once('}').unwrap_or((part, ""));
        let (name, pointer) = place.split_once('/').unwrap_or((place, ""));
        let value = made.get(name).and_then(|value| value.pointer(&format!("/{pointer}")));
        out.push_str(&value.map_or_else(|| format!("NOTHING-IS-NAMED-{place}"), plain));
        out.push_str(rest);
    }
    out
}

fn filled_in(value: &Value, made: &BTreeMap<String, Value>) -> Value {
    match value {
        Value::String(text) => Value::String(filled(text, made)),
        Value::Array(items) => items.iter().map(|item| filled_in(item, made)).collect(),
        Value::Object(object) => object.iter().map(|(name, item)| (name.clone(), filled_in(item, made))).collect(),
        other => other.clone(),
    }
}

/// Follows the links of the console below `start` as an administrator, and looks what nobody in particular gets at each page
/// and each form: to the sign-in without a session, and refused without a permission. Returns how many pages and forms there
/// are, and what is wrong.
pub async fn walk_console(stoa: &TestStoa, start: &str) -> (usize, usize, Vec<String>) {
    let admin = stoa.browser(&["admin"]).await;
    let nobody = stoa.browser(&[TestStoa::NOBODY]).await;
    let (mut pages, mut forms) = (BTreeSet::from([start.to_owned()]), BTreeSet::new());
    let (mut waiting, mut wrong) = (VecDeque::from([start.to_owned()]), Vec::new());
    while let Some(path) = waiting.pop_front() {
        let text = admin.open(&path).await.text();
        for link in attributes(&text, "<a ", "href") {
            let page = link.split(['?', '#']).next().unwrap_or_default().to_owned();
            if page.starts_with(start) && pages.len() < PAGES_MAX && pages.insert(page.clone()) {
                waiting.push_back(page);
            }
        }
        forms.extend(sent_to(&text).filter(|action| action.starts_with(start)));
        wrong.extend(refused(stoa, &nobody, "GET", &path).await);
    }
    for action in &forms {
        wrong.extend(refused(stoa, &nobody, "POST", action).await);
    }
    (pages.len(), forms.len(), wrong)
}

async fn refused(stoa: &TestStoa, nobody: &Browser<'_>, method: &str, path: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let parsed = method.parse::<Method>().unwrap_or(Method::GET);
    let anonymous = stoa.send(&Caller::anonymous(), parsed.clone(), path, None).await;
    if anonymous.status != StatusCode::UNAUTHORIZED {
        wrong.push(format!("{method} {path}: without a session {}", anonymous.status));
    }
    let powerless = stoa.send(&nobody.as_program(), parsed, path, None).await;
    let code = serde_json::from_slice::<Value>(&powerless.body).unwrap_or_default();
    if code.get("code").is_none_or(|code| code != "web.forbidden") {
        wrong.push(format!(
            "{method} {path}: without a permission {} {}",
            powerless.status,
            code.get("code").unwrap_or(&Value::Null)
        ));
    }
    wrong
}

/// Where the forms of a page are sent that change something.
fn sent_to(text: &str) -> impl Iterator<Item = String> {
    let heads = text.split("<form ").skip(1).filter_map(|rest| rest.split('>').next());
    let posts = heads.filter(|head| head.contains("method=\"post\""));
    let actions = posts.flat_map(|head| attributes(head, "", "action").collect::<Vec<_>>());
    actions.map(|action| action.split('?').next().unwrap_or_default().to_owned())
}

/// The values of one attribute in all tags that begin so.
fn attributes<'a>(text: &'a str, tag: &'a str, name: &'a str) -> impl Iterator<Item = String> + 'a {
    let tags: Box<dyn Iterator<Item = &str>> =
        if tag.is_empty() { Box::new(std::iter::once(text)) } else { Box::new(text.split(tag).skip(1)) };
    tags.filter_map(move |rest| {
        let head = rest.split('>').next()?;
        let value = head.split_once(&format!("{name}=\""))?.1.split('"').next()?;
        Some(value.replace("&amp;", "&"))
    })
}
