//! Tokio driver for remote PowerShell sessions over WinRM
