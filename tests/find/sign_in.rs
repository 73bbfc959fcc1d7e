use std::sync::{Arc, Mutex};
use std::time::Duration;

use arm::{
    AccessToken, Arm, BrowserSignIn, DeviceSignIn, IdentityProvider, Refusal, SignInError, SignInOptions,
    TransportError,
};
use pep::Fault;
use tests::arm_server::{ArmServer, Behaviour, DeviceStep, Instead, TENANT};
use url::Url;

use crate::{http, metadata};

fn adfs() -> Behaviour {
    Behaviour { adfs: true, ..Behaviour::default() }
}

/// Options with any free port, because 8400 may be taken on the computer that runs the tests.
fn options() -> SignInOptions {
    SignInOptions { ports: vec![0], ..SignInOptions::default() }
}

async fn browser(server: &ArmServer, options: SignInOptions) -> Result<BrowserSignIn, SignInError> {
    let metadata = metadata(server).await.expect("metadata");
    let provider = IdentityProvider::of(&metadata, &options)?;
    BrowserSignIn::begin(&http(server), provider, options).await
}

async fn device(server: &ArmServer) -> Result<DeviceSignIn, SignInError> {
    let metadata = metadata(server).await.expect("metadata");
    let provider = IdentityProvider::of(&metadata, &options())?;
    DeviceSignIn::begin(&http(server), provider, options()).await
}

fn refused(why: Refusal, told: &str) -> SignInError {
    SignInError::Refused { host: "localhost".into(), why, told: told.into() }
}

