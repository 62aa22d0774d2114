//! What every operation's description shares, added once: how callers prove who they are, and how refusals look.

use axum::body::Bytes;
use serde_json::{Value, json};
use stoa_core::limit::BODY_BYTES_MAX;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ComponentsBuilder, ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};

use crate::block::Block;

/// The refusals that any operation may answer with.
const REFUSALS: [(&str, &str); 14] = [
    ("400", "The request cannot be read."),
    ("401", "No credential, or one that does not hold."),
    ("403", "The caller lacks the permission."),
    ("404", "There is no such thing."),
    ("408", "The body did not arrive in time."),
    ("409", "The state of the thing does not allow it."),
    ("413", "The body is too large."),
    ("415", "The media type is not spoken here."),
    ("421", "The node was asked under another's name."),
    ("422", "The data breaks a rule; the fields are named."),
    ("429", "Too many requests."),
    ("431", "Address and headers are too large."),
    ("500", "A fault of the node."),
    ("503", "Full or away at the moment; try again after the time in Retry-After."),
];

/// Completes a block's document: title, version, security, refusals. The mediator stands in it where its word counts.
pub(crate) fn complete(mut document: OpenApi, block: &Block, hears_mediator: bool) -> OpenApi {
    document.info.title = format!("Stoa {}", block.title);
    env!("CARGO_PKG_VERSION").clone_into(&mut document.info.version);
    document.info.description = Some(format!(
        "Bodies are at most {} KiB unless an operation says otherwise. Every answer carries an `X-Correlation-Id`; the caller's \
             own is taken over when it is a UUID, 32 hexadecimal digits or a ULID, and `traceparent` is continued.",
        BODY_BYTES_MAX / 1024
    ));
    document.info.license = None;
    document.info.contact = None;
    let components = document.components.get_or_insert_with(|| ComponentsBuilder::new().build());
    components.schemas.insert("Problem".to_owned(), RefOr::T(problem_schema()));
    components.add_security_scheme(
        "bearer",
        SecurityScheme::Http(
            HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .description(Some("An API key of this node, or a token of a configured OpenID Connect issuer."))
                .build(),
        ),
    );
    if hears_mediator {
        components.add_security_scheme(
            "mediator",
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(
                "Information-Mediator-Client",
                "INSTANCE/CLASS/MEMBER/SUBSYSTEM; counts on the mediator's own connection, by its client certificate.",
            ))),
        );
    }
    for item in document.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.patch,
            &mut item.head,
            &mut item.options,
        ];
        for operation in operations.into_iter().flatten() {
            complete_operation(operation, hears_mediator);
        }
    }
    document
}

fn complete_operation(operation: &mut Operation, hears_mediator: bool) {
    if operation.security.is_none() {
        let schemes = ["bearer"].into_iter().chain(hears_mediator.then_some("mediator"));
        operation.security = Some(schemes.map(|name| SecurityRequirement::new(name, Vec::<String>::new())).collect());
    }
    for (status, words) in REFUSALS {
        operation.responses.responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(refusal(status, words)));
    }
}

fn refusal(status: &str, words: &str) -> Response {
    let refusal = ResponseBuilder::new().description(words).content(
        "application/problem+json",
        ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build(),
    );
    match status {
        "401" => refusal.header("WWW-Authenticate", text_header("How to prove who you are.")),
        "429" | "503" => refusal.header("Retry-After", text_header("Seconds to wait before asking again.")),
        _ => refusal,
    }
    .build()
}

fn text_header(words: &str) -> Header {
    HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
        .description(Some(words))
        .build()
}

/// A block's document as its text, which is small: the tree of a large API takes many megabytes.
#[derive(Debug, Clone)]
pub struct ApiDocument {
    place: String,
    text: Bytes,
}

impl ApiDocument {
    /// The document as it is served where the block's addresses begin at `place`.
    pub(crate) fn new(mut document: OpenApi, place: String) -> Self {
        // Where they stand in the document; `of_value` says what they are.
        document.servers = Some(Vec::new());
        Self::of_value(serde_json::to_value(&document).unwrap_or_default(), place)
    }

    fn of_value(mut document: Value, place: String) -> Self {
        if let Some(fields) = document.as_object_mut() {
            fields.insert("servers".to_owned(), json!([{"url": place}]));
        }
        Self { text: document.to_string().into(), place }
    }

    /// The document where the block's addresses begin at `place`.
    pub(crate) fn at(&self, place: &str) -> Self {
        if place == self.place { self.clone() } else { Self::of_value(self.value(), place.to_owned()) }
    }

    /// The text, JSON.
    pub fn text(&self) -> Bytes {
        self.text.clone()
    }

    /// The document as it is read again.
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.text).unwrap_or_default()
    }
}

/// RFC 9457 with our `code` and `errors`.
fn problem_schema() -> Schema {
    let text = || ObjectBuilder::new().schema_type(Type::String).build();
    let field = ObjectBuilder::new()
        .property("pointer", text())
        .property("code", text())
        .property("message", text())
        .required("pointer")
        .required("code")
        .required("message")
        .build();
    ObjectBuilder::new()
        .property("type", text())
        .property("title", text())
        .property("status", ObjectBuilder::new().schema_type(Type::Integer).build())
        .property("code", text())
        .property("detail", text())
        .property("errors", utoipa::openapi::ArrayBuilder::new().items(RefOr::T(Schema::Object(field))).build())
        .required("type")
        .required("title")
        .required("status")
        .required("code")
        .build()
        .into()
}
