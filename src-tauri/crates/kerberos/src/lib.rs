#![doc = include_str!("../README.md")]

#[cfg(any(target_os = "linux", windows))]
mod channel;
mod client;
#[cfg_attr(target_os = "linux", path = "ffi.rs")]
#[cfg_attr(windows, path = "sspi.rs")]
#[cfg(any(target_os = "linux", windows))]
mod system;

pub use client::Kerberos;
