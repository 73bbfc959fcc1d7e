//! Finding the privileged endpoint: the administrator Resource Manager, and small servers that are no endpoint.

#![allow(missing_docs, reason = "tests")]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod app;
mod certificates;
mod pepctl;
mod probe;
mod profiles;
mod resources;
mod sign_in;

use arm::{AccessToken, Arm, ArmError, Http, Metadata, Place, Root};
use tests::arm_server::ArmServer;

/// A client that trusts the server's root, as a person who was asked would.
fn http(server: &ArmServer) -> Http {
    Http::new(&Root::read_all(server.root().as_bytes()).expect("a root")).expect("a client")
}

async fn metadata(server: &ArmServer) -> Result<Metadata, ArmError> {
    let url = Place::resource_manager_of(&server.url()).expect("an address");
    Metadata::read(&http(server), &url).await
}

async fn arm(server: &ArmServer, token: String) -> Arm {
    let metadata = metadata(server).await.expect("metadata");
    Arm::new(&http(server), &metadata, AccessToken::new(token))
}
