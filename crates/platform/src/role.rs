//! A role is what one process can be: an instance, an indexer, a mirror manager, a search site, or all of them.

use std::{pin::Pin, sync::Arc};

use axum::Router;

use crate::jobs::{JobSet, Schedule};

type Check = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;

/// What a role brings to the process.
#[derive(Debug)]
pub struct Role {
    /// Its name on the command line, in the log and in `/readyz`.
    pub name: &'static str,
    /// Its pages and interfaces.
    pub router: Router,
    /// The jobs that it knows how to do.
    pub jobs: JobSet,
    /// The jobs that come back by themselves.
    pub schedules: Vec<Schedule>,
    /// What must be true for it to be ready.
    pub health: Vec<HealthCheck>,
}

impl Role {
    /// A role without anything.
    pub fn new(name: &'static str) -> Self {
        Self { name, router: Router::new(), jobs: JobSet::new(), schedules: vec![], health: vec![] }
    }
}

/// Something that must be true for a role to be ready.
#[derive(Clone)]
pub struct HealthCheck {
    /// What is checked, in a word or two.
    pub name: &'static str,
    check: Check,
}

impl std::fmt::Debug for HealthCheck {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "HealthCheck({})", self.name)
    }
}

impl HealthCheck {
    /// A check that answers with a sentence about what is wrong.
    pub fn new<F>(name: &'static str, check: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        Self { name, check: Arc::new(move || Box::pin(check())) }
    }

    /// Runs it.
    ///
    /// # Errors
    /// What is wrong.
    pub async fn run(&self) -> Result<(), String> {
        (self.check)().await
    }
}
