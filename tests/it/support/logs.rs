//! What the code under test logs.

use std::cell::RefCell;
use std::io;
use std::sync::Once;

use serde_json::Value;
use tracing_subscriber::filter::LevelFilter;

thread_local! {
    static CAPTURED: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// The log lines of this test, from the level that functions have in the template. A test and all
/// that it runs share a thread.
#[derive(Debug)]
pub(crate) struct Logs(());

impl Logs {
    /// Begins to capture.
    pub(crate) fn capture() -> Self {
        // One for all tests: `tracing` keeps for the whole process which places log at all, and a
        // subscriber of one thread would miss those that another thread has come by first.
        static SUBSCRIBER: Once = Once::new();
        SUBSCRIBER.call_once(|| {
            tracing_subscriber::fmt()
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .without_time()
                .with_max_level(LevelFilter::INFO)
                .with_writer(|| Captured)
                .init();
        });
        CAPTURED.set(Some(Vec::new()));
        Self(())
    }

    /// The lines since this was asked last.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let bytes = CAPTURED.replace(Some(Vec::new())).expect("capturing since `capture`");
        let text = String::from_utf8(bytes).expect("UTF-8");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        CAPTURED.set(None);
    }
}

struct Captured;

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        CAPTURED.with_borrow_mut(|captured| {
            if let Some(captured) = captured {
                captured.extend_from_slice(bytes);
            }
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
