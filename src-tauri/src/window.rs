//! The one window.

use std::sync::Arc;

use app::App;
use tauri::{AppHandle, DragDropEvent, Emitter as _, Manager as _, WebviewUrl, WebviewWindowBuilder, WindowEvent};

/// The label that the capability names.
pub(crate) const LABEL: &str = "main";

/// Opens the window. With an open session, closing it asks the page instead.
pub(crate) fn open(handle: &AppHandle, app: Arc<App>) -> tauri::Result<()> {
    let window = WebviewWindowBuilder::new(handle, LABEL, WebviewUrl::App("index.html".into()))
        .title("PEP Assistant")
        .inner_size(1100.0, 760.0)
        .min_inner_size(640.0, 480.0)
        // The page goes nowhere else (T-08).
        .on_navigation(|url| matches!(url.scheme(), "tauri") || url.host_str() == Some("tauri.localhost"))
        .build()?;
    let asked = window.clone();
    window.on_window_event(move |event| match event {
        WindowEvent::CloseRequested { api, .. } if app.has_open_session() => {
            api.prevent_close();
            if let Err(error) = asked.emit("close-requested", ()) {
                tracing::warn!(%error, "The page was not asked about closing");
            }
        }
        WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }) => {
            if let Some(path) = paths.iter().find(|path| path.is_file()) {
                app.file_given(path.clone());
            }
        }
        _ => {}
    });
    Ok(())
}

/// Brings the window to the front.
pub(crate) fn show(handle: &AppHandle) {
    if let Some(window) = handle.get_webview_window(LABEL) {
        let _ = window.unminimize();
        let _ = window.set_focus();
    }
}
