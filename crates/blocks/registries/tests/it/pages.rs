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
    for message in [
        "code does not have the form that the register asks for: <code dir=\"ltr\">[A-Z]{2}</code>",
        "<a href=\"#f-v2\">Enter name</a>",
        "people takes a whole number, like 10",
        "founded takes a real date",
        "<title>Error: ",
    ] {
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
    for shown in ["The record was created.", "Tallinn", "1 May 1154", "<li><bdi>Turku</bdi></li>", "Yes"] {
        assert!(page.contains(shown), "{shown} is not on the page: {page}");
    }
    let taken = browser.submit(&new, &new, &[("v1", "TL"), ("v2", "Other")]).await.expect(422).text();
    assert!(taken.contains("id=\"f-v1-error\""), "a value that is taken is named at its field: {taken}");
    assert!(taken.contains("<a href=\"#f-v1\">Another record has the same code</a>"), "{taken}");

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
        assert!(language == "en" || !page.contains("Digital Registries"), "{language}: the block has a name: {page}");
        for path in [
            "/towns",
            "/new",
            "/new-from-file",
            "/towns/schema/preview",
            "/towns/schema/publish",
            "/towns/import",
            "/towns/export",
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
    let none = browser.upload(&new, &[], "", b"").await.expect(422).text();
    assert!(none.contains("Choose a file."), "{none}");
    let wrong = browser.upload(&new, &[], "towns.xyz", csv).await.expect(422).text();
    assert!(wrong.contains("tells no format"), "{wrong}");
    let broken = browser.upload(&new, &[], "towns.csv", b"code,name\nTL,\"Tallinn\n").await.expect(422).text();
    assert!(broken.contains("Line 2, column 4: the quote that is opened here is never closed."), "{broken}");
    let look = led_to(&browser.upload(&new, &[], "My towns.csv", csv).await);
    let page = browser.open(&look).await.expect(200).text();
    assert!(page.contains("What was recognised") && page.contains("Whole number"), "{page}");
    assert!(page.contains("value=\"my-towns\"") && page.contains("value=\"My towns\""), "{page}");
    assert!(!browser.open(HOME).await.text().contains("towns"), "nothing was written");
    let stranger = stoa.browser(&["admin"]).await;
    let wrong = browser.submit(&look, &look, &[("name", ""), ("code", "9")]).await.expect(422).text();
    assert!(wrong.contains("href=\"#f-name\">Enter a name"), "{wrong}");
    let import = led_to(&browser.submit(&look, &look, &[("name", "Towns"), ("code", "towns")]).await);
    assert!(import.starts_with("/console/registries/towns/imports/"), "{import}");
    assert_eq!(led_to(&browser.open(&look).await), import, "the page of the file leads on to its import");
    let page = browser.open(&import).await.expect(200).text();
    assert!(page.contains("<progress") && page.contains("0 of 2") && page.contains("data-again"), "{page}");
    stoa.run_jobs("registries").await;
    let page = browser.open(&import).await.expect(200).text();
    assert!(page.contains("The file was read to its end.") && page.contains("2 created, 0 updated"), "{page}");
    drop(stranger);

    let form = format!("{HOME}/towns/import");
    let more = b"code,name,people\nTL,Reval,457573\nNV,Narva,many\nPR,Parnu,39438\n";
    let import = led_to(&browser.upload(&form, &[], "more.csv", more).await);
    assert_eq!(led_to(&browser.submit(&import, &import, &[("act", "try")]).await), import);
    stoa.run_jobs("registries").await;
    let tried = browser.open(&import).await.expect(200).text();
    for part in ["This was a trial", "1 created, 1 updated, 0 unchanged", "One row needs your attention"] {
        assert!(tried.contains(part), "{part}: {tried}");
    }
    assert!(tried.contains("people takes a whole number, like 10"), "{tried}");
    let csv_of = async || browser.open(&format!("{HOME}/towns/export/file?format=csv")).await.expect(200);
    assert!(!csv_of().await.text().contains("Reval"), "a trial writes nothing");
    browser.submit(&import, &import, &[]).await.expect(303);
    browser.submit(&import, &import, &[]).await.expect(303);
    stoa.run_jobs("registries").await;
    let done = browser.open(&import).await.expect(200).text();
    assert!(done.contains("1 created, 1 updated, 0 unchanged") && done.contains("One row was refused"), "{done}");
    browser.submit(&import, &import, &[]).await.expect(404);
    let out = csv_of().await;
    assert!(out.header("content-disposition").starts_with("attachment; filename=\"towns-1.0-"));
    assert_eq!(out.text(), "code,name,people\r\nTL,Reval,457573\r\nTR,Tartu,97435\r\nPR,Parnu,39438\r\n");
    let json = browser.open(&format!("{HOME}/towns/export/file?format=json")).await.expect(200).json();
    assert_eq!(json["count"], 3);
    let again = led_to(&browser.upload(&form, &[], "towns.json", json.to_string().as_bytes()).await);
    browser.submit(&again, &again, &[]).await.expect(303);
    stoa.run_jobs("registries").await;
    let page = browser.open(&again).await.expect(200).text();
    assert!(page.contains("0 created, 0 updated, 3 unchanged"), "what comes out goes in again: {page}");
    browser.open(&format!("{HOME}/towns/export")).await.expect(200);
}

#[tokio::test]
async fn formulas_are_asked_about_and_files_are_forgotten() {
    let stoa = TestStoa::with(&[stoa_registries::BLOCK]).await;
    let browser = stoa.browser(&["analyst"]).await;
    towns(&browser).await;
    let form = format!("{HOME}/towns/import");
    let file = b"code,name\nTL,=1+1\n";
    let import = led_to(&browser.upload(&form, &[], "towns.csv", file).await);
    let page = browser.submit(&import, &import, &[]).await.expect(422).text();
    assert!(page.contains("One cell looks like a formula") && page.contains("href=\"#f-formulas\""), "{page}");
    browser.submit(&import, &import, &[("formulas", "true")]).await.expect(303);
    stoa.run_jobs("registries").await;
    let blobs = || walk(&stoa.path().join("blobs"));
    assert_eq!(blobs(), 0, "a file that was read is forgotten");
    let left = led_to(&browser.upload(&form, &[], "towns.csv", file).await);
    assert_eq!(blobs(), 1);
    let held = std::fs::read(first_file(&stoa.path().join("blobs")).unwrap()).unwrap();
    assert!(!held.windows(4).any(|part| part == b"=1+1"), "what lies on the disk is sealed");
    stoa.clock.advance(std::time::Duration::from_hours(25));
    stoa.run_jobs("registries").await;
    assert_eq!(blobs(), 0, "a file that nobody came back for is forgotten");
    let id = left.rsplit('/').next().unwrap();
    let upload = stoa.contexts["registries"].store.clone();
    let blob: Option<(Option<String>,)> = upload
        .read(async |tx: &mut stoa_store::Tx<'_>| {
            tx.find("SELECT blob FROM upload WHERE state = 'kept'", stoa_store::params![]).await
        })
        .await
        .unwrap();
    assert_eq!(blob, Some((None,)), "{id}");
}

