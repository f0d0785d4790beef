//! What every page and interface shares: errors as problem JSON or as a helpful page, files with ranges, built assets,
//! and the layers around every request.

mod assets;
mod components;
mod layers;
mod negotiate;
mod object;
mod page;
mod problem;

pub use assets::{asset_url, router as assets_router};
pub use components::{Moment, MomentPart, PageLink, Pagination, VideoCard, grouped};
pub use layers::{Embeddable, Nonce, RequestPolicy, wrap};
pub use negotiate::prefers_html;
pub use object::object_response;
pub use page::{ErrorPage, NavItem, Page, PageContext, Tab, UserBadge};
pub use problem::{ApiResult, Problem};
