//! The operating system ends us: the open session is left running at the endpoint first.

use std::sync::Arc;

use app::App;
use tauri::AppHandle;

/// Waits for the system's request to end. The app keeps it waiting for three seconds at most.
pub(crate) fn watch(handle: &AppHandle, app: Arc<App>) {
    let handle = handle.clone();
    tauri::async_runtime::spawn(async move {
        match requested().await {
            Ok(()) => {
                app.ended_by_system().await;
                handle.exit(0);
            }
            Err(error) => tracing::warn!(%error, "The system's request to end will not be heard"),
        }
    });
}

#[cfg(unix)]
async fn requested() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut ended, mut hung_up, mut interrupted) =
        (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = ended.recv() => {}
        _ = hung_up.recv() => {}
        _ = interrupted.recv() => {}
    }
    Ok(())
}

#[cfg(windows)]
async fn requested() -> std::io::Result<()> {
    use tokio::signal::windows::{ctrl_close, ctrl_logoff, ctrl_shutdown};
    let (mut closed, mut logged_off, mut shut_down) = (ctrl_close()?, ctrl_logoff()?, ctrl_shutdown()?);
    tokio::select! {
        _ = closed.recv() => {}
        _ = logged_off.recv() => {}
        _ = shut_down.recv() => {}
    }
    Ok(())
}
