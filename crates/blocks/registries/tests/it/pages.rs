//! The console's pages, clicked through without a script.

use serde_json::json;
use stoa_test::{Answer, Browser, TestStoa};

const HOME: &str = "/console/registries";

/// Where a form led to, which must be a redirection.
#[track_caller]
fn led_to(answer: &Answer) -> String {
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.text());
    answer.header("location").to_owned()
}

/// A register of towns, made by hand in the designer.
async fn towns(browser: &Browser<'_>) {
    let new = format!("{HOME}/new");
    let made =
        browser.submit(&new, &new, &[("name", "Towns"), ("code", "towns"), ("description", "All <b>towns</b>")]).await;
    assert_eq!(led_to(&made), "/console/registries/towns/schema?done=created");
    let field = format!("{HOME}/towns/schema/fields/new");
    for fields in [
        &[
            ("name", "code"),
            ("kind", "text"),
            ("rules", "required"),
            ("rules", "unique"),
            ("rules", "primaryKey"),
            ("pattern", "[A-Z]{2}"),
        ][..],
        &[("name", "name"), ("kind", "text"), ("rules", "required"), ("rules", "fulltext")],
        &[("name", "people"), ("kind", "integer"), ("min", "0")],
        &[("name", "founded"), ("kind", "date")],
        &[("name", "walled"), ("kind", "boolean")],
        &[("name", "twins"), ("kind", "list")],
    ] {
        let seen = seen_on(&browser.open(&field).await.text());
        let fields: Vec<_> = std::iter::once(("seen", seen.as_str())).chain(fields.iter().copied()).collect();
        let made = browser.submit(&field, &field, &fields).await;
        assert_eq!(led_to(&made), "/console/registries/towns/schema?done=field-added");
    }
    let publish = format!("{HOME}/towns/schema/publish");
    let page = browser.open(&publish).await.expect(200).text();
    assert!(page.contains("Publish version 1.0?"), "{page}");
    let seen = seen_on(&page);
    let done = browser.submit(&publish, &publish, &[("seen", &seen)]).await;
    assert_eq!(led_to(&done), "/console/registries/towns?done=published");
}

fn seen_on(page: &str) -> String {
    let rest = page.split_once("name=\"seen\" value=\"").map_or("", |(_, rest)| rest);
    rest.split('"').next().unwrap_or("").to_owned()
}

#[tokio::test]
async fn a_register_is_designed_filled_and_searched_without_a_script() {
    let stoa = TestStoa::with(&[stoa_registries::BLOCK]).await;
    let browser = stoa.browser(&["analyst"]).await;
    assert!(browser.open(HOME).await.expect(200).text().contains("There are no registers yet."));
    towns(&browser).await;
    let page = browser.open(&format!("{HOME}/towns")).await.expect(200).text();
    assert!(page.contains("All &lt;b&gt;towns&lt;/b&gt;"), "what people type is text, never markup");

    let new = format!("{HOME}/towns/records/new");
    let wrong = browser
        .submit(
            &new,
            &new,
            &[("v1", "tallinn"), ("v3", "many"), ("v4-day", "31"), ("v4-month", "2"), ("v4-year", "1154")],
        )
        .await;
    let page = wrong.expect(422).text();
    for message in ["must match [A-Z]{2}", "must be a whole number", "must be a date", "<title>Error: "] {
        assert!(page.contains(message), "{message} is not on the page: {page}");
    }
    assert!(page.contains("value=\"tallinn\""), "what was typed stays");
    assert!(page.contains("href=\"#f-v1\""), "the summary leads to the field");

    let fields = [
        ("v1", "TL"),
        ("v2", "Tallinn"),
        ("v3", "457572"),
        ("v4-day", "1"),
        ("v4-month", "5"),
        ("v4-year", "1154"),
        ("v5", "true"),
        ("v6", "Turku\r\nGent"),
    ];
    let record = led_to(&browser.submit(&new, &new, &fields).await);
    let page = browser.open(&record).await.expect(200).text();
    for shown in ["The record was created.", "Tallinn", "1154-05-01", "<li><bdi>Turku</bdi></li>", "Yes"] {
        assert!(page.contains(shown), "{shown} is not on the page: {page}");
    }
    let taken = browser.submit(&new, &new, &[("v1", "TL"), ("v2", "Other")]).await.expect(422).text();
    assert!(taken.contains("id=\"f-v1-error\""), "a value that is taken is named at its field: {taken}");

    let record = record.split('?').next().unwrap().to_owned();
    let edit = format!("{record}/edit");
    let saved = browser
        .submit(
            &edit,
            &edit,
            &[("version", "1"), ("v1", "TL"), ("v2", "Tallinn"), ("v3", ""), ("v5", "false"), ("v6", "Turku")],
        )
        .await;
    assert_eq!(led_to(&saved), format!("{record}?done=record-saved"));
    let late = browser.submit(&edit, &edit, &[("version", "1"), ("v1", "TL"), ("v2", "Reval")]).await;
    let page = late.expect(412).text();
    assert!(page.contains("Somebody else changed this record") && page.contains("value=\"Reval\""), "{page}");

    let found = browser.open(&format!("{HOME}/towns/records?search=talli")).await.expect(200).text();
    assert!(found.contains("1 to 1 of 1"), "{found}");
    let none = browser.open(&format!("{HOME}/towns/records?search=paris")).await.expect(200).text();
    assert!(none.contains("No record matches."));
    let changes = browser.open(&format!("{HOME}/towns/changes")).await.expect(200).text();
    assert!(changes.contains("457572") && changes.contains("(empty)"), "{changes}");

    let gone = browser.submit(&record, &format!("{record}/delete"), &[("version", "2"), ("reason", "twice")]).await;
    assert_eq!(led_to(&gone), "/console/registries/towns/records?done=record-deleted");
    let page = browser.open(&record).await.expect(404).text();
    assert!(page.contains("There is nothing here"), "a refusal is a page too: {page}");
    browser.open(&format!("{HOME}/towns/statistics")).await.expect(200);
}

