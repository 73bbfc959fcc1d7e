//! A person who does nothing for half an hour (F-38): the endpoint takes a shell without a waiting Receive for left after about two
//! minutes. Here that is two seconds, and a Receive ends after half a second.

use std::time::Duration;

use psrp::{Command, PipelineState};
use serde_json::json;
use tests::peer::Peer;
use tests::session::Session;

fn peer() -> Peer {
    let peer = Peer::start(&[]);
    peer.control(json!({ "set": { "idle_limit": 2.0, "operation_timeout_cap": 0.5 } }));
    peer
}

#[tokio::test(flavor = "multi_thread")]
async fn f38_after_half_an_hour_without_a_command_the_next_one_works() {
    let peer = peer();
    let mut session = Session::open(&peer).await;
    let first = session.run(Command::new("Get-AzureStackStampInformation")).await;
    assert_eq!(first.state, PipelineState::Completed);
    let receives = || peer.state()["stats"]["receives"].as_u64().expect("a number");
    let before = receives();
    // Half an hour has fifteen times two minutes; so does this.
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(receives() - before > 20, "a Receive waited all the time");
    let second = session.run(Command::new("Get-AzureStackStampInformation")).await;
    assert_eq!((second.state, second.interruptions), (PipelineState::Completed, vec![]));
    assert_eq!(second.records.len(), first.records.len());
    assert!(peer.log("shell_idle").is_empty());
    session.handle.close().await.expect("it closes");
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn f38_the_peer_takes_a_shell_without_a_waiting_receive_for_left() {
    let peer = peer();
    let session = Session::open(&peer).await;
    // Receives are turned away, so that none waits: the client asks again in growing pauses.
    peer.rule(json!({ "do": "status", "action": "Receive", "arg": 503, "times": 0 }));
    tokio::time::sleep(Duration::from_secs(8)).await;
    peer.control(json!({ "clear_rules": true }));
    let _ = session.handle.invoke(Command::new("Get-Command").into()).await;
    for _ in 0..100 {
        if !peer.log("shell_idle").is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the limit of the peer does nothing");
}
