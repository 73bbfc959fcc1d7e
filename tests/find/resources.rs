use std::time::Duration;

use arm::{ArmError, Location, TransportError};
use pep::Fault;
use pep::fault::code;
use serde_json::json;
use tests::arm_server::{AUDIENCE, ArmServer, Behaviour, Role};

use crate::{arm, metadata};

const HOUR: Duration = Duration::from_secs(3600);
const FABRIC: &str = "/subscriptions/f6b2f4a4-0000-4000-8000-0a1b2c3d4e5f/resourceGroups/System.east/providers/Microsoft.Fabric.Admin/fabricLocations";

async fn find(server: &ArmServer) -> Result<Vec<Location>, ArmError> {
    let token = server.token(AUDIENCE, HOUR);
    arm(server, token).await.find().await
}

#[tokio::test]
async fn the_addresses_are_found_with_four_requests() {
    let server = ArmServer::start(Behaviour::default());
    let found = find(&server).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].pep_addresses, ["192.0.2.224", "192.0.2.225", "192.0.2.226"]);
    assert_eq!(found[0].deployment_id.as_deref(), Some("3c2f0a5e-8d1b-4f7a-9a61-0b6f2d7f4c10"));
    assert_eq!(found[0].cloud_id.as_deref(), Some("7d9f1f54-3a54-4f0e-8a7c-5a2f3b1c9e77"));
    assert_eq!(found[0].time_server.as_deref(), Some("ntp.contoso.example"));
    assert_eq!(found[0].dns_servers.len(), 2);
    assert_eq!((found[0].exclusive_operation_running, found[0].exclusive_operation.as_deref()), (Some(false), None));
    // The provider's subscription is on the second page; its 200 answers carry a bare WWW-Authenticate.
    let asked = server.asked();
    let shown: Vec<bool> = asked.iter().map(|asked| asked.with_token).collect();
    assert_eq!(shown, [false, true, true, true], "{asked:?}");
    assert_eq!(asked[0].line, "GET /metadata/endpoints?api-version=2015-01-01");
    assert_eq!(asked[1].line, "GET /subscriptions?api-version=2016-06-01");
    assert_eq!(asked[3].line, format!("GET {FABRIC}?api-version=2016-05-01"));
}

#[tokio::test]
async fn a_running_update_is_told() {
    let server = ArmServer::start(Behaviour {
        location: json!({ "pepIpAddresses": ["192.0.2.224"], "exclusiveAdminOperationRunning": true,
            "exclusiveAdminOperationName": "MicrosoftUpdate", "externalDsnIPAddress01": "192.0.2.11" }),
        ..Behaviour::default()
    });
    let found = find(&server).await.unwrap().remove(0);
    assert_eq!(found.exclusive_operation.as_deref(), Some("MicrosoftUpdate"));
    assert_eq!((found.exclusive_operation_running, found.dns_servers), (Some(true), vec!["192.0.2.11".to_owned()]));
}

#[tokio::test]
async fn a_list_without_addresses_is_followed_by_the_single_answer() {
    let server = ArmServer::start(Behaviour { bare_list: true, ..Behaviour::default() });
    assert_eq!(find(&server).await.unwrap()[0].pep_addresses.len(), 3);
    assert_eq!(server.lines().last().unwrap(), &format!("GET {FABRIC}/east"));
}

#[tokio::test]
async fn the_region_comes_from_the_resource_groups_where_no_name_tells_it() {
    let server = ArmServer::start(Behaviour { portal: "https://192.0.2.1/", ..Behaviour::default() });
    assert_eq!(find(&server).await.unwrap()[0].region, "east");
    assert!(server.lines().iter().any(|line| line.ends_with("/resourcegroups")), "{:?}", server.lines());
}

#[tokio::test]
async fn other_versions_are_taken_from_the_refusal() {
    let server = ArmServer::start(Behaviour {
        metadata_versions: vec!["2019-05-01", "2018-01-01"],
        subscription_versions: vec!["2015-11-01", "2019-10-01", "2020-01-01-preview"],
        fabric_versions: vec!["2018-06-01-preview"],
        ..Behaviour::default()
    });
    assert_eq!(find(&server).await.unwrap()[0].pep_addresses.len(), 3);
    let asked = server.asked();
    assert!(asked[1].line.ends_with("2019-05-01"), "the list form is known: {asked:?}");
    assert!(asked.iter().any(|asked| asked.line == "GET /subscriptions?api-version=2019-10-01"), "{asked:?}");
    assert_eq!(asked.len(), 7, "each refusal costs one request: {asked:?}");
}

