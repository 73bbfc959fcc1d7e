//! The practice PEP: a fictional stamp that speaks the real protocol from the server role.
//!
//! Above the exchange of one HTTP request for one answer it is the real thing: NTLM sign-in, sealed messages, WS-Management,
//! PSRP, a restricted list of commands. Only what the commands do is made up, by scenario files.
//!
//! It fails closed: it knows one account, `PRACTICE\CloudAdmin`, with a password that is new at every start.

mod binder;
mod clock;
mod cmdlets;
mod commands;
mod connection;
mod pep;
mod pipeline;
mod play;
mod scenario;
mod serve;
mod service;
mod shell;
mod world;

pub use clock::PracticeClock;
pub use connection::Connection;
pub use pep::{PracticeOptions, PracticePep};
pub use scenario::{Scenario, ScenarioError};
pub use serve::serve;
