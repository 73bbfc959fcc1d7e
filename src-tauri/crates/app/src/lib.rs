//! One function per page command, without Tauri