fn walk(folder: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.map(|entry| entry.unwrap().path()).map(|path| if path.is_dir() { walk(&path) } else { 1 }).sum()
}

fn first_file(folder: &std::path::Path) -> Option<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    entries
        .map(|entry| entry.unwrap().path())
        .find_map(|path| if path.is_dir() { first_file(&path) } else { Some(path) })
}

#[tokio::test]
async fn an_import_that_was_stopped_goes_on_behind_what_it_wrote() {
    let stoa = TestStoa::with(&[stoa_registries::BLOCK]).await;
    let browser = stoa.browser(&["analyst"]).await;
    let by = stoa.role("analyst").await;
    // Without a key nothing but the noted line keeps a row from being written twice.
    let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}});
    stoa.post(&by, "/registries/v1/registries", &json!({"code": "n", "name": "N", "schema": schema})).await.expect(201);
    stoa.post(&by, "/registries/v1/registries/n/publish", &json!({})).await.expect(200);
    let rows: String = (0..1_000).map(|n| if n % 100 == 7 { "many\n".to_owned() } else { format!("{n}\n") }).collect();
    let import =
        led_to(&browser.upload(&format!("{HOME}/n/import"), &[], "n.csv", format!("n\n{rows}").as_bytes()).await);
    browser.submit(&import, &import, &[]).await.expect(303);
    // A node that is killed between two units: some are written, the job runs again.
    let runs = tokio::time::timeout(std::time::Duration::from_millis(150), stoa.run_jobs("registries")).await;
    let store = &stoa.contexts["registries"].store;
    if runs.is_err() {
        store
            .write(async |tx: &mut stoa_store::Tx<'_>| {
                tx.execute("UPDATE stoa_job SET lease_until = 0 WHERE state = 'running'", stoa_store::params![]).await
            })
            .await
            .unwrap();
    }
    stoa.run_jobs("registries").await;
    let page = browser.open(&import).await.expect(200).text();
    assert!(page.contains("990 created, 0 updated, 0 unchanged"), "{page}");
    assert!(page.contains("10 rows were refused"), "{page}");
    let count = stoa.get(&by, "/registries/v1/registries/n/records").await.expect(200).json();
    assert_eq!(count["total"], json!(990), "no row twice, none lost");
}