#[tokio::test]
async fn unknown_versions_only_are_named() {
    let server = ArmServer::start(Behaviour { metadata_versions: vec![], ..Behaviour::default() });
    assert_eq!(metadata(&server).await.unwrap_err(), ArmError::UnknownVersion { offered: vec![] });
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn refused_tokens_are_told_apart() {
    let server = ArmServer::start(Behaviour::default());
    for (token, wanted) in [
        (server.token(AUDIENCE, Duration::ZERO), ArmError::ExpiredToken),
        (server.token("https://graph.example/", HOUR), ArmError::WrongAudience { audience: AUDIENCE.into() }),
        ("made up".to_owned(), ArmError::TokenRefused { code: "InvalidAuthenticationToken".into() }),
        ("two\nlines".to_owned(), ArmError::BadToken),
    ] {
        let before = server.asked().len();
        assert_eq!(arm(&server, token).await.find().await.unwrap_err(), wanted);
        assert!(server.asked().len() - before <= 2, "a refused token is not tried again");
    }
}

#[tokio::test]
async fn missing_roles_are_told_apart() {
    let server = ArmServer::start(Behaviour { role: Role::None, ..Behaviour::default() });
    let seen = vec!["Metering Subscription".to_owned(), "Consumption Subscription".to_owned()];
    assert_eq!(find(&server).await.unwrap_err(), ArmError::NoProviderSubscription { seen });
    server.set(|behaviour| behaviour.role = Role::NotInside);
    assert_eq!(find(&server).await.unwrap_err(), ArmError::MissingRole { code: "AuthorizationFailed".into() });
}

#[tokio::test]
async fn a_list_is_followed_here_only_and_not_for_ever() {
    let other = ArmServer::start(Behaviour::default());
    let server = ArmServer::start(Behaviour { foreign_link: Some(other.url()), ..Behaviour::default() });
    assert_eq!(find(&server).await.unwrap_err(), ArmError::ForeignLink(other.url().trim_end_matches('/').into()));
    assert_eq!(other.asked(), [], "the token went nowhere else");
    server.set(|behaviour| (behaviour.foreign_link, behaviour.endless) = (None, true));
    assert_eq!(find(&server).await.unwrap_err(), ArmError::TooManyPages(100));
}

#[tokio::test]
async fn what_is_no_resource_manager_is_named() {
    let server = ArmServer::start(Behaviour::default());
    let html = b"<html>A web server</html>".to_vec();
    for (status, body) in [(200, html.clone()), (404, html.clone()), (200, b"{}".to_vec()), (401, Vec::new())] {
        server.set(|behaviour| behaviour.instead = Some((status, body, Vec::new())));
        let error = metadata(&server).await.unwrap_err();
        assert!(matches!(&error, ArmError::NotArm { status: told, .. } if *told == status), "{error}");
    }
    server.set(|behaviour| behaviour.instead = Some((503, Vec::new(), Vec::new())));
    assert!(matches!(metadata(&server).await.unwrap_err(), ArmError::Failed { status: 503, .. }));
}

#[tokio::test]
async fn redirects_bombs_and_compression_are_refused() {
    let other = ArmServer::start(Behaviour::default());
    let server = ArmServer::start(Behaviour::default());
    let transport = |error| match error {
        ArmError::Transport(error) => error,
        other => panic!("{other}"),
    };
    for status in [301, 302, 307, 308] {
        server.set(|behaviour| behaviour.instead = Some((status, Vec::new(), vec![("location", other.url())])));
        let error = metadata(&server).await.unwrap_err();
        // A network that wants a sign-in of its own, not a portal that is down.
        assert_eq!(Fault::of_arm(&error).code, code::ARM_BETWEEN);
        assert_eq!(transport(error), TransportError::Redirect { host: "localhost".into(), status, to: other.url() });
    }
    assert_eq!(other.asked(), [], "no redirect was followed");
    server.set(|behaviour| behaviour.instead = Some((200, vec![0; 20], vec![("content-encoding", "gzip".into())])));
    let error = metadata(&server).await.unwrap_err();
    assert_eq!(Fault::of_arm(&error).code, code::NOT_ARM);
    assert!(matches!(transport(error), TransportError::BadHttp { .. }));
}

#[tokio::test]
async fn what_does_not_speak_tls_is_another_service() {
    for answer in [&b"SSH-2.0-first\r\n"[..], b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", b""] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let _ = std::io::Read::read(&mut stream, &mut [0; 4096]);
                let _ = std::io::Write::write_all(&mut stream, answer);
            }
        });
        let place = format!("https://localhost:{port}/").parse().unwrap();
        let error = arm::Metadata::read(&arm::Http::new(&[]).unwrap(), &place).await.unwrap_err();
        assert!(matches!(&error, ArmError::Transport(TransportError::NoTls { .. })), "{error:?}");
        assert_eq!(Fault::of_arm(&error).code, code::NOT_ARM);
        assert!(!error.to_string().contains("://docs"), "{error}");
    }
}