#[tokio::test]
async fn a_new_version_says_what_it_breaks_and_designers_do_not_overwrite_each_other() {
    let stoa = TestStoa::with(&[stoa_registries::BLOCK]).await;
    let browser = stoa.browser(&["analyst"]).await;
    towns(&browser).await;
    let schema = format!("{HOME}/towns/schema");
    let field = format!("{schema}/fields/3");
    let seen = seen_on(&browser.open(&field).await.expect(200).text());
    stoa.clock.advance(std::time::Duration::from_secs(1));
    let saved = browser.submit(&field, &field, &[("seen", &seen), ("name", "inhabitants"), ("kind", "text")]).await;
    assert_eq!(led_to(&saved), "/console/registries/towns/schema?done=field-saved");
    let late = browser.submit(&schema, &format!("{schema}/fields/4/remove"), &[("seen", &seen)]).await.expect(412);
    assert!(late.text().contains("Somebody was faster"), "{}", late.text());
    let page = browser.open(&format!("{schema}/publish")).await.expect(200).text();
    assert!(page.contains("Publish version 2.0?") && page.contains("Can break programs"), "{page}");
    let seen = seen_on(&page);
    browser.submit(&schema, &format!("{schema}/fields/2/move"), &[("seen", &seen), ("way", "up")]).await.expect(303);
    let page = browser.open(&schema).await.expect(200).text();
    let at = |text: &str| page.find(text).unwrap_or(usize::MAX);
    assert!(at("fields/2\"") < at("fields/1\""), "the second field moved up");
    let bad = browser.submit(&field, &field, &[("seen", ""), ("name", ""), ("kind", "text"), ("pattern", "(")]).await;
    let page = bad.expect(422).text();
    assert!(page.contains("Enter the name of the field") && page.contains("This pattern cannot be used"), "{page}");
}

#[tokio::test]
async fn pages_ask_for_permission_and_for_the_sessions_token() {
    let stoa = TestStoa::with(&[stoa_registries::BLOCK]).await;
    let analyst = stoa.browser(&["analyst"]).await;
    towns(&analyst).await;
    let auditor = stoa.browser(&["auditor"]).await;
    auditor.open(&format!("{HOME}/towns/changes")).await.expect(200);
    for path in ["/towns/records", "/towns/schema", "/new", "/towns/records/new"] {
        let page = auditor.open(&format!("{HOME}{path}")).await.expect(403).text();
        assert!(page.contains("You may not see this"), "{path}: {page}");
    }
    let page = auditor.open(&format!("{HOME}/towns")).await.expect(200).text();
    assert!(!page.contains("/towns/records") && !page.contains("/towns/schema"), "no link leads to a refusal: {page}");
    let new = format!("{HOME}/towns/records/new");
    let forged = analyst.send_form(&new, &[("csrf", "guessed"), ("v1", "TL"), ("v2", "Tallinn")]).await.expect(403);
    assert!(forged.text().contains("You may not see this"), "{}", forged.text());
    let count = stoa.get(&stoa.role("analyst").await, "/registries/v1/registries/towns/records").await.json();
    assert_eq!(count["total"], json!(0), "nothing was written");
}

