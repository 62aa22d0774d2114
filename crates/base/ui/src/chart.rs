//! Charts, drawn on the server: an SVG that stretches with the page, and the same figures as a table beneath it.
//!
//! Only the shapes are SVG; the words around them are HTML, so they keep their size on a phone and follow the reader's
//! font. A chart runs from left to right in every language, as its numbers do.

use std::fmt::Write as _;

use crate::{Column, Html, Table, Words, escape};

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 300.0;
/// How much of its place a group of bars takes.
const SHARE: f64 = 0.7;

/// One set of bars.
#[derive(Debug, Clone)]
pub struct Series {
    /// What it shows.
    pub label: String,
    /// A value for each place on the horizontal axis.
    pub values: Vec<f64>,
}

/// A chart.
///
/// ```
/// # use stoa_ui::*;
/// # let w = Texts::new(&[]).words(Locale::En);
/// let html = Chart::bars("Records per register", "Register")
///     .places(["countries", "languages"])
///     .series("Records", [249.0, 487.0])
///     .render(&w)
///     .into_string();
/// assert!(html.contains("<svg") && html.contains("<title") && html.contains("<table"));
/// ```
#[derive(Debug, Clone)]
pub struct Chart {
    title: String,
    axis: String,
    places: Vec<String>,
    series: Vec<Series>,
}

impl Chart {
    /// Bars beside each other; `axis` names what the places are.
    pub fn bars(title: impl Into<String>, axis: impl Into<String>) -> Self {
        Self { title: title.into(), axis: axis.into(), places: Vec::new(), series: Vec::new() }
    }

    /// The places on the horizontal axis.
    #[must_use]
    pub fn places(mut self, places: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.places = places.into_iter().map(Into::into).collect();
        self
    }