#[tokio::test]
async fn a_region_without_addresses_is_told_as_that() {
    let server = ArmServer::start(Behaviour {
        location: json!({ "timeServer": "ntp.contoso.example" }),
        ..Behaviour::default()
    });
    let locations = find(&server).await.unwrap();
    let found = pep::find::of_locations(&metadata(&server).await.unwrap(), &locations);
    let fault = &found.problems[0].fault;
    assert_eq!((fault.code, fault.values["region"].as_str()), (code::ARM_NO_ADDRESSES, "east"));
    assert_eq!(found.value(pep::find::Fact::TimeServer), Some("ntp.contoso.example"), "the rest is kept");
}

#[tokio::test]
async fn p01_answers_are_limited_one_below_and_one_above() {
    let server = ArmServer::start(Behaviour::default());
    let arm = arm(&server, server.token(AUDIENCE, HOUR)).await;
    for (size, refused) in [(256 << 10, false), ((256 << 10) + 1, true), (3 << 20, true)] {
        server.set(|behaviour| behaviour.instead = Some((200, vec![b' '; size], Vec::new())));
        let error = metadata(&server).await.unwrap_err();
        let too_large =
            error == ArmError::Transport(TransportError::TooLarge { host: "localhost".into(), limit: 256 << 10 });
        assert_eq!(too_large, refused, "{size}: {error}");
    }
    // With a token, where lists are.
    for (size, refused) in [(8 << 20, false), ((8 << 20) + 1, true)] {
        server.set(|behaviour| behaviour.instead = Some((200, vec![b' '; size], Vec::new())));
        let error = arm.subscriptions().await.unwrap_err();
        assert_eq!(
            error == ArmError::Transport(TransportError::TooLarge { host: "localhost".into(), limit: 8 << 20 }),
            refused,
            "{size}: {error}"
        );
    }
    // Some are the server's own.
    let with = async |count: usize| {
        server.set(|behaviour| {
            let many = (0..count).map(|_| ("x-more", "1".to_owned())).collect();
            behaviour.instead = Some((200, Vec::new(), many));
        });
        matches!(metadata(&server).await.unwrap_err(), ArmError::Transport(TransportError::BadHttp { .. }))
    };
    let mut most = 40;
    while !with(most).await {
        most += 1;
    }
    assert!((58..=64).contains(&most), "the first that is refused has {most} and the server's own");
}

#[tokio::test]
async fn a_busy_or_failing_resource_manager_is_told() {
    let server = ArmServer::start(Behaviour::default());
    let token = server.token(AUDIENCE, HOUR);
    let arm = arm(&server, token).await;
    server.set(|behaviour| behaviour.instead = Some((429, Vec::new(), vec![("retry-after", "31".into())])));
    let before = server.asked().len();
    let error = arm.find().await.unwrap_err();
    assert_eq!(error, ArmError::Busy { seconds: Some(31) });
    assert!(error.to_string().contains("31 s"), "{error}");
    assert_eq!(server.asked().len() - before, 1, "so long is not waited for");
    assert_eq!(metadata(&server).await.unwrap_err(), ArmError::Busy { seconds: Some(31) });
    server.set(|behaviour| behaviour.instead = Some((500, b"{}".to_vec(), Vec::new())));
    let error = arm.find().await.unwrap_err();
    assert_eq!(error, ArmError::Failed { status: 500, code: String::new(), seconds: None });
    assert!(error.to_string().contains("(HTTP 500)"), "{error}");
    server.set(|behaviour| behaviour.instead = Some((200, b"[]".to_vec(), Vec::new())));
    assert!(matches!(arm.find().await.unwrap_err(), ArmError::BadAnswer(_)));
    let page = (200, b"<html>".to_vec(), vec![("content-type", "text/html; charset=utf-8".to_owned())]);
    server.set(|behaviour| behaviour.instead = Some(page));
    assert_eq!(arm.find().await.unwrap_err(), ArmError::BadAnswer("it is text/html instead of JSON".into()));
}

