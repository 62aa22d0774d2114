//! A block's OpenAPI document as its pages read it.

use std::collections::BTreeSet;

use serde_json::Value;

const METHODS: [&str; 6] = ["get", "post", "put", "patch", "delete", "head"];

/// The document of one block.
pub(super) struct Document {
    pub(super) block: &'static str,
    value: Value,
}

/// One operation.
#[derive(Clone, Copy)]
pub(super) struct Operation<'a> {
    pub(super) method: &'static str,
    pub(super) path: &'a str,
    pub(super) value: &'a Value,
}

impl<'a> Operation<'a> {
    pub(super) fn id(&self) -> &'a str {
        self.value["operationId"].as_str().unwrap_or("operation")
    }

    pub(super) fn summary(&self) -> &'a str {
        self.value["summary"].as_str().unwrap_or(self.path)
    }

    fn tag(&self) -> &'a str {
        self.value.pointer("/tags/0").and_then(Value::as_str).unwrap_or("API")
    }

    pub(super) fn parameters(&self) -> impl Iterator<Item = &'a Value> {
        self.value["parameters"].as_array().into_iter().flatten()
    }
}

impl Document {
    pub(super) const fn new(block: &'static str, value: Value) -> Self {
        Self { block, value }
    }

    pub(super) fn operations(&self) -> Vec<Operation<'_>> {
        let mut found = Vec::new();
        for (path, item) in self.value.get("paths").and_then(Value::as_object).into_iter().flatten() {
            for method in METHODS {
                if let Some(value) = item.get(method) {
                    found.push(Operation { method, path, value });
                }
            }
        }
        found
    }

    /// The operations in their groups, in the order of the document.
    pub(super) fn groups(&self) -> Vec<(&str, Vec<Operation<'_>>)> {
        let operations = self.operations();
        let mut seen = BTreeSet::new();
        let tags: Vec<&str> = operations.iter().map(Operation::tag).filter(|tag| seen.insert(*tag)).collect();
        let of = |tag| operations.iter().filter(|operation| operation.tag() == tag).copied().collect();
        tags.into_iter().map(|tag| (tag, of(tag))).collect()
    }

    pub(super) fn operation(&self, id: &str) -> Option<Operation<'_>> {
        self.operations().into_iter().find(|operation| operation.id() == id)
    }

    pub(super) fn schemas(&self) -> impl Iterator<Item = (&str, &Value)> {
        let schemas = self.value.pointer("/components/schemas").and_then(Value::as_object);
        schemas.into_iter().flatten().map(|(name, schema)| (name.as_str(), schema))
    }

    pub(super) fn schema(&self, name: &str) -> Option<&Value> {
        self.value.pointer("/components/schemas").and_then(|schemas| schemas.get(name))
    }

    /// What a reference leads to; the schema itself when it is none.
    pub(super) fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        name_of(schema).and_then(|name| self.schema(name)).unwrap_or(schema)
    }

    /// The example of a body, its own or its schema's.
    pub(super) fn example(&self, shape: &Value) -> Option<String> {
        let given = shape.get("example").or_else(|| self.resolve(&shape["schema"]).get("example"))?;
        serde_json::to_string_pretty(given).ok()
    }

    /// A line for a terminal that asks this operation below `prefix`.
    pub(super) fn line(operation: &Operation<'_>, prefix: &str) -> String {
        let mut path = operation.path.to_owned();
        for parameter in operation.parameters().filter(|parameter| parameter["in"] == "path") {
            if let (Some(name), Some(example)) = (parameter["name"].as_str(), parameter["example"].as_str()) {
                path = path.replace(&format!("{{{name}}}"), example);
            }
        }
        let method = operation.method.to_uppercase();
        let mut line = format!("curl -X {method} \"{prefix}{path}\" -H \"Authorization: Bearer $KEY\"");
        if operation.value["requestBody"].is_object() {
            line.push_str(" \\\n  -H \"Content-Type: application/json\" -d @body.json");
        }
        line
    }
}

/// The name of the schema that a reference names.
pub(super) fn name_of(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/components/schemas/")
}
