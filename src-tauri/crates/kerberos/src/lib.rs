#![doc = include_str!("../README.md")]

#[cfg(target_os = "linux")]
mod channel;
mod client;
#[cfg(target_os = "linux")]
mod ffi;

pub use client::Kerberos;