#[tokio::test]
async fn what_cannot_be_answered_now_is_asked_again_a_few_times() {
    let server = ArmServer::start(Behaviour::default());
    let arm = arm(&server, server.token(AUDIENCE, HOUR)).await;
    let busy = |status, after: &str| (status, Vec::new(), vec![("retry-after", after.to_owned())]);
    server.set(|behaviour| {
        behaviour.once = vec![("/subscriptions", busy(429, "1")), ("/fabricLocations", busy(503, "0"))];
    });
    let (before, began) = (server.asked().len(), std::time::Instant::now());
    assert_eq!(arm.find().await.unwrap()[0].pep_addresses.len(), 3);
    assert_eq!(server.asked().len() - before, 5, "three questions, two of them twice: {:?}", server.asked());
    assert!(began.elapsed() >= Duration::from_secs(2), "as long as it says, and never without a pause");

    server.set(|behaviour| behaviour.once = vec![("/subscriptions", busy(503, "1")); 3]);
    let before = server.asked().len();
    let error = arm.find().await.unwrap_err();
    assert_eq!(error, ArmError::Failed { status: 503, code: String::new(), seconds: Some(1) });
    assert_eq!(server.asked().len() - before, 3);
}

#[tokio::test]
async fn a_link_that_nobody_needs_does_no_harm() {
    let server = ArmServer::start(Behaviour {
        page: 10,
        endless: true,
        foreign_link: Some("https://evil.example".into()),
        ..Behaviour::default()
    });
    let arm = arm(&server, server.token(AUDIENCE, HOUR)).await;
    assert!(matches!(arm.subscriptions().await.unwrap_err(), ArmError::ForeignLink(_)), "all of them cannot be read");
    // The provider's subscription is on the first page; the list of locations goes on elsewhere, and that is told.
    let before = server.asked().len();
    let error = arm.find().await.unwrap_err();
    assert_eq!(error, ArmError::ForeignLink("https://evil.example".into()));
    assert_eq!(server.asked().len() - before, 2, "the locations were reached");
}

#[tokio::test]
async fn a_region_with_another_name_inside_is_found_by_its_resource_group() {
    let server = ArmServer::start(Behaviour { region: "local", ..Behaviour::default() });
    let found = find(&server).await.unwrap();
    assert_eq!((found[0].region.as_str(), found[0].pep_addresses.len()), ("local", 3));
    let lines = server.lines();
    assert!(lines[3].contains("System.east") && lines.last().unwrap().contains("System.local"), "{lines:?}");
}

#[tokio::test]
async fn a_missing_provider_or_group_is_no_other_server() {
    let refused =
        |code: &str| (404, format!(r#"{{"error":{{"code":"{code}","message":"x"}}}}"#).into_bytes(), Vec::new());
    let server = ArmServer::start(Behaviour { region: "east", ..Behaviour::default() });
    for (code, says) in [
        ("InvalidResourceNamespace", "Microsoft.Fabric.Admin"),
        ("ResourceGroupNotFound", "resource group"),
        ("ResourceNotFound", "fabric"),
    ] {
        server.set(|behaviour| behaviour.once = vec![("/fabricLocations", refused(code))]);
        let error = find(&server).await.unwrap_err();
        let is_provider = matches!(&error, ArmError::NoProvider { code: told, .. } if told == code);
        let is_group = matches!(&error, ArmError::NoGroup { code: told, .. } if told == code);
        assert_eq!((is_provider, is_group), (code == "InvalidResourceNamespace", code != "InvalidResourceNamespace"));
        assert!(error.to_string().contains(says) && !error.to_string().contains("no administrator"), "{error}");
    }
    // The list tells a location, the single answer does not: what is known is kept.
    server.set(|behaviour| {
        behaviour.bare_list = true;
        behaviour.once = vec![("/fabricLocations/east", refused("ResourceNotFound"))];
    });
    let found = find(&server).await.unwrap();
    assert_eq!((found[0].region.as_str(), found[0].pep_addresses.len()), ("east", 0));
    assert!(found[0].cloud_id.is_some());
}

#[tokio::test]
async fn a_firewall_is_no_missing_role() {
    let server = ArmServer::start(Behaviour::default());
    let arm = arm(&server, server.token(AUDIENCE, HOUR)).await;
    let page = (403, b"<html>Blocked</html>".to_vec(), vec![("content-type", "text/html".to_owned())]);
    server.set(|behaviour| behaviour.instead = Some(page));
    let between = ArmError::Between { host: "localhost".into(), status: 403 };
    assert_eq!((arm.find().await.unwrap_err(), metadata(&server).await.unwrap_err()), (between.clone(), between));
}

#[tokio::test]
async fn a_mark_of_the_byte_order_does_not_matter() {
    let server = ArmServer::start(Behaviour::default());
    let body = format!(
        "\u{feff}{{\"portalEndpoint\":\"https://adminportal.east.a.example/\",\"authentication\":{{\"loginEndpoint\":\
         \"https://login.example/\",\"audiences\":[\"{AUDIENCE}\"]}}}}"
    );
    server.set(|behaviour| behaviour.once = vec![("/endpoints", (200, body.into_bytes(), Vec::new()))]);
    assert_eq!(metadata(&server).await.unwrap().audience(), AUDIENCE);
}
