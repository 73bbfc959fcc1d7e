use std::sync::{Arc, Mutex};
use std::time::Duration;

use arm::{AccessToken, Arm, BrowserSignIn, DeviceSignIn, IdentityProvider, SignInError, SignInOptions};
use tests::arm_server::{ArmServer, Behaviour, DeviceStep, TENANT};
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
    assert_eq!(token.err(), Some(SignInError::Denied("access_denied: the person did not agree".into())));
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
    let Some(SignInError::Refused(text)) = token.err() else { panic!("refused") };
    assert!(text.starts_with("invalid_grant"), "{text}");
    // The same code again, now by its owner: it was used.
    let (redirect, state) = (query(two.url(), "redirect_uri"), query(two.url(), "state"));
    let (token, _) = tokio::join!(two.finish(), plain(format!("{redirect}/?code={stolen}&state={state}")));
    assert_eq!(token.err(), Some(SignInError::Refused("invalid_grant: the code was used before".into())));
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
            let fits =
                if is_denied { matches!(error, SignInError::Denied(_)) } else { error == SignInError::CodeExpired };
            assert!(fits, "{error}");
        }
    }
}

#[tokio::test]
async fn a_provider_without_codes_is_told() {
    let server = ArmServer::start(Behaviour { device_code: false, ..adfs() });
    assert!(matches!(device(&server).await.err(), Some(SignInError::NotOffered(_))));
}

#[tokio::test]
async fn another_directory_or_client_is_refused_before_anything_else() {
    let server = ArmServer::start(Behaviour::default());
    let metadata = metadata(&server).await.unwrap();
    let options = SignInOptions { client_id: "someone-else".into(), ..options() };
    let provider = IdentityProvider::of(&metadata, &options).unwrap();
    let error = DeviceSignIn::begin(&http(&server), provider, options).await.err();
    assert!(matches!(error, Some(SignInError::NotOffered(_))), "{error:?}");
    let options = SignInOptions { tenant: Some("other.example".into()), ..SignInOptions::default() };
    let provider = IdentityProvider::of(&metadata, &options).unwrap();
    assert!(DeviceSignIn::begin(&http(&server), provider, options).await.is_err());
}
