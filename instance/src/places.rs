//! The places of the site: what the rail leads to, and the tabs of the places that are several pages.

use platform::web::{NavItem, Tab};

use crate::users::{Role, User};

/// A page of a place: its address, what its tab says, and its name among these tables.
type Entry = (&'static str, &'static str, &'static str);

/// What is the reader's own.
const LIBRARY: [Entry; 5] = [
    ("/my-videos", "Videos", "mine"),
    ("/my-playlists", "Playlists", "playlists"),
    ("/my-channels", "Channels", "channels"),
    ("/my-account", "Account", "account"),
    ("/my-account/blocks", "Blocks", "blocks"),
];

/// What moderators look after.
const MODERATED: [Entry; 3] = [
    ("/admin/abuses", "Reports", "reports"),
    ("/admin/video-blocks", "Blocked videos", "video-blocks"),
    ("/admin/moderation", "Blocked servers", "server-blocks"),
];

/// What only administrators look after.
const ADMINISTERED: [Entry; 3] = [
    ("/admin/following", "Following", "following"),
    ("/admin/followers", "Followers", "followers"),
    ("/admin/federation", "Federation", "federation"),
];

fn has(entries: &[Entry], current: &str) -> bool {
    entries.iter().any(|(_, _, name)| *name == current)
}

/// The places that the reader may go to; `current` is the name of the page that they are on.
pub(crate) fn rail(user: Option<&User>, current: &str) -> Vec<NavItem> {
    let item = |href: &str, label: &str, icon, current| NavItem {
        href: href.to_owned(),
        label: label.to_owned(),
        icon,
        current,
    };
    let mut rail = vec![
        item("/", "Home", "house", current == "home"),
        item("/videos/local", "This server", "server", current == "local"),
    ];
    let Some(user) = user else {
        rail.push(item("/login", "Log in", "log-in", current == "login"));
        return rail;
    };
    rail.push(item("/subscriptions", "Subscriptions", "bell", current == "subscriptions"));
    rail.push(item("/videos/upload", "Publish", "upload", current == "upload"));
    rail.push(item("/my-videos", "My library", "library", has(&LIBRARY, current)));
    if user.role() != Role::User {
        let is_here = has(&MODERATED, current) || has(&ADMINISTERED, current);
        rail.push(item("/admin/abuses", "Manage", "shield", is_here));
    }
    rail
}

/// The pages beside the one named `current`, and what they are about.
pub(crate) fn tabs(user: Option<&User>, current: &str) -> (Vec<Tab>, &'static str) {
    let Some(user) = user else { return (vec![], "") };
    let tab = |(href, label, name): &Entry| Tab { href, label, current: *name == current };
    if has(&LIBRARY, current) {
        return (LIBRARY.iter().map(tab).collect(), "My library");
    }
    if !has(&MODERATED, current) && !has(&ADMINISTERED, current) {
        return (vec![], "");
    }
    let administered = ADMINISTERED.iter().filter(|_| user.role() == Role::Administrator);
    (MODERATED.iter().chain(administered).map(tab).collect(), "Looking after the server")
}
