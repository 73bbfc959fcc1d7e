//! The shell: a window around the page, and the desktop's services for the app. Thin on purpose.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod commands;
mod ports;
mod shutdown;
mod window;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use app::{App, AppEvent};
use tauri::{Emitter as _, Manager as _};
use tokio::sync::mpsc;
use tracing_subscriber::filter::LevelFilter;

fn main() -> ExitCode {
    let started = Instant::now();
    let images = hardening::no_memory_images();
    if ports::environment::needs_clean_start() {
        return ports::environment::start_again();
    }
    // Nothing finer than this exists in a release, whatever the environment says (S-40).
    tracing_subscriber::fmt().with_max_level(LevelFilter::INFO).with_writer(std::io::stderr).init();
    if let Err(error) = images {
        tracing::warn!(%error, "A crash might leave an image of the memory");
    }
    match run(started) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "The app could not start");
            ExitCode::FAILURE
        }
    }
}

fn run(started: Instant) -> tauri::Result<()> {
    let files: Vec<PathBuf> =
        std::env::args_os().skip(1).map(PathBuf::from).filter(|path| path.is_file()).take(8).collect();
    tauri::Builder::default()
        // A second start shows the window of the first; a file that was opened with it goes there.
        .plugin(tauri_plugin_single_instance::init(|handle, arguments, folder| {
            window::show(handle);
            let files = arguments.iter().skip(1).map(|argument| Path::new(&folder).join(argument));
            if let (Some(file), Some(app)) =
                (files.into_iter().find(|path| path.is_file()), handle.try_state::<Arc<App>>())
            {
                app.file_given(file);
            }
        }))
        .setup(move |tauri| {
            let handle = tauri.handle().clone();
            let (tell, mut events) = mpsc::unbounded_channel::<AppEvent>();
            let app = App::new(Arc::new(ports::DesktopHost::new(handle.clone(), started)), tell, files);
            tauri.manage(Arc::clone(&app));
            shutdown::watch(&handle, Arc::clone(&app));
            window::open(&handle, app)?;
            tauri::async_runtime::spawn(async move {
                while let Some(event) = events.recv().await {
                    if let Ok(payload) = event.payload()
                        && let Err(error) = handle.emit_to(window::LABEL, event.name(), payload)
                    {
                        tracing::warn!(%error, "The page was not told");
                    }
                }
            });
            Ok(())
        })
        .invoke_handler(commands::handler())
        .run(tauri::generate_context!())
}
