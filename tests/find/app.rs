//! The page's way to the Resource Manager: who signs in, whose certificate counts, and what is left of it.

use app::dispatch;
use serde_json::{Value, json};
use tests::arm_server::{ArmServer, Behaviour, DeviceStep, Role};
use tests::page::Page;

fn ask(server: &ArmServer, by_code: bool) -> Value {
    json!({ "ask": { "address": server.url(), "byCode": by_code } })
}

/// A page that trusts the server's root, as a person who compared it.
async fn trusting(server: &ArmServer) -> Page {
    let mut page = Page::open();
    let refused = page.ask("arm_begin", ask(server, true)).await;
    let sha256 = &refused["offer"]["sha256"];
    let trusted = page.ask("arm_trust", json!({ "root": { "kind": "offered", "sha256": sha256 } })).await;
    assert_eq!(trusted, true, "{refused}");
    page
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_root_is_trusted_by_a_person_for_one_stamp_and_forgotten_with_it() {
    let server = ArmServer::start(Behaviour::default());
    let mut page = Page::open();
    let roots = page.folder.path().join("roots.json");
    let refused = page.ask("arm_begin", ask(&server, true)).await;
    assert_eq!((&refused["kind"], &refused["fault"]["code"]), (&json!("untrusted"), &json!("PEP-3301")), "{refused}");
    assert_eq!(server.asked(), [], "nothing is asked of it");
    let wanted = arm::Root::read_all(server.root().as_bytes()).unwrap()[0].fingerprint();
    assert_eq!((&refused["offer"]["sha256"], &refused["canTrust"]), (&json!(wanted), &json!(true)));

    // Another fingerprint, and a No of the operating system, trust nobody; an offer serves once.
    let offered = |sha256: &str| json!({ "root": { "kind": "offered", "sha256": sha256 } });
    assert_eq!(page.ask("arm_trust", offered("00:11")).await, false);
    assert_eq!(page.ask("arm_trust", offered(&wanted)).await, false);
    page.ask("arm_begin", ask(&server, true)).await;
    page.surroundings.lock().unwrap().says_no = true;
    assert_eq!(page.ask("arm_trust", offered(&wanted)).await, false);
    assert!(!roots.exists());
    page.surroundings.lock().unwrap().says_no = false;
    page.ask("arm_begin", ask(&server, true)).await;
    assert_eq!(page.ask("arm_trust", offered(&wanted)).await, true);
    assert!(page.surroundings.lock().unwrap().asked.last().unwrap().contains(&wanted), "the system shows it");

    let step = page.ask("arm_begin", ask(&server, true)).await;
    assert_eq!((&step["kind"], &step["code"]["code"]), (&json!("signIn"), &json!("B4WD-7GHQ")), "{step}");
    let told = page.ask("arm_finish", json!({})).await;
    assert_eq!(told["kind"], "read", "{told}");
    let kept = page.ask("stamp_keep", json!({ "stamp": told["found"]["stamp"], "forgetFormer": false })).await;
    assert_eq!(kept["stamp"]["addresses"].as_array().unwrap().len(), 3, "{kept}");
    let forgotten = page.ask("stamp_forget", json!({ "stampId": kept["stamp"]["id"], "records": false })).await;
    assert_eq!(forgotten["roots"], 1, "{forgotten}");
    assert_eq!(page.ask("arm_begin", ask(&server, true)).await["kind"], "untrusted", "it is asked again");
    tests::page::only(&page.decisions(), "root_trusted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_out_of_a_file_is_trusted_too() {
    let server = ArmServer::with_chain(Behaviour::default(), tests::arm_server::Chain::LeafOnly);
    let mut page = Page::open();
    let refused = page.ask("arm_begin", ask(&server, true)).await;
    assert_eq!((&refused["offer"], &refused["canTrust"]), (&Value::Null, &json!(true)), "{refused}");
    let file = page.folder.path().join("root.pem");
    std::fs::write(&file, "no certificate").unwrap();
    page.surroundings.lock().unwrap().file = Some(file.clone());
    let wrong = page.call("arm_trust", json!({ "root": { "kind": "file" } })).await.unwrap_err();
    assert_eq!(wrong["code"], "PEP-3302", "{wrong}");
    std::fs::write(&file, server.root()).unwrap();
    page.ask("arm_begin", ask(&server, true)).await;
    assert_eq!(page.ask("arm_trust", json!({ "root": { "kind": "file" } })).await, true);
    assert_eq!(page.ask("arm_begin", ask(&server, true)).await["kind"], "signIn");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_of_this_computer_signs_in_and_the_page_sees_no_secret_of_it() {
    let server = ArmServer::start(Behaviour::default());
    server.set(|behaviour| {
        behaviour.location["exclusiveAdminOperationRunning"] = true.into();
        behaviour.location["exclusiveAdminOperationName"] = "Update 1.2".into();
    });
    let mut page = trusting(&server).await;
    let step = page.ask("arm_begin", ask(&server, false)).await;
    assert_eq!(
        (&step["kind"], &step["code"], &step["provider"]),
        (&json!("signIn"), &Value::Null, &json!("localhost"))
    );
    let opened = page.surroundings.lock().unwrap().opened.clone();
    assert_eq!(opened.len(), 1, "{opened:?}");
    let client = server.browser();
    let person = async { client.get(&opened[0]).send().await.unwrap().status().as_u16() };
    let (told, status) = tokio::join!(dispatch(&page.app, "arm_finish", json!({})), person);
    let (told, status) = (told.unwrap(), status);
    assert_eq!((&told["kind"], status), (&json!("read"), 200), "{told}");
    let found = &told["found"];
    let hosts: Vec<_> =
        found["candidates"].as_array().unwrap().iter().map(|one| one["address"]["host"].as_str().unwrap()).collect();
    assert_eq!(hosts, ["192.0.2.224", "192.0.2.225", "192.0.2.226"]);
    let fact = |name: &str| {
        let all = found["learnt"].as_array().unwrap().iter();
        all.filter(|one| one["fact"] == name).map(|one| one["value"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(fact("cloud_id"), ["7d9f1f54-3a54-4f0e-8a7c-5a2f3b1c9e77"]);
    assert_eq!(fact("deployment_id"), ["3c2f0a5e-8d1b-4f7a-9a61-0b6f2d7f4c10"]);
    assert_eq!((fact("time_server").len(), fact("dns_server").len()), (1, 2));
    assert_eq!(
        (fact("exclusive_operation_running"), fact("exclusive_operation")),
        (vec!["true".into()], vec!["Update 1.2".into()])
    );
    // What belongs to the sign-in stays outside of the page, and the token of everything.
    let query: Vec<(String, String)> = url::Url::parse(&opened[0]).unwrap().query_pairs().into_owned().collect();
    let secrets: Vec<_> = query.iter().filter(|(name, _)| name == "state" || name == "code_challenge").collect();
    assert_eq!(secrets.len(), 2);
    page.heard.push(told.to_string());
    for (name, value) in secrets {
        assert!(!page.heard.iter().any(|line| line.contains(value.as_str())), "the page was told the {name}");
    }
    for entry in std::fs::read_dir(page.folder.path()).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(["roots.json", "records"].contains(&name.as_str()), "{name} was written");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_gives_up_is_not_waited_for() {
    let server = ArmServer::start(Behaviour { device_steps: vec![DeviceStep::Pending; 1000], ..Behaviour::default() });
    let mut page = trusting(&server).await;
    page.ask("arm_begin", ask(&server, true)).await;
    let stop = async {
        // The question for the token is under way.
        while !server.lines().iter().any(|line| line.ends_with("/token")) {
            tokio::task::yield_now().await;
        }
        dispatch(&page.app, "arm_cancel", json!({})).await
    };
    let (told, stopped) = tokio::join!(dispatch(&page.app, "arm_finish", json!({})), stop);
    assert_eq!((told.unwrap(), stopped.is_ok()), (json!({ "kind": "nothing" }), true));
    assert_eq!(page.ask("arm_finish", json!({})).await["kind"], "nothing", "and nothing is left to wait for");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_refuses_is_told_by_its_code() {
    let server = ArmServer::start(Behaviour::default());
    let mut page = trusting(&server).await;
    for (role, code) in [(Role::NotInside, "PEP-4405"), (Role::None, "PEP-4405")] {
        server.set(|behaviour| behaviour.role = role);
        page.ask("arm_begin", ask(&server, true)).await;
        let told = page.ask("arm_finish", json!({})).await;
        assert_eq!((&told["kind"], &told["fault"]["code"]), (&json!("failed"), &json!(code)), "{told}");
    }
    let consent = json!({ "error": "invalid_grant", "error_description": "AADSTS65001: not consented" });
    let answer = (400, consent.to_string().into_bytes(), vec![("content-type", "application/json".to_owned())]);
    server.set(|behaviour| behaviour.once = vec![("/token", answer)]);
    page.ask("arm_begin", ask(&server, true)).await;
    let told = page.ask("arm_finish", json!({})).await;
    assert_eq!((&told["fault"]["code"], &told["fault"]["values"]["host"]), (&json!("PEP-4406"), &json!("localhost")));
    assert_eq!(told["fault"]["values"]["told"], "invalid_grant: AADSTS65001: not consented");
    server.set(|behaviour| behaviour.device_code = false);
    let told = page.ask("arm_begin", ask(&server, true)).await;
    assert_eq!((&told["kind"], &told["fault"]["code"]), (&json!("failed"), &json!("PEP-4402")), "{told}");
    for (address, code) in [("http://east.a.example", "PEP-2302"), ("https://localhost:9", "PEP-2301")] {
        let told = page.ask("arm_begin", json!({ "ask": { "address": address, "byCode": true } })).await;
        assert_eq!(told["fault"]["code"], code, "{told}");
    }
}
