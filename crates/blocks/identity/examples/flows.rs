//! Load on a provider of OpenID Connect, ours or another: whole code flows, or sign-ins beside other requests.
//!
//!     flows code SECONDS TASKS AUTHORIZE TOKEN USERINFO CLIENT SECRET CALLBACK COOKIE
//!     flows sign-in SECONDS TASKS ISSUER NAME PASSWORD OTHERS
//!
//! A code flow is an authorization request with the cookie of a live session, the code for tokens, and userinfo. A sign-in
//! opens the page, sends name and password, and is done with the session's cookie; OTHERS requests a second ask for the keys
//! meanwhile. Everything aims at 127.0.0.1.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::panic,
    clippy::cast_precision_loss,
    reason = "a tool that stumbles is to stop"
)]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Client;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};

/// A verifier and its challenge (RFC 7636, Appendix B).
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    assert!(arguments.iter().filter(|one| one.starts_with("http://")).all(|one| one.contains("://127.0.0.1:")));
    match arguments.first().map(String::as_str) {
        Some("code") => runtime.block_on(codes(&arguments[1..])),
        Some("sign-in") => runtime.block_on(sign_ins(&arguments[1..])),
        _ => println!("usage: see the head of this file"),
    }
}

fn client() -> Client {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

fn told(name: &str, mut times: Vec<Duration>, taken: Duration) {
    times.sort_unstable();
    let at = |part: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
        let index = ((times.len() as f64 * part) as usize).min(times.len().saturating_sub(1));
        times.get(index).copied().unwrap_or_default().as_secs_f64() * 1000.0
    };
    let rate = times.len() as f64 / taken.as_secs_f64();
    println!(
        "{name}: {rate:.1}/s, half within {:.1} ms, 99% within {:.1} ms, slowest {:.1} ms",
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

async fn codes(arguments: &[String]) {
    let [seconds, tasks, authorize, token, userinfo, id, secret, callback, cookie] = arguments else {
        panic!("code wants nine arguments")
    };
    let query = form(&[
        ("client_id", id),
        ("redirect_uri", callback),
        ("response_type", "code"),
        ("scope", "openid profile"),
        ("state", "s"),
        ("nonce", "n"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    let address = format!("{authorize}?{query}");
    let end = Instant::now() + Duration::from_secs(seconds.parse().unwrap());
    let times = Arc::new(Mutex::new(Vec::new()));
    let begun = Instant::now();
    let client = client();
    let work = (0..tasks.parse::<usize>().unwrap()).map(|_| {
        let (client, times, address, cookie) = (client.clone(), Arc::clone(&times), address.clone(), cookie.clone());
        let (token, userinfo, id, secret, callback) =
            (token.clone(), userinfo.clone(), id.clone(), secret.clone(), callback.clone());
        tokio::spawn(async move {
            while Instant::now() < end {
                let start = Instant::now();
                let answer = client.get(&address).header(COOKIE, &cookie).send().await.unwrap();
                let to = answer.headers().get(LOCATION).map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default();
                let query = to.split('?').nth(1).unwrap_or("");
                let code = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "code");
                let Some((_, code)) = code else { panic!("no code: {} {to}", answer.status()) };
                let pairs = [
                    ("grant_type", "authorization_code"),
                    ("code", &*code),
                    ("redirect_uri", callback.as_str()),
                    ("code_verifier", VERIFIER),
                ];
                let asked = client.post(&token).basic_auth(&id, Some(&secret));
                let asked = asked.header("content-type", "application/x-www-form-urlencoded").body(form(&pairs));
                let tokens: serde_json::Value = asked.send().await.unwrap().json().await.unwrap();
                let access = tokens["access_token"].as_str().unwrap_or_else(|| panic!("no token: {tokens}"));
                let info = client.get(&userinfo).bearer_auth(access).send().await.unwrap();
                assert!(info.status().is_success(), "{}", info.status());
                let claims: serde_json::Value = info.json().await.unwrap();
                assert!(claims["name"].is_string(), "{claims}");
                times.lock().unwrap().push(start.elapsed());
            }
        })
    });
    for task in work.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let times = times.lock().unwrap().clone();
    told("code flows", times, begun.elapsed());
}

async fn sign_ins(arguments: &[String]) {
    let [seconds, tasks, issuer, name, password, others] = arguments else { panic!("sign-in wants six arguments") };
    let end = Instant::now() + Duration::from_secs(seconds.parse().unwrap());
    let (times, beside) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    let begun = Instant::now();
    let client = client();
    let mut work = Vec::new();
    // A person may try so often at once in one browser: each task has its own, which the person came with before.
    let mut browsers = Vec::new();
    for _ in 0..tasks.parse::<usize>().unwrap() {
        browsers.push(sign_in(&client, issuer, name, password, String::new()).await);
    }
    let (end, begun) = (end + begun.elapsed(), Instant::now());
    for browser in browsers {
        let (client, times, issuer) = (client.clone(), Arc::clone(&times), issuer.clone());
        let (name, password) = (name.clone(), password.clone());
        work.push(tokio::spawn(async move {
            while Instant::now() < end {
                let start = Instant::now();
                sign_in(&client, &issuer, &name, &password, browser.clone()).await;
                times.lock().unwrap().push(start.elapsed());
            }
        }));
    }
    let pause = Duration::from_secs_f64(1.0 / others.parse::<f64>().unwrap());
    let mut ticks = tokio::time::interval(pause);
    while Instant::now() < end {
        ticks.tick().await;
        let (client, beside, address) =
            (client.clone(), Arc::clone(&beside), format!("{issuer}/.well-known/jwks.json"));
        work.push(tokio::spawn(async move {
            let start = Instant::now();
            client.get(address).send().await.unwrap().bytes().await.unwrap();
            beside.lock().unwrap().push(start.elapsed());
        }));
    }
    for task in work {
        task.await.unwrap();
    }
    let taken = begun.elapsed();
    told("sign-ins by password", times.lock().unwrap().clone(), taken);
    told("other requests meanwhile", beside.lock().unwrap().clone(), taken);
}

/// One sign-in; gives the browser's own cookie.
async fn sign_in(client: &Client, issuer: &str, name: &str, password: &str, browser: String) -> String {
    let root = issuer.strip_suffix("/identity").unwrap();
    let asked = client.get(format!("{issuer}/sign-in")).header(COOKIE, &browser).header("accept", "text/html");
    let answer = asked.send().await.unwrap();
    let browser = if browser.is_empty() { cookie_of(&answer) } else { browser };
    let to = answer.headers()[LOCATION].to_str().unwrap().to_owned();
    let asked = client.get(format!("{root}{to}")).header(COOKIE, &browser).header("accept", "text/html");
    let page = asked.send().await.unwrap().text().await.unwrap();
    let hidden = |field: &str| {
        let part = page.split(&format!("name=\"{field}\" value=\"")).nth(1).unwrap();
        part.split('"').next().unwrap().to_owned()
    };
    let pairs = [("t", &*hidden("t")), ("guard", &*hidden("guard")), ("name", name), ("password", password)];
    let asked = client.post(format!("{issuer}/sign-in")).header(COOKIE, &browser);
    let asked = asked.header("content-type", "application/x-www-form-urlencoded").body(form(&pairs));
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 303, "a sign-in was refused");
    browser
}

fn cookie_of(answer: &reqwest::Response) -> String {
    let cookies = answer.headers().get_all(SET_COOKIE).iter();
    let pairs = cookies.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap().to_owned());
    pairs.collect::<Vec<_>>().join("; ")
}