/// The value of an input on a page.
fn input(page: &str, name: &str) -> String {
    let rest = page.split_once(&format!("name=\"{name}\" value=\"")).map_or("", |(_, rest)| rest);
    rest.split('"').next().unwrap_or("").to_owned()
}

#[tokio::test]
async fn an_empty_form_is_refused_in_arabic_field_by_field() {
    let stoa = TestStoa::with(&[stoa_registries::BLOCK]).await;
    towns(&stoa.browser(&["analyst"]).await).await;
    let browser = stoa.browser(&["official"]).await.in_language("ar");
    let new = format!("{HOME}/towns/records/new");
    let page = browser.submit(&new, &new, &[("v1", ""), ("v3", "1.5"), ("v5", "x")]).await.expect(422).text();
    for message in ["<title>خطأ: ", "أدخل: \u{2068}code\u{2069}", "أدخل: \u{2068}name\u{2069}", "عدد صحيح"]
    {
        assert!(page.contains(message), "{message} is not on the page: {page}");
    }
    for english in ["is required", "must ", "Enter ", "Choose "] {
        assert!(!page.contains(english), "{english}: {page}");
    }
    // What is written for programs stays English, and says so.
    let page = browser.open(&format!("{HOME}/towns/records?filter=nosuch&search=x")).await.text();
    assert!(page.contains("<span lang=\"en\" dir=\"ltr\">"), "{page}");
    let page = browser.open(&format!("{HOME}/nowhere")).await.expect(404).text();
    assert!(page.contains("لا يوجد سجل كهذا"), "{page}");
}

