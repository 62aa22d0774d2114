//! The OpenAPI document of one published version: its services with its own fields (DRS-4, DRS-34).

mod shape;

use serde_json::{Map, Value, json};

use super::schema::Schema;
use super::{Field, FieldKind};
use shape::{Form, shape};

/// Describes the GovStack operations of a version. The address of the server is left to whoever serves the document.
pub fn describe(code: &str, name: &str, label: &str, schema: &Schema) -> Value {
    let base = format!("/registries/data/{code}/{label}");
    let mut paths = Map::new();
    for (tail, method, operation) in operations(code, schema) {
        paths.insert(format!("{base}{tail}"), json!({method: operation}));
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": name, "version": label, "description": format!("The services of register {code}, version {label}.")},
        "security": [{"bearer": []}],
        "tags": [{"name": "records", "description": name}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "description": "An API key, or a token of a configured issuer."}},
            "schemas": {
                "Record": shape(schema, Form::Record),
                "NewRecord": shape(schema, Form::New),
                "Change": shape(schema, Form::Change),
                "Query": shape(schema, Form::Query),
                "Received": received(),
                "Problem": problem(),
            },
            "responses": refusals(),
        }
    })
}

/// What an operation says of itself.
struct Operation<'a> {
    id: String,
    summary: &'a str,
    description: &'a str,
    parameters: Vec<Value>,
    body: Option<Value>,
    done: (&'a str, Option<Value>),
    /// Refusals beside those that every operation has.
    refused: &'a [&'a str],
}

impl Operation<'_> {
    fn json(self) -> Value {
        let (status, answer) = self.done;
        let mut responses = Map::new();
        let mut done = json!({"description": "Done"});
        if let (Some(answer), Some(done)) = (answer, done.as_object_mut()) {
            done.insert("content".to_owned(), json!({"application/json": {"schema": answer}}));
        }
        responses.insert(status.to_owned(), done);
        let body: &[&str] = if self.body.is_some() { &["413", "415"] } else { &[] };
        for code in EVERYWHERE.iter().chain(body).chain(self.refused) {
            responses.insert((*code).to_owned(), json!({"$ref": format!("#/components/responses/{code}")}));
        }
        let mut operation = json!({
            "operationId": self.id, "tags": ["records"], "summary": self.summary, "description": self.description,
            "parameters": self.parameters, "responses": responses,
        });
        if let (Some(body), Some(operation)) = (self.body, operation.as_object_mut()) {
            let body = json!({"required": true, "content": {"application/json": {"schema": body}}});
            operation.insert("requestBody".to_owned(), body);
        }
        operation
    }
}

/// Refusals that every operation has.
const EVERYWHERE: [&str; 6] = ["400", "401", "403", "404", "429", "503"];

fn operations(code: &str, schema: &Schema) -> Vec<(&'static str, &'static str, Value)> {
    let named = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let part = |name: &str| json!({"type": "object", "required": ["content"], "properties": {"content": named(name)}});
    let body = |parts: &[(&str, Value)], required: &[&str]| {
        let properties: Map<String, Value> =
            parts.iter().map(|(name, part)| ((*name).to_owned(), part.clone())).collect();
        Some(json!({"type": "object", "required": required, "properties": properties}))
    };
    let query = || ("query", part("Query"));
    let list = json!({"type": "object", "required": ["count", "results"], "properties": {
        "count": {"type": "integer", "description": "Records in all"},
        "next": {"type": "string", "description": "The address of the next page, if there is one"},
        "previous": {"type": ["string", "null"], "description": "The address of the page before, if there is one"},
        "results": {"type": "array", "items": named("Record")}
    }});
    let exists = json!({"type": "object", "required": ["answer"], "properties": {"answer": {
        "type": "object", "required": ["status", "message"],
        "properties": {"status": {"type": "boolean"}, "message": {"type": "string"}}}}});
    let many = json!({"type": "array", "minItems": 1, "maxItems": 1000, "items": part("NewRecord")});
    let receive = json!({"type": "object", "required": ["receive"],
        "properties": {"receive": {"type": "array", "items": named("Received")}}});
    let counted = json!({"type": "object", "required": ["count"], "properties": {"count": {"type": "integer"}}});
    let id = json!({"name": "ID", "in": "path", "required": true, "schema": {"type": "string"},
        "description": "The record's primary key or id"});
    let uuid = json!({"name": "uuid", "in": "path", "required": true, "schema": {"type": "string"},
        "description": "The record's id or primary key"});
    let of = |id: &str, summary, description, body, done, refused| {
        let id = format!("{id}_{code}");
        Operation { id, summary, description, parameters: Vec::new(), body, done, refused }
    };
    let changed = ["409", "422"];
    vec![
        ("", "get", Operation {
            parameters: list_parameters(schema),
            ..of("list", "List records", "With search, filter, order and pages.", None, ("200", Some(list)), &[])
        }.json()),
        ("/create", "post", of("create", "Create a record", "Numbered fields are filled in.",
            body(&[("write", part("NewRecord"))], &["write"]), ("200", Some(named("Received"))), &changed).json()),
        ("/createEntries", "post", of("create_entries", "Create several records", "All or none.",
            body(&[("write", many)], &["write"]), ("201", Some(receive)), &changed).json()),
        ("/exists", "post", of("exists", "Ask whether a record is there", "It matches all of the given values.",
            body(&[query()], &["query"]), ("200", Some(exists)), &[]).json()),
        ("/read", "post", of("read", "Read a record", "The first that matches all of the given values.",
            body(&[query()], &["query"]), ("200", Some(named("Received"))), &[]).json()),
        ("/update", "put", of("update", "Update a record",
            "The one that matches the query, or has the written primary key. Fields that are not named stay; null clears one.",
            body(&[query(), ("write", part("Change"))], &["write"]), ("200", Some(named("Received"))), &changed).json()),
        ("/updateEntries", "put", of("update_entries", "Update several records", "Every one that matches, all or none.",
            body(&[query(), ("write", part("Change"))], &["query", "write"]), ("200", Some(counted)), &changed).json()),
        ("/updateOrCreate", "post", of("update_or_create", "Update or create a record",
            "Changes the one that matches the query or has the written primary key; creates it when there is none.",
            body(&[query(), ("write", part("Change"))], &["write"]), ("200", Some(named("Received"))), &changed).json()),
        ("/{ID}/delete", "delete", Operation { parameters: vec![id],
            ..of("delete", "Delete a record", "It can no longer be read; its history stays.", None, ("204", None), &["409"])
        }.json()),
        ("/{uuid}/readValue/{field}", "get", Operation { parameters: vec![uuid, field_parameter(schema)],
            ..of("read_value", "Read one field of a record", "The value alone, as JSON.", None, ("200", Some(json!({}))), &[])
        }.json()),
    ]
}

