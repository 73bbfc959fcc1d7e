//! Ending the app with an open session.

use std::time::Duration;

use contract::{Fault, QuitChoice};

use crate::{App, convert};

/// How long the operating system is kept waiting when it ends.
const AT_MOST: Duration = Duration::from_secs(3);

impl App {
    /// Ends the app as the person chose. The choice is in the record before it is done.
    ///
    /// # Errors
    /// When the endpoint does not keep the session for which it was asked; the app goes on then.
    pub async fn app_quit(&self, choice: QuitChoice) -> Result<(), Fault> {
        if let Some(session) = self.session() {
            match choice {
                // The page leads to the closing now.
                QuitChoice::CloseFirst => {
                    session.note_quit("close_first").await;
                    return Ok(());
                }
                QuitChoice::EndNow => {
                    session.note_quit("end_now").await;
                    session.leave().await;
                    self.lock().session = None;
                }
                // What runs goes on at the endpoint; the record says so and is offered at the next start.
                QuitChoice::KeepRunning => {
                    session.note_quit("keep_running").await;
                    session.disconnect().await.map_err(|fault| convert::fault(&fault))?;
                }
            }
        }
        self.host.quit();
        Ok(())
    }

    /// The operating system ends us: the session is left running where that works in time (F-30).
    pub async fn ended_by_system(&self) {
        let Some(session) = self.session() else { return };
        let left = tokio::time::timeout(AT_MOST, async {
            session.note_quit("system").await;
            session.disconnect().await
        });
        match left.await {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => tracing::warn!(code = fault.text(), "The session was not left running"),
            Err(_) => tracing::warn!("The session was not left running in time"),
        }
    }
}