    /// One more series.
    #[must_use]
    pub fn series(mut self, label: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Self {
        let values = values.into_iter().map(|value| if value.is_finite() { value.max(0.0) } else { 0.0 }).collect();
        self.series.push(Series { label: label.into(), values });
        self
    }

    /// The chart as markup.
    pub fn render(&self, words: &Words) -> Html {
        let most = self.series.iter().flat_map(|series| &series.values).copied().fold(0.0, f64::max);
        if most <= 0.0 {
            return self.nothing(words);
        }
        let top = round_up(most, self.series.iter().flat_map(|series| &series.values).all(|value| is_whole(*value)));
        let id = format!("c{:08x}", self.title.bytes().fold(17_u32, |hash, b| hash.wrapping_mul(31) ^ u32::from(b)));
        let figure = |value: f64| {
            let places = if is_whole(value) { 0 } else { usize::from(value < 100.0) + usize::from(value < 1.0) };
            words.decimal(value, places)
        };
        let title = escape(&self.title);
        let summary = escape(&words.with("ui-chart-summary", &[("most", figure(most).into())]));
        let mut out = format!("<figure class=\"chart\"><figcaption>{title}</figcaption>");
        if self.series.len() > 1 {
            out.push_str("<ul class=\"legend\">");
            for (at, series) in self.series.iter().enumerate() {
                let _ = write!(out, "<li><i class=\"s{at}\"></i>{}</li>", escape(&series.label));
            }
            out.push_str("</ul>");
        }
        let _ = write!(
            out,
            "<div class=\"plot\" dir=\"ltr\"><div class=\"scale\" aria-hidden=\"true\"><span>{}</span><span>{}</span>\
             <span>0</span></div><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" \
             aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{title}</title><desc id=\"{id}-d\">{summary}</desc>\
             <path class=\"grid\" d=\"M0 0H{WIDTH}M0 {}H{WIDTH}M0 {HEIGHT}H{WIDTH}\"/>",
            figure(top),
            figure(top / 2.0),
            HEIGHT / 2.0
        );
        self.draw_bars(top, &figure, &mut out);
        out.push_str("</svg><div class=\"places\" aria-hidden=\"true\">");
        for place in self.shown_places() {
            let _ = write!(out, "<span>{}</span>", escape(place));
        }
        out.push_str("</div></div>");
        let mut table = Table::new(&self.title).column(Column::new(&self.axis));
        for series in &self.series {
            table = table.column(Column::new(&series.label).numeric());
        }
        for (at, place) in self.places.iter().enumerate() {
            let values =
                self.series.iter().map(|series| Html::text(figure(series.values.get(at).copied().unwrap_or(0.0))));
            table = table.row(std::iter::once(Html::text(place)).chain(values));
        }
        let fold = crate::Fold::html(words.t("ui-chart-table"), table.render(words), false);
        let _ = write!(out, "{fold}</figure>");
        Html::trusted(out)
    }

    /// Without any figure there is no scale: the chart says so instead.
    fn nothing(&self, words: &Words) -> Html {
        let (title, text) = (escape(&self.title), escape(&words.t("ui-chart-nothing")));
        Html::trusted(format!(
            "<figure class=\"chart\"><figcaption>{title}</figcaption><p class=\"quiet\">{text}</p></figure>"
        ))
    }

    /// Bars name each place while there are few; an axis of many names its ends and its middle.
    fn shown_places(&self) -> Vec<&str> {
        let count = self.places.len();
        if count <= 6 {
            return self.places.iter().map(String::as_str).collect();
        }
        [0, count / 2, count - 1].into_iter().filter_map(|at| self.places.get(at)).map(String::as_str).collect()
    }

    fn draw_bars(&self, top: f64, figure: &dyn Fn(f64) -> String, out: &mut String) {
        let step = WIDTH / count(self.places.len());
        let width = step * SHARE / count(self.series.len());
        for (nth, series) in self.series.iter().enumerate() {
            for (at, (value, place)) in series.values.iter().zip(&self.places).enumerate() {
                let height = value / top * HEIGHT;
                let x = step.mul_add(count_from_zero(at), step * (1.0 - SHARE) / 2.0) + width * count_from_zero(nth);
                let _ = write!(
                    out,
                    "<rect class=\"s{nth}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"><title>{}: {}</title></rect>",
                    HEIGHT - height,
                    escape(place),
                    figure(*value)
                );
            }
        }
    }
}

fn is_whole(value: f64) -> bool {
    value.fract().abs() < 0.000_001
}

/// The next round figure at or above: 1, 2, 2.5, 4 or 5 times a power of ten. Of counts the half of it is whole too, as it
/// stands beside the middle line.
fn round_up(most: f64, counts: bool) -> f64 {
    let power = 10_f64.powf(most.log10().floor());
    let fits = |top: &f64| *top >= most && (!counts || is_whole(top / 2.0));
    [1.0, 2.0, 2.5, 4.0, 5.0, 10.0, 20.0].into_iter().map(|step| step * power).find(fits).unwrap_or(most)
}

#[expect(clippy::cast_precision_loss, reason = "a chart has far fewer than 2^52 places")]
fn count(many: usize) -> f64 {
    many.max(1) as f64
}

#[expect(clippy::cast_precision_loss, reason = "a chart has far fewer than 2^52 places")]
fn count_from_zero(at: usize) -> f64 {
    at as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Locale, Texts};

    #[test]
    fn an_axis_ends_at_a_round_figure_and_counts_have_no_half() {
        for (most, top) in [(7.0, 10.0), (487.0, 500.0), (1001.0, 2000.0), (0.3, 0.4), (2.1, 2.5)] {
            assert!((round_up(most, false) - top).abs() < 1e-9, "{most}: {}", round_up(most, false));
        }
        for (most, top) in [(1.0, 2.0), (3.0, 4.0), (5.0, 10.0), (21.0, 40.0), (23.0, 40.0), (487.0, 500.0)] {
            assert!((round_up(most, true) - top).abs() < 1e-9, "{most}: {}", round_up(most, true));
        }
    }

    #[test]
    fn a_chart_without_figures_says_so_and_strange_ones_do_no_harm() {
        let w = Texts::new(&[]).words(Locale::En);
        let empty = Chart::bars("T", "x").places(["a"]).series("s", [0.0]).render(&w).into_string();
        assert!(!empty.contains("<svg") && empty.contains("Nothing to show yet."), "{empty}");
        let strange = Chart::bars("T", "x").places(["<b>", "c"]).series("s", [f64::NAN, 1.0]).render(&w).into_string();
        assert!(!strange.contains("NaN") && strange.contains("&lt;b&gt;"));
        assert!(!strange.contains("0.5"), "half of a count is no count: {strange}");
    }
}
