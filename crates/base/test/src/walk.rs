//! A walk over a block's OpenAPI document: every operation is asked with the right, without a credential, without the
//! permission, and from another tenant. An operation without an example fails the walk, so none can be forgotten.

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::Value;

use crate::{Caller, TestStoa};

/// How to ask one operation so that it answers 2xx.
#[derive(Debug, Clone)]
pub struct Example {
    /// The address below the block's prefix, with its parameters filled in.
    pub path: String,
    /// The body, if it takes one.
    pub body: Option<Value>,
    /// Whether another tenant must be answered 404: the operation names one thing of this tenant.
    pub names_a_thing: bool,
}

/// Walks a block's document. `examples` are by operation id; `public` lists the ids of operations that anybody may call.
/// Returns what is wrong, one line each; an empty list is a pass.
pub async fn walk(
    stoa: &TestStoa,
    block: &str,
    role: &Caller,
    examples: &BTreeMap<&str, Example>,
    public: &[&str],
) -> Vec<String> {
    let mut wrong = Vec::new();
    let Some(document) = stoa.openapi.get(block) else { return vec![format!("no document of {block}")] };
    let stranger = stoa.role_of("admin", "elsewhere").await;
    let powerless = stoa.role("approver").await;
    for (path, item) in &document.paths.paths {
        let operations = [
            (Method::GET, &item.get),
            (Method::POST, &item.post),
            (Method::PUT, &item.put),
            (Method::PATCH, &item.patch),
            (Method::DELETE, &item.delete),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            let id = operation.operation_id.clone().unwrap_or_default();
            let name = format!("{method} {path} ({id})");
            let Some(example) = examples.get(id.as_str()) else {
                wrong.push(format!("{name}: no example"));
                continue;
            };
            let address = format!("/{block}{}", example.path);
            let ask = async |by: &Caller| {
                stoa.send(by, method.clone(), &address, example.body.as_ref()).await.status.as_u16()
            };
            if !public.contains(&id.as_str()) {
                for (who, by, expected) in
                    [("nobody", &Caller::anonymous(), 401), ("without the permission", &powerless, 403)]
                {
                    let status = ask(by).await;
                    if status != expected {
                        wrong.push(format!("{name}: {who} got {status}, not {expected}"));
                    }
                }
                if example.names_a_thing {
                    let status = ask(&stranger).await;
                    if status != 404 {
                        wrong.push(format!("{name}: another tenant got {status}, not 404"));
                    }
                }
            }
            let status = ask(role).await;
            if !(200..300).contains(&status) {
                wrong.push(format!("{name}: with the right got {status}"));
            }
        }
    }
    wrong
}
