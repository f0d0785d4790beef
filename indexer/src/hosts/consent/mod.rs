//! With whose consent is something found?
//!
//! **Invariant:** who has opted out is neither read nor found, from the moment at which the opt-out is committed until they
//! opt in again. An opt-out proves itself: an instance by a file that only its administrators can put there, an account or a
//! channel by a token in a description that only its owner can change. `docs/admin/consent.md` says all of it to those
//! whom it concerns.

mod actions;
mod declaration;
mod desk;
pub mod rules;
pub(crate) mod store;
mod subject;
mod turns;

pub(super) use actions::settle_host;
pub use actions::{
    OptOut, Proof, Settled, heed, heed_all, heed_document, is_opted_out, opt_in, opt_out, opt_outs, opted_out_of,
};
pub use declaration::{Declaration, PATH, Tokens};
pub(super) use desk::read_file;
pub use desk::{Answer, ConsentDesk, ConsentError};
pub use rules::{Objection, OptedOut};
pub use subject::{Owner, Subject};
