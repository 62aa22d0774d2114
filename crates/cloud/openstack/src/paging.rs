//! Lists that come in pages, and that they end.

use std::collections::HashSet;

use reqwest::Url;
use serde_json::Value;

/// What a page says of the next one: the query with which to ask for it. Services behind a proxy give addresses that
/// nobody reaches, so of the address they give only the query is taken.
///
/// Nova, Cinder, Neutron and Octavia: `{key}_links` with a `rel` of `next`; Keystone: `links.next`; Glance and Barbican:
/// `next`.
pub(crate) fn next(page: &Value, key: &str) -> Option<Vec<(String, String)>> {
    let of_links = page.get(format!("{key}_links")).and_then(Value::as_array).and_then(|links| {
        let next = links.iter().find(|link| link.get("rel").and_then(Value::as_str) == Some("next"))?;
        next.get("href")?.as_str()
    });
    let of_keystone = || page.pointer("/links/next").and_then(Value::as_str);
    let plain = || page.get("next").and_then(Value::as_str);
    let address = of_links.or_else(of_keystone).or_else(plain)?;
    let (_, query) = address.split_once('?')?;
    // A whole URL is only made to take its query apart.
    let url = Url::parse(&format!("http://localhost/?{query}")).ok()?;
    Some(url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
}

/// Sees to it that a list ends.
#[derive(Default)]
pub(crate) struct Progress {
    asked: HashSet<Vec<(String, String)>>,
    seen: HashSet<String>,
    pages: usize,
    items: usize,
}

impl Progress {
    /// Takes note of a page; the reason why the list has no end, if it has none.
    pub(crate) fn note(
        &mut self,
        items: &[Value],
        next: Option<&Vec<(String, String)>>,
        pages_max: usize,
        items_max: usize,
    ) -> Result<(), String> {
        self.pages += 1;
        self.items += items.len();
        if self.items > items_max {
            return Err(format!("more than {items_max} items"));
        }
        let ids: Vec<&str> = items.iter().filter_map(id).collect();
        let is_repeated = self.pages > 1 && !ids.is_empty() && ids.iter().all(|id| self.seen.contains(*id));
        self.seen.extend(ids.into_iter().map(str::to_owned));
        let Some(next) = next else { return Ok(()) };
        if is_repeated {
            return Err(format!("page {} has nothing that was not on an earlier one", self.pages));
        }
        if items.is_empty() {
            return Err(format!("page {} is empty and points to another", self.pages));
        }
        if !self.asked.insert(next.clone()) {
            return Err(format!("page {} points to one that was there already", self.pages));
        }
        if self.pages >= pages_max {
            return Err(format!("more than {pages_max} pages"));
        }
        Ok(())
    }
}

/// What an item is known by.
fn id(item: &Value) -> Option<&str> {
    item.get("id").or_else(|| item.get("secret_ref")).and_then(Value::as_str)
}
