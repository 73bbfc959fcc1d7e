//! The desktop's services, for the app: folders, key ring, dialogs.

pub(crate) mod environment;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use app::host::{Host, SecretStore};
use directories::ProjectDirs;
use key_ring::KeyRing;
use rfd::{AsyncFileDialog, AsyncMessageDialog, MessageButtons, MessageDialogResult, MessageLevel};
use tauri::AppHandle;

/// What a boxed future looks like to the app.
type BoxFuture<T> = std::pin::Pin<Box<dyn Future<Output = T> + Send>>;

/// The surroundings on a desktop.
pub(crate) struct DesktopHost {
    handle: AppHandle,
    secrets: Arc<KeyRing>,
    started: Instant,
}

impl DesktopHost {
    pub(crate) fn new(handle: AppHandle, started: Instant) -> Self {
        Self { handle, secrets: Arc::new(KeyRing::default()), started }
    }
}

impl Host for DesktopHost {
    fn data_folder(&self) -> PathBuf {
        // Of this machine, not of a roaming profile (J-10).
        ProjectDirs::from("app", "", "pep-assistant")
            .map_or_else(|| PathBuf::from("pep-assistant"), |folders| folders.data_local_dir().to_owned())
    }

    fn secrets(&self) -> Arc<dyn SecretStore> {
        self.secrets.clone()
    }

    fn pick_file(&self) -> BoxFuture<Option<PathBuf>> {
        let picked = AsyncFileDialog::new().set_title("Choose a file").pick_file();
        Box::pin(async move { picked.await.map(|file| file.path().to_owned()) })
    }

    fn pick_save(&self, name: String) -> BoxFuture<Option<PathBuf>> {
        let picked = AsyncFileDialog::new().set_title("Save stamp information").set_file_name(name).save_file();
        Box::pin(async move { picked.await.map(|file| file.path().to_owned()) })
    }

    fn open_url(&self, url: &str) -> std::io::Result<()> {
        open::that_detached(url)
    }

    fn confirm(&self, title: String, question: String) -> BoxFuture<bool> {
        let asked = AsyncMessageDialog::new()
            .set_level(MessageLevel::Warning)
            .set_title(title)
            .set_description(question)
            .set_buttons(MessageButtons::YesNo)
            .show();
        Box::pin(async move { asked.await == MessageDialogResult::Yes })
    }

    fn painted(&self) {
        let after_ms = self.started.elapsed().as_millis();
        tracing::info!(after_ms, "The first screen is drawn");
    }

    fn quit(&self) {
        self.handle.exit(0);
    }
}
