#![doc = include_str!("../README.md")]
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]
#![cfg_attr(test, allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::unwrap_used))]

mod decimal;
mod decode;
mod display;
mod encode;
mod escape;
mod float;
mod object;
mod string;
mod temporal;
mod text_forms;
mod unreadable;
mod value;

pub use decimal::Decimal;
pub use decode::{DecodeError, Limits, decode, decode_with};
pub use encode::{encode, encode_to_string};
pub use float::{double_text, single_text};
pub use object::{Content, Object, Property, enum_value, type_names};
pub use string::PsString;
pub use temporal::{DateTime, TimeSpan, Zone};
pub use unreadable::{Unreadable, holds_secret};
pub use value::{ProgressRecord, SecureString, Value, Version};

pub use uuid::Uuid;
