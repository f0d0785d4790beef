//! Errors in the log are failures of the test that caused them; what else it says, a test may ask.

use std::{
    fmt::{Debug, Write},
    sync::{Mutex, MutexGuard, Once, PoisonError},
};

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{EnvFilter, Layer, fmt, layer::Context, prelude::*};

static ERRORS: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// All that operators see, errors included.
static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// What was logged since this was made.
#[derive(Debug)]
pub struct LogWatch {
    errors: usize,
    lines: usize,
}

impl LogWatch {
    /// Watches from now on. Warnings are printed with the output of the test; `RUST_LOG` asks for more.
    pub fn start() -> Self {
        static START: Once = Once::new();
        START.call_once(|| {
            let wanted = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
            let printer = fmt::layer().with_target(false).with_test_writer().with_filter(wanted);
            let _ = tracing_subscriber::registry().with(Collector).with(printer).try_init();
        });
        Self { errors: lock(&ERRORS).len(), lines: lock(&LINES).len() }
    }

    /// The errors. Worlds of other tests in the same process are in it, too: those errors are as wrong.
    pub fn errors(&self) -> Vec<String> {
        lock(&ERRORS).iter().skip(self.errors).cloned().collect()
    }

    /// All that operators see unless they ask for more, line by line, with the fields of each.
    pub fn lines(&self) -> Vec<String> {
        lock(&LINES).iter().skip(self.lines).cloned().collect()
    }
}

fn lock(lines: &'static Mutex<Vec<String>>) -> MutexGuard<'static, Vec<String>> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Collector;

impl<S: Subscriber> Layer<S> for Collector {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let is_error = *event.metadata().level() == Level::ERROR && !is_deliberate(event);
        let is_shown = *event.metadata().level() <= Level::INFO && is_ours(event);
        if !is_error && !is_shown {
            return;
        }
        let mut words = Words(event.metadata().target().to_owned());
        event.record(&mut words);
        if is_error {
            lock(&ERRORS).push(words.0.clone());
        }
        if is_shown {
            lock(&LINES).push(words.0);
        }
    }
}

/// Libraries have opinions of their own about what is an error.
fn is_deliberate(event: &Event<'_>) -> bool {
    ["sqlx", "hyper", "h2", "reqwest"].iter().any(|library| event.metadata().target().starts_with(library))
}

fn is_ours(event: &Event<'_>) -> bool {
    let ours = ["instance", "courier", "federation", "platform", "redundancy", "indexer", "search_ui", "p2p"];
    ours.iter().any(|program| event.metadata().target().starts_with(program))
}

struct Words(String);

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}
