//! What the code under test logs.

use std::cell::RefCell;
use std::io;
use std::sync::Once;

use serde_json::Value;
use shared::runtime::logged;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

thread_local! {
    static CAPTURED: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// The log lines of this test. A test and all that it runs share a thread.
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
                .with_max_level(LevelFilter::TRACE)
                .with_writer(|| Captured)
                .finish()
                .with(logged(LevelFilter::DEBUG))
                .init();
        });
        CAPTURED.set(Some(Vec::new()));
        Self(())
    }

    /// The lines since they were asked for last, from the level that functions have in the template.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let mut lines = self.lines_with_debug();
        lines.retain(|line| line["level"] != "DEBUG");
        lines
    }

    /// The lines since they were asked for last, as with `LogLevel` `DEBUG`.
    pub(crate) fn lines_with_debug(&self) -> Vec<Value> {
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
