//! Who passes a video on: its channel, its server, and channels and servers elsewhere. Boosts by people are none.

pub mod federate;
pub mod store;