/// An answer of the identity provider that is none.
fn page(status: u16, headers: &[(&'static str, &str)]) -> Instead {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned()));
    (
        status,
        b"<html>Try later</html>".to_vec(),
        [("content-type", "text/html".to_owned())].into_iter().chain(headers).collect(),
    )
}

fn oauth(error: &str, description: &str) -> Instead {
    let body = serde_json::json!({ "error": error, "error_description": description }).to_string();
    (400, body.into_bytes(), vec![("content-type", "application/json".to_owned())])
}

/// Waits for a code without waiting, and tells what would have been waited for.
async fn without_waits(sign_in: DeviceSignIn) -> (Result<AccessToken, SignInError>, Vec<u64>) {
    let waits = Arc::new(Mutex::new(Vec::new()));
    let noted = waits.clone();
    let sleep = move |time: Duration| {
        noted.lock().unwrap().push(time.as_secs());
        std::future::ready(())
    };
    let token = sign_in.finish_with(sleep).await;
    let waits = waits.lock().unwrap().clone();
    (token, waits)
}

async fn works(server: &ArmServer, token: AccessToken) {
    let metadata = metadata(server).await.unwrap();
    let found = Arm::new(&http(server), &metadata, token).find().await.unwrap();
    assert_eq!(found[0].pep_addresses.len(), 3);
}

/// Opens an address as the system browser would, following redirects.
async fn open(server: &ArmServer, url: &str) -> u16 {
    server.browser().get(url).send().await.expect("the browser gets a page").status().as_u16()
}

fn query(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

async fn plain(url: String) -> u16 {
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tests::arm_server::Certificates::new(tests::arm_server::Chain::Whole).client())
        .no_proxy()
        .build()
        .unwrap();
    client.get(url).send().await.expect("loopback answers").status().as_u16()
}

#[tokio::test]
async fn a_browser_signs_in_at_entra_id_and_at_adfs() {
    for behaviour in [Behaviour::default(), adfs()] {
        let is_adfs = behaviour.adfs;
        let server = ArmServer::start(behaviour);
        let sign_in = browser(&server, options()).await.unwrap();
        let url = sign_in.url().clone();
        assert!(query(&url, "redirect_uri").starts_with("http://localhost:"), "{url}");
        assert_eq!(query(&url, "code_challenge_method"), "S256");
        assert_eq!((query(&url, "resource").is_empty(), query(&url, "scope").is_empty()), (!is_adfs, is_adfs));
        assert_eq!(url.path().contains(TENANT), !is_adfs);
        let before = server.asked().len();
        let (token, page) = tokio::join!(sign_in.finish(), open(&server, url.as_str()));
        assert_eq!(page, 200);
        let asked = server.lines().split_off(before);
        assert_eq!(asked.len(), 2, "one page, one token: {asked:?}");
        assert!(asked[1].starts_with("POST") && asked[1].ends_with("/token"));
        works(&server, token.unwrap()).await;
    }
}

#[tokio::test]
async fn adfs_gets_the_port_that_is_registered_there() {
    let server = ArmServer::start(Behaviour { redirect_ports: vec![8400], ..adfs() });
    // Whoever else has the port keeps it: then the error names it.
    let holder = tokio::net::TcpListener::bind("127.0.0.1:8400").await;
    match browser(&server, SignInOptions::default()).await {
        Err(SignInError::NoPort { ports }) => assert_eq!(ports, [8400]),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("8400 is taken"),
    }
    if holder.is_ok() {
        drop(holder);
        let sign_in = browser(&server, SignInOptions::default()).await.unwrap();
        assert_eq!(query(sign_in.url(), "redirect_uri"), "http://localhost:8400");
        let url = sign_in.url().to_string();
        let (token, _) = tokio::join!(sign_in.finish(), open(&server, &url));
        assert!(token.is_ok());
    }
    // A redirect that is not registered shows a page and comes never back.
    let options = SignInOptions { time: Duration::from_millis(300), ..options() };
    let sign_in = browser(&server, options).await.unwrap();
    let url = sign_in.url().to_string();
    let (token, page) = tokio::join!(sign_in.finish(), open(&server, &url));
    assert_eq!((page, token.err()), (400, Some(SignInError::TimedOut(0))));
}

#[tokio::test]
async fn answers_of_others_do_not_count_and_many_end_the_sign_in() {
    let server = ArmServer::start(Behaviour::default());
    let sign_in = browser(&server, options()).await.unwrap();
    let url = sign_in.url().clone();
    let redirect = query(&url, "redirect_uri");
    let state = query(&url, "state");
    let strangers = async {
        for wrong in [
            "/favicon.ico".to_owned(),
            "/".to_owned(),
            "/?code=forged&state=wrong".to_owned(),
            "/?code=forged".to_owned(),
            format!("/?code=forged&state={state}&state={state}"),
            format!("/other?code=forged&state={state}"),
        ] {
            assert!(plain(format!("{redirect}{wrong}")).await >= 400, "{wrong}");
        }
        open(&server, url.as_str()).await
    };
    let (token, page) = tokio::join!(sign_in.finish(), strangers);
    assert_eq!(page, 200);
    works(&server, token.unwrap()).await;

    let sign_in = browser(&server, options()).await.unwrap();
    let redirect = query(sign_in.url(), "redirect_uri");
    let flood = async {
        for _ in 0..40 {
            // The listener goes away in the middle of this.
            let _ = server.browser().get(format!("{redirect}/?state=x")).send().await;
        }
    };
    let (token, ()) = tokio::join!(sign_in.finish(), flood);
    assert_eq!(token.err(), Some(SignInError::WrongAnswers));
}

#[tokio::test]
async fn a_refusal_in_the_browser_is_told() {
    let server = ArmServer::start(Behaviour { agrees: false, ..Behaviour::default() });
    let sign_in = browser(&server, options()).await.unwrap();
    let url = sign_in.url().to_string();
    let (token, _) = tokio::join!(sign_in.finish(), open(&server, &url));
    assert_eq!(token.err(), Some(refused(Refusal::Declined, "access_denied: the person did not agree")));
    assert!(!server.lines().iter().any(|line| line.ends_with("/token")), "no code, no exchange");
}

#[tokio::test]
async fn a_code_is_worth_something_once_and_for_its_verifier_only() {
    let server = ArmServer::start(Behaviour::default());
    // Two sign-ins whose codes are swapped: each code belongs to another verifier.
    let (one, two) = (browser(&server, options()).await.unwrap(), browser(&server, options()).await.unwrap());
    let no_redirects = reqwest::Client::builder()
        .tls_backend_preconfigured(server.browser_tls())
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap();
    let code = async |url: &Url| {
        let answer = no_redirects.get(url.as_str()).send().await.unwrap();
        let to = Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
        query(&to, "code")
    };
    let stolen = code(two.url()).await;
    let (redirect, state) = (query(one.url(), "redirect_uri"), query(one.url(), "state"));
    let (token, _) = tokio::join!(one.finish(), plain(format!("{redirect}/?code={stolen}&state={state}")));
    let Some(SignInError::Refused { why: Refusal::Grant, told, .. }) = token.err() else { panic!("refused") };
    assert!(told.starts_with("invalid_grant"), "{told}");
    // The same code again, now by its owner: it was used.
    let (redirect, state) = (query(two.url(), "redirect_uri"), query(two.url(), "state"));
    let (token, _) = tokio::join!(two.finish(), plain(format!("{redirect}/?code={stolen}&state={state}")));
    assert_eq!(token.err(), Some(refused(Refusal::Grant, "invalid_grant: the code was used before")));
}

#[tokio::test]
async fn a_code_on_another_computer_signs_in() {
    for behaviour in [Behaviour::default(), adfs()] {
        let steps = vec![DeviceStep::Pending, DeviceStep::SlowDown, DeviceStep::Pending];
        let server = ArmServer::start(Behaviour { device_steps: steps, device_interval: 7, ..behaviour });
        let sign_in = device(&server).await.unwrap();
        assert_eq!(sign_in.user_code(), "B4WD-7GHQ");
        assert!(sign_in.url().path().ends_with("/oauth2/deviceauth"), "{}", sign_in.url());
        assert_eq!(sign_in.time(), Duration::from_secs(900));
        let waits = Arc::new(Mutex::new(Vec::new()));
        let before = server.asked().len();
        let noted = waits.clone();
        let sleep = move |time: Duration| {
            noted.lock().unwrap().push(time.as_secs());
            std::future::ready(())
        };
        let token = sign_in.finish_with(sleep).await.unwrap();
        assert_eq!(*waits.lock().unwrap(), [7, 12, 12], "five seconds more after slow_down");
        assert_eq!(server.asked().len() - before, 4);
        works(&server, token).await;
    }
}

#[tokio::test]
async fn a_code_that_is_refused_or_too_old_is_told() {
    for adfs in [false, true] {
        for (step, is_denied) in [(DeviceStep::Denied, true), (DeviceStep::Expired, false)] {
            let server = ArmServer::start(Behaviour { adfs, device_steps: vec![step], ..Behaviour::default() });
            let error = device(&server).await.unwrap().finish().await.err().unwrap();
            let fits = if is_denied {
                matches!(error, SignInError::Refused { why: Refusal::Declined, .. })
            } else {
                error == SignInError::CodeExpired
            };
            assert!(fits, "{error}");
        }
    }
}

#[tokio::test]
async fn a_provider_without_codes_is_told() {
    let server = ArmServer::start(Behaviour { device_code: false, ..adfs() });
    assert!(matches!(device(&server).await.err(), Some(SignInError::NotOffered { .. })));
}

#[tokio::test]
async fn another_directory_or_client_is_refused_before_anything_else() {
    let server = ArmServer::start(Behaviour::default());
    let metadata = metadata(&server).await.unwrap();
    let options = SignInOptions { client_id: "someone-else".into(), ..options() };
    let provider = IdentityProvider::of(&metadata, &options).unwrap();
    let error = DeviceSignIn::begin(&http(&server), provider, options).await.err();
    assert!(matches!(error, Some(SignInError::NotOffered { .. })), "{error:?}");
    let options = SignInOptions { tenant: Some("other.example".into()), ..SignInOptions::default() };
    let provider = IdentityProvider::of(&metadata, &options).unwrap();
    assert!(DeviceSignIn::begin(&http(&server), provider, options).await.is_err());
}

#[tokio::test]
async fn each_refusal_has_its_own_words_and_code() {
    let server = ArmServer::start(Behaviour::default());
    for (error, description, why, code, says) in [
        ("consent_required", "AADSTS65001: not consented", Refusal::Consent, "PEP-4406", "administrator"),
        ("invalid_grant", "AADSTS53003: blocked by Conditional Access", Refusal::Policy, "PEP-4407", "rule"),
        ("unauthorized_client", "AADSTS700016: application not found", Refusal::Application, "PEP-4408", "Azure CLI"),
        ("invalid_resource", "AADSTS500011: resource not found", Refusal::Resource, "PEP-4409", "stamp"),
        ("invalid_grant", "AADSTS50020: user of another provider", Refusal::Account, "PEP-4410", "account"),
        ("access_denied", "", Refusal::Declined, "PEP-4411", "declined"),
        ("invalid_grant", "AADSTS70008: too old", Refusal::Grant, "PEP-4412", "begin again"),
    ] {
        let told = if description.is_empty() { error.to_owned() } else { format!("{error}: {description}") };
        // On the way back of the browser, at the exchange, and while a code is polled for.
        server.set(|behaviour| behaviour.refuses = Some((error, description)));
        let sign_in = browser(&server, options()).await.unwrap();
        let url = sign_in.url().to_string();
        let (by_page, _) = tokio::join!(sign_in.finish(), open(&server, &url));
        server.set(|behaviour| {
            behaviour.refuses = None;
            behaviour.once = vec![("/token", oauth(error, description)); 2];
        });
        let sign_in = browser(&server, options()).await.unwrap();
        let url = sign_in.url().to_string();
        let (by_exchange, _) = tokio::join!(sign_in.finish(), open(&server, &url));
        let by_code = device(&server).await.unwrap().finish().await;
        for token in [by_page, by_exchange, by_code] {
            let found = token.err().unwrap();
            assert_eq!(found, refused(why, &told));
            let fault = Fault::of_arm_sign_in(&found);
            assert_eq!((fault.text().as_str(), fault.values["told"].as_str()), (code, told.as_str()));
            assert!(found.to_string().contains(says) && found.to_string().contains(&told), "{found}");
        }
    }
}

#[tokio::test]
async fn an_identity_provider_that_fails_is_told_with_what_it_answered() {
    let server = ArmServer::start(Behaviour::default());
    for (answer, says) in [
        (page(503, &[("retry-after", "7")]), "cannot answer now (HTTP 503), it asks to wait for 7 s"),
        (page(200, &[]), "text/html instead of JSON (HTTP 200)"),
        (oauth("server_error", "AADSTS90033: transient"), "cannot answer now (HTTP 400)"),
        ((200, br#"{"token_type":"Bearer","id_token":"secret"}"#.to_vec(), Vec::new()), "it has no \"access_token\""),
        (
            (200, br#"{"token_type":7,"access_token":"secret"}"#.to_vec(), Vec::new()),
            "its \"token_type\" is of another kind",
        ),
        ((500, Vec::new(), Vec::new()), "(HTTP 500)"),
    ] {
        server.set(|behaviour| behaviour.once = vec![("/token", answer)]);
        let sign_in = browser(&server, options()).await.unwrap();
        let url = sign_in.url().to_string();
        let (token, _) = tokio::join!(sign_in.finish(), open(&server, &url));
        let error = token.err().unwrap();
        let fault = Fault::of_arm_sign_in(&error);
        assert_eq!((fault.text().as_str(), fault.values["host"].as_str()), ("PEP-2306", "localhost"), "{error}");
        assert!(error.to_string().contains(says) && !error.to_string().contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn the_page_in_the_browser_tells_what_became_of_the_exchange() {
    let server = ArmServer::start(Behaviour::default());
    for (refusal, says, not) in [
        (None, "You are signed in", "not signed in"),
        (Some(oauth("invalid_grant", "AADSTS53003: blocked")), "You are not signed in", "You are signed in"),
    ] {
        server.set(|behaviour| behaviour.once = refusal.map(|answer| ("/token", answer)).into_iter().collect());
        let sign_in = browser(&server, options()).await.unwrap();
        let url = sign_in.url().to_string();
        let client = server.browser();
        let person = async { client.get(&url).send().await.unwrap().text().await.unwrap() };
        let (token, shown) = tokio::join!(sign_in.finish(), person);
        assert_eq!(token.is_ok(), says == "You are signed in");
        assert!(shown.contains(says) && !shown.contains(not), "{shown}");
    }
}

#[tokio::test]
async fn a_code_outlives_what_passes() {
    let server = ArmServer::start(Behaviour { device_interval: 5, ..Behaviour::default() });
    let sign_in = device(&server).await.unwrap();
    server.set(|behaviour| {
        behaviour.once = vec![
            ("/token", page(503, &[])),
            ("/token", page(429, &[("retry-after", "40")])),
            ("/token", page(200, &[])),
            ("/token", oauth("temporarily_unavailable", "")),
        ];
        behaviour.device_steps = vec![DeviceStep::Pending];
    });
    let (token, waits) = without_waits(sign_in).await;
    works(&server, token.unwrap()).await;
    assert_eq!(waits, [10, 40, 30, 30, 30], "later each time, and as late as it says");

    // A provider that says 0 is not asked without a pause.
    server.set(|behaviour| (behaviour.device_interval, behaviour.device_steps) = (0, vec![DeviceStep::Pending; 3]));
    let (token, waits) = without_waits(device(&server).await.unwrap()).await;
    assert_eq!((token.is_ok(), waits), (true, vec![1, 1, 1]));
}

#[tokio::test]
async fn a_code_that_ends_while_nothing_answers_is_told_so() {
    let server = ArmServer::start(Behaviour { device_life: 1, ..Behaviour::default() });
    let sign_in = device(&server).await.unwrap();
    server.set(|behaviour| behaviour.once = vec![("/token", page(503, &[])); 50]);
    let error = sign_in.finish().await.err().unwrap();
    assert!(matches!(&error, SignInError::Transport(TransportError::Busy { status: 503, .. })), "{error}");
}

#[tokio::test]
async fn a_provider_that_gives_no_code_now_does_offer_codes() {
    let server = ArmServer::start(Behaviour::default());
    server.set(|behaviour| behaviour.once = vec![("/devicecode", page(503, &[("retry-after", "9")]))]);
    let error = device(&server).await.err().unwrap();
    let busy = TransportError::Busy { host: "localhost".into(), status: 503, seconds: Some(9) };
    assert_eq!(error, SignInError::Transport(busy));
}

#[tokio::test]
async fn a_provider_that_is_not_reached_is_told_by_its_own_name() {
    // The port of nobody: it was somebody's a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for login in [format!("https://127.0.0.1:{port}/"), "https://login.nowhere.invalid/".to_owned()] {
        let server = ArmServer::start(Behaviour { login: Some(login.clone()), ..Behaviour::default() });
        let error = device(&server).await.err().unwrap();
        let fault = Fault::of_arm_sign_in(&error);
        let host = Url::parse(&login).unwrap().host_str().unwrap().to_owned();
        assert_eq!((fault.text().as_str(), &fault.values["host"]), ("PEP-2305", &host));
        let text = error.to_string();
        assert!(text.contains(&host) && text.contains("proxy") && text.contains("stamp file"), "{text}");
        assert!(!text.contains("external domain"), "{text}");
    }
}

#[tokio::test]
async fn a_page_that_stays_in_the_place_of_the_answer_ends_the_waiting() {
    for (pages, waits) in [(4, true), (5, false)] {
        let server = ArmServer::start(Behaviour::default());
        let sign_in = device(&server).await.unwrap();
        let before = server.asked().len();
        server.set(|behaviour| behaviour.once = vec![("/token", page(200, &[])); pages]);
        let (token, _) = without_waits(sign_in).await;
        assert_eq!(token.is_ok(), waits, "{pages}");
        if let Err(error) = token {
            assert!(matches!(&error, SignInError::Transport(TransportError::NotJson { .. })), "{error}");
            // Without waits one more is on its way already.
            assert!(server.asked().len() - before <= pages + 1, "{:?}", server.lines());
        }
    }
}
