//! The practice PEP: a fictional stamp that speaks the real protocol from the server role
