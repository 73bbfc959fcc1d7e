//! The practice PEP: a fictional stamp that speaks the real protocol from the server role

mod clock;
mod commands;
mod scenario;

pub use clock::PracticeClock;
pub use scenario::{Scenario, ScenarioError};
