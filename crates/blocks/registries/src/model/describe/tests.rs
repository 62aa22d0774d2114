use super::*;

fn document() -> Value {
    let schema = json!({"type": "object", "required": ["number", "name"], "properties": {
        "number": {"type": "string", "primaryKey": true, "triggers": [{"conditions": [], "actions":
            [{"type": "set-value", "value": "P{indexNoByCode}"}]}]},
        "name": {"type": "string", "minLength": 2, "pattern": "[A-Z].*", "description": "As in the passport", "example": "Ada"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "home": {"type": "object", "required": ["town"], "properties": {"town": {"type": "string", "enum": ["Tartu"]}}}
    }});
    describe("people", "People", "1.0", &Schema::read(&schema, None).unwrap())
}

/// Every place that a document refers to.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
            object.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn every_service_of_the_version_is_there_and_every_reference_leads_somewhere() {
    let document = document();
    let services: Vec<&str> = document["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(|path| path.strip_prefix("/registries/data/people/1.0").unwrap())
        .collect();
    let all = [
        "",
        "/create",
        "/createEntries",
        "/exists",
        "/read",
        "/update",
        "/updateEntries",
        "/updateOrCreate",
        "/{ID}/delete",
        "/{uuid}/readValue/{field}",
    ];
    assert_eq!(services, all);
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 50);
    for reference in found {
        assert!(document.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference}");
    }
}

#[test]
fn each_form_asks_for_what_it_needs() {
    let schemas = &document()["components"]["schemas"];
    assert_eq!(schemas["Record"]["required"], json!(["number", "name", "home"]), "and so what its town lies in");
    assert_eq!(schemas["NewRecord"]["required"], json!(["name", "home"]), "a number is filled in");
    for form in ["Change", "Query"] {
        assert!(schemas[form].get("required").is_none(), "{form}");
    }
    let name = &schemas["NewRecord"]["properties"]["name"];
    assert_eq!(name["pattern"], "^(?:[A-Z].*)$");
    assert_eq!((&name["description"], &name["examples"]), (&json!("As in the passport"), &json!(["Ada"])));
    assert_eq!(schemas["Change"]["properties"]["name"]["type"], json!(["string", "null"]));
    let town = &schemas["Change"]["properties"]["home"]["properties"]["town"];
    assert_eq!(town["enum"], json!(["Tartu", null]));
    assert_eq!(schemas["Query"]["properties"]["tags"], json!({"type": "string"}), "a list is asked for one entry");
    assert_eq!(schemas["Record"]["properties"]["tags"]["items"], json!({"type": "string"}));
}
