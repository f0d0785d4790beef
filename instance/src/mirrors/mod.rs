//! What the instance is to the mirror manager: it knows the remote videos ([`InstanceCatalogue`]), tells other servers of
//! copies kept here ([`InstanceAnnouncer`]), and remembers the copies that others keep of our videos.

mod announcer;
mod catalogue;
pub mod federate;
pub mod store;

pub use announcer::InstanceAnnouncer;
pub use catalogue::InstanceCatalogue;