#[tokio::test]
async fn two_people_change_one_record_and_nothing_is_lost() {
    let stoa = TestStoa::with(&[stoa_registries::BLOCK]).await;
    let browser = stoa.browser(&["analyst"]).await;
    towns(&browser).await;
    let new = format!("{HOME}/towns/records/new");
    let record = led_to(&browser.submit(&new, &new, &[("v1", "TL"), ("v2", "Tallinn"), ("v3", "10")]).await);
    let edit = format!("{}/edit", record.split('?').next().unwrap());
    let seen = browser.open(&edit).await.expect(200).text();
    let form = |page: &str, typed: &[(&'static str, &'static str)]| {
        let hidden = ["version", "was1", "was2", "was3", "was4", "was5", "was6"].map(|name| (name, input(page, name)));
        let typed = typed.iter().map(|(name, value)| (*name, (*value).to_owned()));
        hidden.into_iter().chain(typed).collect::<Vec<(&'static str, String)>>()
    };
    let submit = async |fields: Vec<(&'static str, String)>| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.submit(&edit, &edit, &fields).await
    };
    // The first changes the number, the second the name: the second keeps both.
    submit(form(&seen, &[("v1", "TL"), ("v2", "Tallinn"), ("v3", "11")])).await.expect(303);
    let page = submit(form(&seen, &[("v1", "TL"), ("v2", "Reval"), ("v3", "10")])).await.expect(412).text();
    assert!(page.contains("Somebody else changed this record"), "{page}");
    assert!(page.contains("name=\"v3\" value=\"11\""), "the other one's change is taken over: {page}");
    assert!(page.contains("name=\"v2\" value=\"Reval\""), "what was typed stays: {page}");
    submit(form(&page, &[("v1", "TL"), ("v2", "Reval"), ("v3", "11")])).await.expect(303);
    // Both change the name: the second sees both and decides.
    let page = submit(form(&seen, &[("v1", "TL"), ("v2", "Lindanisa"), ("v3", "10")])).await.expect(412).text();
    assert!(page.contains("You both changed name.") && page.contains("<bdi>Reval</bdi>"), "{page}");
    assert!(page.contains("href=\"#f-v2\"") && page.contains("value=\"Lindanisa\""), "{page}");
    let changes = browser.open(&format!("{HOME}/towns/changes")).await.expect(200).text();
    assert!(changes.contains("<bdi>10</bdi> → <bdi>11</bdi>") && !changes.contains("<bdi>11</bdi> → <bdi>10</bdi>"));
}

#[tokio::test]
async fn a_switch_of_language_keeps_what_was_typed() {
    let stoa = TestStoa::with(&[stoa_registries::BLOCK]).await;
    let browser = stoa.browser(&["analyst"]).await;
    towns(&browser).await;
    let field = format!("{HOME}/towns/schema/fields/new");
    let details = format!("{HOME}/towns/schema/details");
    let new = format!("{HOME}/towns/records/new");
    for (form, name, value) in [
        (format!("{HOME}/new"), "code", "half-done"),
        (new.clone(), "v2", "Tall"),
        (field.clone(), "name", "mayor"),
        (format!("{HOME}/towns/schema/fields/2"), "name", "nombre"),
        (details.clone(), "institution", "Statistics Of"),
    ] {
        let page = browser.open(&form).await.expect(200).text();
        assert!(page.contains(&format!("form=\"form\" formaction=\"{form}?redraw=fr\"")), "{form}: {page}");
        let again = browser.submit(&form, &format!("{form}?redraw=fr"), &[(name, value)]).await.expect(200);
        assert!(again.header("set-cookie").starts_with("stoa_lang=fr;"), "{form}: {:?}", again.headers);
        let page = again.text();
        assert!(page.contains("<html lang=\"fr\"") && page.contains(&format!("value=\"{value}\"")), "{form}: {page}");
    }
    let dark =
        browser.submit(&new, &format!("{new}?redraw=dark"), &[("v1", "TL"), ("v2", "Tallinn")]).await.expect(200);
    assert!(dark.text().contains("data-theme=\"dark\""));
    let list = browser.open(&format!("{HOME}/towns/records")).await.expect(200).text();
    assert!(list.contains("There are no records."), "a switch of colours saves nothing: {list}");
    let page = browser.open(HOME).await.expect(200).text();
    assert!(!page.contains("half-done"), "{page}");
}

#[tokio::test]
async fn a_session_that_ended_leads_back_to_the_form() {
    let stoa = TestStoa::with(&[stoa_registries::BLOCK]).await;
    towns(&stoa.browser(&["analyst"]).await).await;
    let request = axum::http::Request::post(format!("{HOME}/towns/schema/fields/2/remove"))
        .header("accept", "text/html")
        .header("host", "node.test")
        .header("referer", format!("http://node.test{HOME}/towns/schema?sort=name"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(axum::body::Body::from("seen="))
        .unwrap();
    let answer = stoa.send_request(request).await;
    let back = "/sign-in?back=%2Fconsole%2Fregistries%2Ftowns%2Fschema%3Fsort%3Dname&ended=yes";
    assert_eq!(led_to(&answer), back);
    let browser = stoa.browser(&["analyst"]).await;
    let schema = format!("{HOME}/towns/schema");
    let late = browser.submit(&schema, &format!("{schema}/fields/2/remove"), &[("seen", "2020-01-01T00:00:00Z")]).await;
    let page = late.expect(412).text();
    let back = format!("name=\"back\" value=\"{schema}\"");
    assert!(page.contains(&back), "the switch of language leads to a page that there is: {page}");
}

#[tokio::test]
async fn a_link_outlives_the_form_of_its_field() {
    let stoa = TestStoa::with(&[stoa_registries::BLOCK]).await;
    let browser = stoa.browser(&["analyst"]).await;
    towns(&browser).await;
    let by = stoa.role("analyst").await;
    let id = stoa.get(&by, "/registries/v1/registries/towns").await.expect(200).json()["id"].as_i64().unwrap();
    let link = |field: i64| json!([{"databaseKey": id.to_string(), "values": [{"fieldKey": field.to_string()}]}]);
    let register = json!({"code": "streets", "name": "Streets", "schema": {"type": "object", "properties": {
        "name": {"type": "string", "id": 1, "unique": true},
        "town": {"type": "string", "id": 2, "foreignKeys": link(1)},
        // It once was unique, and links stay.
        "lost": {"type": "string", "id": 3, "foreignKeys": link(2)}
    }}});
    stoa.post(&by, "/registries/v1/registries", &register).await.expect(201);
    stoa.post(&by, "/registries/v1/registries/streets/publish", &json!({})).await.expect(200);
    for (field, target) in [(2, format!("{id}/1")), (3, format!("{id}/2"))] {
        let form = format!("{HOME}/streets/schema/fields/{field}");
        let page = browser.open(&form).await.expect(200).text();
        assert!(page.contains(&format!("<option value=\"{target}\" selected>")), "{field}: {page}");
        let name = input(&page, "name");
        let fields = [("seen", &*seen_on(&page)), ("name", &name), ("kind", "text"), ("foreign", &target)];
        browser.submit(&form, &form, &fields).await.expect(303);
    }
    let page = browser.open(&format!("{HOME}/streets/schema/fields/2")).await.expect(200).text();
    assert!(page.contains(">Streets: name</option>"), "a register may link to itself: {page}");
    let page = browser.open(&format!("{HOME}/streets/schema/publish")).await.expect(200).text();
    assert!(!page.contains("Links to register"), "nothing was cut: {page}");
    let form = format!("{HOME}/streets/schema/fields/2");
    let seen = seen_on(&browser.open(&form).await.text());
    let fields = [("seen", &*seen), ("name", "town"), ("kind", "text"), ("foreign", "")];
    browser.submit(&form, &form, &fields).await.expect(303);
    let page = browser.open(&format!("{HOME}/streets/schema/publish")).await.expect(200).text();
    assert!(page.contains("A rule allows more than before: Links to register"), "{page}");

    // The draft can be thrown away, and then there is nothing to publish.
    let schema = format!("{HOME}/streets/schema");
    let page = browser.open(&schema).await.expect(200).text();
    let gone = browser.submit(&schema, &format!("{schema}/discard"), &[("seen", &seen_on(&page))]).await;
    assert_eq!(led_to(&gone), format!("{schema}?done=discarded"));
    let page = browser.open(&format!("{schema}/publish")).await.expect(200).text();
    assert!(page.contains("There is nothing to publish") && page.contains("Back to the schema"), "{page}");
}

#[tokio::test]
async fn a_field_that_nobody_can_fill_in_is_refused_at_its_rules() {
    let stoa = TestStoa::with(&[stoa_registries::BLOCK]).await;
    let browser = stoa.browser(&["analyst"]).await;
    towns(&browser).await;
    let form = format!("{HOME}/towns/schema/fields/2");
    let seen = seen_on(&browser.open(&form).await.text());
    let fields = [("seen", &*seen), ("name", "name"), ("kind", "text"), ("rules", "required"), ("rules", "readOnly")];
    let page = browser.submit(&form, &form, &fields).await.expect(422).text();
    assert!(page.contains("<a href=\"#f-rules-1\">A field that only the system fills in"), "{page}");
}

#[tokio::test]
async fn people_see_their_own_words_for_fields_and_values() {
    let stoa = TestStoa::with(&[stoa_registries::BLOCK]).await;
    let by = stoa.role("analyst").await;
    let schema = json!({"type": "object", "properties": {
        "sex": {"type": "string", "id": 1, "enum": ["female", "male"], "x-titles": {"fr": "Sexe", "en": "Sex"},
            "x-enumTitles": {"female": {"fr": "Femme", "en": "Female"}}},
        "born": {"type": "string", "format": "date", "id": 2},
        "names": {"type": "object", "properties": {
            "zh-CN": {"type": "string", "id": 3}, "fr": {"type": "string", "id": 4}, "ar": {"type": "string", "id": 5}}}
    }});
    stoa.post(&by, "/registries/v1/registries", &json!({"code": "p", "name": "P", "schema": schema})).await.expect(201);
    stoa.post(&by, "/registries/v1/registries/p/publish", &json!({})).await.expect(200);
    let record = json!({"sex": "female", "born": "1949-05-31", "names": {"zh-CN": "德国", "fr": "Allemagne"}});
    let made = stoa.post(&by, "/registries/v1/registries/p/records", &record).await.expect(201).json();
    let french = stoa.browser(&["analyst"]).await.in_language("fr");
    let list = french.open(&format!("{HOME}/p/records")).await.expect(200).text();
    for shown in [">Sexe</a>", "Femme", "31 mai 1949", "Allemagne"] {
        assert!(list.contains(shown), "{shown}: {list}");
    }
    assert!(!list.contains("德国"), "the grid shows the reader's own language: {list}");
    let page = french.open(&format!("{HOME}/p/records/{}", made["id"].as_str().unwrap())).await.expect(200).text();
    assert!(page.contains("<dt>Sexe</dt>") && page.contains("德国") && page.contains("31 mai 1949"), "{page}");
    let form = french.open(&format!("{HOME}/p/records/new")).await.expect(200).text();
    assert!(form.contains("<option value=\"female\">Femme</option>"), "{form}");
    let field = french.open(&format!("{HOME}/p/schema/fields/1")).await.expect(200).text();
    assert!(field.contains("name=\"title-fr\" value=\"Sexe\""), "{field}");
    let far = french.open(&format!("{HOME}/p/records?page=999")).await;
    assert_eq!(led_to(&far), format!("{HOME}/p/records?page=1"));
}

#[tokio::test]
async fn personal_data_is_shown_once_somebody_said_why() {
    let stoa = TestStoa::with(&[stoa_registries::BLOCK]).await;
    let by = stoa.role("analyst").await;
    let schema = json!({"type": "object", "properties": {"name": {"type": "string", "personalData": true}}});
    let register = json!({"code": "folk", "name": "Folk", "schema": schema});
    stoa.post(&by, "/registries/v1/registries", &register).await.expect(201);
    stoa.post(&by, "/registries/v1/registries/folk/publish", &json!({})).await.expect(200);
    let made =
        stoa.post(&by, "/registries/v1/registries/folk/records", &json!({"name": "Ada"})).await.expect(201).json();
    let record = format!("{HOME}/folk/records/{}", made["id"].as_str().unwrap());
    let browser = stoa.browser(&["analyst"]).await;
    for path in
        [format!("{HOME}/folk/records"), record.clone(), format!("{record}/edit"), format!("{HOME}/folk/export")]
    {
        let asked = led_to(&browser.open(&path).await);
        assert!(asked.starts_with("/console/registries/folk/purpose?back="), "{path}: {asked}");
    }
    let asked = led_to(&browser.open(&record).await);
    let page = browser.open(&asked).await.expect(200).text();
    assert!(page.contains(&format!("name=\"back\" value=\"{record}\"")), "{page}");
    let purpose = format!("{HOME}/folk/purpose");
    let wrong = browser.submit(&asked, &purpose, &[("purpose", "other"), ("back", &record)]).await.expect(422).text();
    assert!(wrong.contains("href=\"#f-words\""), "{wrong}");
    let elsewhere = [("purpose", "registries-purpose-law"), ("back", "/console/registries/other")];
    assert_eq!(led_to(&browser.submit(&asked, &purpose, &elsewhere).await), "/console/registries/folk/records");
    let fields = [("purpose", "registries-purpose-law"), ("words", "case 7"), ("back", record.as_str())];
    let stated = browser.submit(&asked, &purpose, &fields).await;
    assert_eq!(led_to(&stated), record);
    let cookie = stated.header("set-cookie").split(';').next().unwrap().to_owned();
    assert!(stated.header("set-cookie").contains("Path=/console/registries/folk;"), "it counts for this register only");
    let page = browser.open_with(&record, &cookie).await.expect(200).text();
    assert!(page.contains("A duty of my office: case 7") && page.contains("Ada"), "{page}");
    let reads = browser.open(&format!("{HOME}/folk/reads")).await.expect(200).text();
    assert!(reads.contains("A duty of my office: case 7"), "the person concerned sees why: {reads}");
}
