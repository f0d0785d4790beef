//! Errors in the log are failures of the test that caused them.

use std::{
    fmt::{Debug, Write},
    sync::{Mutex, Once, PoisonError},
};

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{EnvFilter, Layer, fmt, layer::Context, prelude::*};

static ERRORS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The errors that were logged since this was made.
#[derive(Debug)]
pub struct ErrorWatch {
    from: usize,
}

impl ErrorWatch {
    /// Watches from now on. Warnings are printed with the output of the test; `RUST_LOG` asks for more.
    pub fn start() -> Self {
        static START: Once = Once::new();
        START.call_once(|| {
            let wanted = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
            let printer = fmt::layer().with_target(false).with_test_writer().with_filter(wanted);
            let _ = tracing_subscriber::registry().with(Collector).with(printer).try_init();
        });
        Self { from: errors().len() }
    }

    /// What was logged meanwhile. Worlds of other tests in the same process are in it, too: those errors are as wrong.
    pub fn seen(&self) -> Vec<String> {
        errors().iter().skip(self.from).cloned().collect()
    }
}

fn errors() -> std::sync::MutexGuard<'static, Vec<String>> {
    ERRORS.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Collector;

impl<S: Subscriber> Layer<S> for Collector {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == Level::ERROR && !is_deliberate(event) {
            let mut words = Words(event.metadata().target().to_owned());
            event.record(&mut words);
            errors().push(words.0);
        }
    }
}

/// Libraries have opinions of their own about what is an error.
fn is_deliberate(event: &Event<'_>) -> bool {
    ["sqlx", "hyper", "h2", "reqwest"].iter().any(|library| event.metadata().target().starts_with(library))
}

struct Words(String);

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}
