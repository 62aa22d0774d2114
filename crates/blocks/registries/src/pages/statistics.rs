//! Counts of a register, by day. No value of any record is shown here.

use axum::extract::State;
use axum::response::Response;
use stoa_ui::{Chart, Html, Page};
use stoa_web::{Allowed, Fault, Path, View};

use super::{HOME, at, by, shown, tabs};
use crate::permission::RegistryRead;
use crate::service::Registries;

/// How many days are shown.
const DAYS: u16 = 30;

/// Records created, changes and reads per day.
pub(super) async fn show(
    allowed: Allowed<RegistryRead>,
    view: View,
    State(registries): State<Registries>,
    Path(code): Path<String>,
) -> Result<Response, Fault> {
    let by = by(&allowed);
    let w = view.words();
    let info = registries.get(&by, &code).await?;
    let days = registries.figures(&by, &code, DAYS).await?;
    #[expect(clippy::cast_precision_loss, reason = "a day has far fewer than 2^52 events")]
    let value = |count: u64| count as f64;
    let places = || days.iter().map(|figures| w.date(figures.day));
    let chart = |title: &str, values: Vec<f64>| {
        Chart::bars(w.t(title), w.t("registries-day"))
            .places(places())
            .series(w.t("registries-count"), values)
            .render(w)
    };
    let page = Page::new(&view.frame, w.t("registries-statistics"))
        .crumb(w.t("registries-title"), HOME)
        .crumb(&info.name, at(&code).path())
        .lead(w.t("registries-statistics-lead"))
        .push(tabs(&view, &info, "statistics"))
        .push(chart("registries-per-day", days.iter().map(|day| value(day.created)).collect()))
        .push(chart("registries-changes-per-day", days.iter().map(|day| value(day.changed)).collect()))
        .push(if info.read_log {
            chart("registries-reads-per-day", days.iter().map(|day| value(day.reads)).collect())
        } else {
            Html::empty()
        });
    Ok(shown(&page))
}