fn list_parameters(schema: &Schema) -> Vec<Value> {
    let parameter = |name: &str, schema: Value, words: &str| json!({"name": name, "in": "query", "required": false, "schema": schema, "description": words});
    let names: Vec<String> = schema.fields().iter().map(name_of).collect();
    let mut orders = vec!["ascending".to_owned(), "descending".to_owned()];
    let sortable = schema.fields().iter().filter(|field| field.kind != FieldKind::List).map(name_of);
    orders.extend(sortable.flat_map(|name| [format!("-{name}"), name]));
    let mut all = vec![
        parameter(
            "search",
            json!({"type": "string"}),
            "What to look for: in the field of `filter`, else in the full text",
        ),
        parameter("filter", json!({"type": "string", "enum": names}), "The field to look in"),
        parameter(
            "ordering",
            json!({"type": "string", "enum": orders}),
            "`ascending` or `descending` by the field of `filter`; or a field's name, with - for the other way round",
        ),
        parameter("page", json!({"type": "integer", "minimum": 1}), "The page, from 1"),
        parameter(
            "pageSize",
            json!({"type": "integer", "minimum": 1, "maximum": 1000}),
            "Records of a page; 1000 when nothing is said",
        ),
    ];
    all.extend(schema.fields().iter().map(|field| {
        let name = name_of(field);
        parameter(&format!("query.{name}"), shape::comparable(field), &format!("Only records whose {name} is this"))
    }));
    all
}

fn field_parameter(schema: &Schema) -> Value {
    let names: Vec<String> = schema.fields().iter().map(|field| format!("{}.json", name_of(field))).collect();
    json!({"name": "field", "in": "path", "required": true, "schema": {"type": "string", "enum": names},
        "description": "The field's name and the form of the answer"})
}

/// A field's name as filters and orders take it: after the names of the objects that it lies in.
fn name_of(field: &Field) -> String {
    field.path.join("/")
}

/// A record as single-record services answer it.
fn received() -> Value {
    json!({"type": "object", "required": ["content", "uuid", "createdAt", "modifiedAt"], "properties": {
        "content": {"$ref": "#/components/schemas/Record"},
        "uuid": {"type": "string", "format": "uuid", "description": "The record's id"},
        "createdAt": {"type": "string", "format": "date-time"},
        "modifiedAt": {"type": "string", "format": "date-time"}
    }})
}

fn problem() -> Value {
    json!({"type": "object", "description": "What went wrong (RFC 9457)", "required": ["type", "title", "status", "code"], "properties": {
        "type": {"type": "string", "description": "The page that explains it"},
        "title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"},
        "code": {"type": "string", "description": "A stable word for it", "examples": ["registries.record_not_found"]},
        "errors": {"type": "array", "description": "The fields at fault", "items": {"type": "object", "properties": {
            "pointer": {"type": "string"}, "code": {"type": "string"}, "message": {"type": "string"}}}}
    }})
}

fn refusals() -> Value {
    let words = [
        ("400", "The request cannot be read; the fields are named"),
        ("401", "No valid credential"),
        ("403", "The permission is missing"),
        ("404", "No such register, version, field or record"),
        ("409", "Another record has the value, several match where one is meant, or others refer to this one"),
        ("413", "The body is too large"),
        ("415", "The body is not JSON"),
        ("422", "The record does not fit its schema; the fields are named"),
        ("429", "Too many requests; Retry-After says when to come again"),
        ("503", "Busy at the moment; Retry-After says when to come again"),
    ];
    let schema = json!({"$ref": "#/components/schemas/Problem"});
    let plain = json!({"type": "object", "properties": {"detail": {"type": "string"}}});
    let all: Map<String, Value> = words
        .into_iter()
        .map(|(code, words)| {
            let mut content = json!({"application/problem+json": {"schema": schema}});
            // The published API's own words for a record that is not there.
            if let (true, Some(content)) = (code == "404", content.as_object_mut()) {
                content.insert("application/json".to_owned(), json!({"schema": plain}));
            }
            (code.to_owned(), json!({"description": words, "content": content}))
        })
        .collect();
    Value::Object(all)
}

#[cfg(test)]
mod tests;
