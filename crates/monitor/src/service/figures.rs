//! The monitor's own figures in `/metrics`: how subjects stand, how old the newest evidence is, what came in.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use stoa_web::{Figure, FigureSource};

use super::Monitor;
use crate::error::MonitorError;

/// What this process counted since it started.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) taken: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) texts_removed: AtomicU64,
}

#[expect(clippy::cast_precision_loss, reason = "exact below 2^53")]
fn count(counter: &AtomicU64) -> f64 {
    counter.load(Ordering::Relaxed) as f64
}

#[async_trait::async_trait]
impl FigureSource for Monitor {
    async fn figures(&self) -> Vec<Figure> {
        let counts = &self.shared.counts;
        let outcome = |name: &str| vec![("outcome", name.to_owned())];
        let mut figures = vec![
            Figure {
                name: "reports",
                help: "Reports that were handed in, by what became of them",
                is_counter: true,
                values: vec![(outcome("taken"), count(&counts.taken)), (outcome("refused"), count(&counts.refused))],
            },
            Figure {
                name: "texts_removed",
                help: "Texts of old reports that were removed",
                is_counter: true,
                values: vec![(Vec::new(), count(&counts.texts_removed))],
            },
        ];
        // What cannot be had is left out; the database's own figures say why.
        figures.extend(self.standings().await.into_iter().flatten());
        figures
    }
}

impl Monitor {
    /// How subjects stand, by scope and state, and how old the newest evidence is; over all tenants.
    async fn standings(&self) -> Result<[Figure; 2], MonitorError> {
        let now = self.store().clock().now();
        let mut states: BTreeMap<(String, &'static str), u32> = BTreeMap::new();
        let mut ages: BTreeMap<String, f64> = BTreeMap::new();
        for tenant in self.tenants().await? {
            let board = self.board(&tenant).await?;
            for (_, uuid, entry) in board.entries() {
                let Some(known) = board.scopes.by_uuid(uuid) else { continue };
                *states.entry((known.alias.clone(), entry.standing.state.name())).or_default() += 1;
                if let Some(at) = entry.results.newest() {
                    let age = now.since(at).as_secs_f64();
                    let newest = ages.entry(known.alias.clone()).or_insert(age);
                    *newest = newest.min(age);
                }
            }
        }
        let standing = |((scope, state), count): ((String, &'static str), u32)| {
            (vec![("scope", scope), ("state", state.to_owned())], f64::from(count))
        };
        Ok([
            Figure {
                name: "subjects",
                help: "Subjects by scope and state",
                is_counter: false,
                values: states.into_iter().map(standing).collect(),
            },
            Figure {
                name: "newest_evidence_age_seconds",
                help: "How long ago the newest evidence under a scope was found",
                is_counter: false,
                values: ages.into_iter().map(|(scope, age)| (vec![("scope", scope)], age)).collect(),
            },
        ])
    }
}
