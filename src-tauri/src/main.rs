//! The shell.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

fn main() {
    let _ = tauri::Builder::default().run(tauri::generate_context!());
}
