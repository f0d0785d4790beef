//! Mirrors of other servers' videos: complete, checked copies from which this server can play a video when its origin is
//! gone.
//!
//! Invariants:
//!
//! - a copy is served, announced and counted when **all** of it is here, from one transaction on; before, nothing is;
//! - every media segment agreed with the hash that the origin published;
//! - copies and copies in progress together never take more than the budget;
//! - an interrupted copy goes on where its last checked segment ends.
//!
//! A video's life here: the host calls [`consider`] when it arrives; the worker decides ([`policy`], [`budget`]), copies,
//! and commits the copy together with its announcement ([`Announcer`]); players read it under [`serve::base_path`]; an hourly
//! check looks for what was missed and re-reads copies; [`forget`] ends it.
//!
//! The role knows no host: a host implements [`Catalogue`] and [`Announcer`].

#![warn(missing_docs)]

pub mod actions;
mod announce;
pub mod api;
pub mod budget;
mod catalogue;
mod config;
mod copy;
mod fetch;
mod files;
mod health;
mod jobs;
mod model;
mod pace;
mod part;
pub mod playlist;
pub mod policy;
mod progress;
pub mod serve;
mod store;
mod verify;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use platform::{Platform, role::Role};

pub use actions::{LocalCopy, consider, copies_of, forget, withdraw};
pub use announce::{Announcer, CacheFile};
pub use catalogue::{Candidate, Catalogue, MirrorSource, PictureKind, SourceFile, SourcePicture};
pub use config::Config;
pub use copy::CopyError;
pub use health::HealthError;
pub use model::{FileName, Mirror, MirrorId, MirrorState};
pub use playlist::PlaylistError;
pub use verify::{PlanError, WrongHash};

use crate::{fetch::Origin, pace::Pace};

/// What the role's workers share.
pub(crate) struct App {
    platform: Platform,
    config: Config,
    catalogue: Arc<dyn Catalogue>,
    announcer: Arc<dyn Announcer>,
    origin: Origin,
}

/// Brings the role; it works when the caller runs its jobs and schedules.
pub fn mount(
    platform: &Platform,
    config: Config,
    catalogue: Arc<dyn Catalogue>,
    announcer: Arc<dyn Announcer>,
) -> Role {
    let origin = Origin::new(platform.http.clone(), Pace::new(config.bandwidth));
    let app = Arc::new(App { platform: platform.clone(), config, catalogue, announcer, origin });
    Role {
        router: serve::router(platform),
        jobs: jobs::job_set(&app),
        schedules: jobs::schedules(),
        ..Role::new("redundancy")
    }
}
