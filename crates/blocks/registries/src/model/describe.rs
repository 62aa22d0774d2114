//! The OpenAPI document of one published version: its services with its own fields (DRS-4, DRS-34).

use serde_json::{Value, json};

use super::schema::Schema;

/// Describes the GovStack operations of a version. The address of the server is left to whoever serves the document.
pub fn describe(code: &str, name: &str, label: &str, schema: &Schema) -> Value {
    let base = format!("/registries/data/{code}/{label}");
    let content = |part: &str| {
        json!({"type": "object", "required": [part], "properties": {
            part: {"type": "object", "required": ["content"], "properties": {"content": {"$ref": "#/components/schemas/Record"}}}
        }})
    };
    let both = json!({"type": "object", "required": ["write"], "properties": {
        "query": {"type": "object", "required": ["content"], "properties": {"content": {"$ref": "#/components/schemas/Example"}}},
        "write": {"type": "object", "required": ["content"], "properties": {"content": {"$ref": "#/components/schemas/Example"}}}
    }});
    let record = json!({"type": "object", "properties": {"content": {"$ref": "#/components/schemas/Record"}}});
    let operation = |id: &str, summary: &str, body: Option<Value>, answer: Value| {
        let mut operation = json!({
            "operationId": format!("{id}_{code}"),
            "summary": summary,
            "responses": {"200": {"description": "Done", "content": {"application/json": {"schema": answer}}}}
        });
        if let (Some(body), Some(operation)) = (body, operation.as_object_mut()) {
            let body = json!({"required": true, "content": {"application/json": {"schema": body}}});
            operation.insert("requestBody".to_owned(), body);
        }
        operation
    };
    let list = json!({"type": "object", "properties": {
        "count": {"type": "integer"}, "next": {"type": "string"}, "previous": {"type": ["string", "null"]},
        "results": {"type": "array", "items": {"$ref": "#/components/schemas/Record"}}
    }});
    let exists = json!({"type": "object", "properties": {"answer": {"type": "object", "properties": {
        "status": {"type": "boolean"}, "message": {"type": "string"}}}}});
    let mut paths = serde_json::Map::new();
    let mut add = |tail: &str, method: &str, operation: Value| {
        paths.insert(format!("{base}{tail}"), json!({method: operation}));
    };
    add("", "get", operation("list", "List records", None, list));
    add("/create", "post", operation("create", "Create a record", Some(content("write")), record.clone()));
    add("/exists", "post", operation("exists", "Ask whether a record is there", Some(content("query")), exists));
    add("/read", "post", operation("read", "Read a record", Some(content("query")), record.clone()));
    add("/update", "put", operation("update", "Update a record", Some(both.clone()), record.clone()));
    add("/updateEntries", "put", operation("update_entries", "Update several records", Some(both.clone()), json!({})));
    add("/updateOrCreate", "post", operation("update_or_create", "Update or create a record", Some(both), record));
    let written = schema.to_json();
    let mut example = written.clone();
    if let Some(example) = example.as_object_mut() {
        example.remove("required");
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": name, "version": label, "description": format!("The services of register {code}, version {label}.")},
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Record": written, "Example": example}
        }
    })
}