#[tokio::test]
async fn pages_speak_every_language() {
    let stoa = TestStoa::with(&[stoa_registries::BLOCK]).await;
    towns(&stoa.browser(&["analyst"]).await).await;
    for (language, dir, title) in
        [("en", "ltr", "Registers"), ("fr", "ltr", "Registres"), ("ar", "rtl", "السجلات"), ("sw", "ltr", "Rejista")]
    {
        let browser = stoa.browser(&["admin"]).await.in_language(language);
        let page = browser.open(HOME).await.expect(200).text();
        assert!(page.contains(&format!("<html lang=\"{language}\" dir=\"{dir}\"")), "{page}");
        assert!(page.contains(title), "{language}: {page}");
        for path in [
            "/towns",
            "/towns/records",
            "/towns/records/new",
            "/towns/schema",
            "/towns/schema/fields/1",
            "/towns/changes",
            "/towns/reads",
            "/towns/statistics",
            "/towns/schema/details",
        ] {
            let page = browser.open(&format!("{HOME}{path}")).await.expect(200).text();
            assert!(!page.contains("registries-"), "{language} {path}: a text is missing: {page}");
            assert!(page.len() < 60_000, "{path} has {} bytes", page.len());
        }
    }
}

#[tokio::test]
async fn a_file_is_looked_at_becomes_a_register_and_comes_out_again() {
    let stoa = TestStoa::with(&[stoa_registries::BLOCK]).await;
    let browser = stoa.browser(&["analyst"]).await;
    let new = format!("{HOME}/new-from-file");
    let csv = b"code,name,people\nTL,Tallinn,457572\nTR,Tartu,97435\n";
    let looked = browser.upload(&new, &[("act", "try")], "towns.csv", csv).await.expect(200).text();
    assert!(looked.contains("What was recognised") && looked.contains("Whole number"), "{looked}");
    assert!(!browser.open(HOME).await.text().contains("towns"), "nothing was written");
    let none = browser.upload(&new, &[("name", "Towns"), ("code", "towns")], "", b"").await.expect(422).text();
    assert!(none.contains("Choose a file."), "{none}");
    let wrong = browser.upload(&new, &[("name", ""), ("code", "towns")], "towns.xyz", csv).await.expect(422).text();
    assert!(wrong.contains("tells no format"), "{wrong}");
    let made = browser.upload(&new, &[("name", "Towns"), ("code", "towns")], "towns.csv", csv).await;
    assert_eq!(led_to(&made), "/console/registries/towns?done=published");

    let import = format!("{HOME}/towns/import");
    let more = b"code,name,people\nTL,Reval,457573\nNV,Narva,many\nPR,Parnu,39438\n";
    let tried = browser.upload(&import, &[("act", "try")], "more.csv", more).await.expect(200).text();
    for part in
        ["This was a trial", "1 created, 1 updated, 0 unchanged", "One row needs your attention", "a whole number"]
    {
        assert!(tried.contains(part), "{part}: {tried}");
    }
    let csv_of = async || browser.open(&format!("{HOME}/towns/export/file?format=csv")).await.expect(200);
    assert!(!csv_of().await.text().contains("Reval"), "a trial writes nothing");
    let done = browser.upload(&import, &[], "more.csv", more).await.expect(200).text();
    assert!(done.contains("1 created, 1 updated, 0 unchanged") && done.contains("One row was refused"), "{done}");
    let out = csv_of().await;
    assert!(out.header("content-disposition").starts_with("attachment; filename=\"towns-1.0-"));
    assert_eq!(out.text(), "code,name,people\r\nTL,Reval,457573\r\nTR,Tartu,97435\r\nPR,Parnu,39438\r\n");
    let json = browser.open(&format!("{HOME}/towns/export/file?format=json")).await.expect(200).json();
    assert_eq!(json["count"], 3);
    let again = browser.upload(&import, &[], "towns.json", json.to_string().as_bytes()).await.expect(200).text();
    assert!(again.contains("0 created, 0 updated, 3 unchanged"), "what comes out goes in again: {again}");
    browser.open(&format!("{HOME}/towns/export")).await.expect(200);
}
