//! What directories change about the list.

use std::{collections::HashSet, time::Duration};

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
};

use super::{
    Directory, DirectoryStatus,
    read::{Extent, Listing},
    store,
};
use crate::hosts::{HostsError, Source, list_host, remove_host};

/// A directory is asked for what is new this often.
const INTERVAL: Duration = Duration::from_hours(1);
/// A directory is read from beginning to end this often.
const COMPLETE_INTERVAL: Duration = Duration::from_hours(24);
/// What came into the directory shortly before it was last read is asked for again, since clocks differ.
const OVERLAP: Duration = Duration::from_hours(2);
/// Of fewer instances any number may leave at once.
const FEW: usize = 10;

/// Follows these directories and no others. Whom only the others named is taken off the list.
///
/// # Errors
/// [`HostsError::Db`] if the database refuses.
pub async fn follow_configuration(tx: &mut Tx, directories: &[Directory], now: Timestamp) -> Result<(), HostsError> {
    let wanted: HashSet<String> = directories.iter().map(ToString::to_string).collect();
    for known in store::all(tx).await? {
        if !wanted.contains(&known.address) {
            store::delete(tx, &known.address).await?;
        }
    }
    for address in &wanted {
        store::insert(tx, address).await?;
    }
    remove_orphans(tx, now).await
}

/// How reading each directory goes.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn status(conn: &mut Connection) -> Result<Vec<DirectoryStatus>, DbError> {
    store::all(conn).await
}

/// Whether it is time to read a directory, and then how much of it.
pub fn due(directory: &DirectoryStatus, now: Timestamp) -> Option<Extent> {
    let is_over = |moment: Option<Timestamp>, span: Duration| moment.is_none_or(|moment| moment + span <= now);
    if !is_over(directory.tried_at, INTERVAL) {
        return None;
    }
    match directory.read_at {
        Some(read_at) if !is_over(directory.read_completely_at, COMPLETE_INTERVAL) => {
            Some(Extent::Since(read_at - OVERLAP))
        }
        _ => Some(Extent::Everything),
    }
}

/// Brings the list in line with what a directory says; `here` is this server, which does not read itself.
pub async fn update(
    tx: &mut Tx,
    address: &str,
    listing: &Listing,
    here: &str,
    now: Timestamp,
) -> Result<(), HostsError> {
    let members: HashSet<String> = store::hosts_of(tx, address).await?.into_iter().collect();
    // Whom the operator took off by hand is a member still, and does not come back with every reading.
    for origin in listing.named.iter().filter(|origin| origin.host() != here && !members.contains(origin.host())) {
        store::add_host(tx, address, origin.host()).await?;
        match list_host(tx, origin, Source::Directory, now).await {
            Ok(_) | Err(HostsError::OptedOut(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let mut complaint = None;
    if let Some(all) = &listing.all {
        let gone: Vec<&String> = members.iter().filter(|host| !all.contains(*host)).collect();
        complaint = doubt(members.len(), gone.len());
        if complaint.is_none() {
            for host in gone {
                store::remove_host(tx, address, host).await?;
            }
            remove_orphans(tx, now).await?;
        }
    }
    store::note_reading(tx, address, listing.all.is_some(), complaint.as_deref(), now).await?;
    Ok(())
}

/// Why it is not believed that so many have left; a directory that was emptied by mistake would empty the index.
fn doubt(members: usize, gone: usize) -> Option<String> {
    (members > FEW && gone * 2 > members).then(|| {
        format!(
            "it no longer names {gone} of the {members} instances that it named before, which is hard to believe: nobody \
             was taken out"
        )
    })
}

async fn remove_orphans(tx: &mut Tx, now: Timestamp) -> Result<(), HostsError> {
    for host in store::orphans(tx).await? {
        remove_host(tx, &host, now).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use platform::{
        clock::{Clock, FakeClock},
        testing::TestDatabase,
    };

    use super::*;
    use crate::{
        hosts::{self, Origin, consent},
        store as videos,
    };

    const LIST: &str = "/etc/shoal/hosts.txt";
    const OTHER: &str = "https://list.example/";

    fn now() -> Timestamp {
        FakeClock::default().now()
    }

    fn listing(hosts: &[&str]) -> Listing {
        let named: Vec<_> = hosts.iter().map(|host| Origin::parse(host, false).unwrap()).collect();
        Listing { all: Some(hosts.iter().map(|host| (*host).to_owned()).collect()), named }
    }

    async fn follow(tx: &mut Tx, addresses: &[&str]) {
        let directories: Vec<_> = addresses.iter().map(|text| Directory::parse(text, false).unwrap()).collect();
        follow_configuration(tx, &directories, now()).await.unwrap();
    }

    async fn begin(database: &TestDatabase) -> Tx {
        let mut tx = database.db.begin().await.unwrap();
        videos::initialise(&mut tx, "epoch").await.unwrap();
        follow(&mut tx, &[LIST, OTHER]).await;
        tx
    }

    async fn says(tx: &mut Tx, address: &str, listing: &Listing) {
        update(tx, address, listing, "here.example", now()).await.unwrap();
    }

    async fn listed(tx: &mut Tx) -> Vec<String> {
        hosts::status(tx).await.unwrap().into_iter().map(|status| status.host).collect()
    }

    #[tokio::test]
    async fn whom_a_directory_names_comes_and_goes_with_it() {
        let database = TestDatabase::new().await;
        let mut tx = begin(&database).await;
        says(&mut tx, LIST, &listing(&["a.example", "b.example", "here.example"])).await;
        assert_eq!(listed(&mut tx).await, ["a.example", "b.example"], "this server does not read itself");
        says(&mut tx, OTHER, &listing(&["b.example"])).await;
        says(&mut tx, LIST, &listing(&["a.example"])).await;
        assert_eq!(listed(&mut tx).await, ["a.example", "b.example"], "the other directory names it");
        follow(&mut tx, &[LIST]).await;
        assert_eq!(listed(&mut tx).await, ["a.example"]);
    }

    #[tokio::test]
    async fn what_is_new_is_added_and_nothing_goes_until_all_was_read() {
        let database = TestDatabase::new().await;
        let mut tx = begin(&database).await;
        says(&mut tx, LIST, &listing(&["a.example"])).await;
        says(&mut tx, LIST, &Listing { all: None, ..listing(&["b.example"]) }).await;
        assert_eq!(listed(&mut tx).await, ["a.example", "b.example"]);
        assert_eq!(status(&mut tx).await.unwrap()[0].host_count, 2);
    }

    #[tokio::test]
    async fn another_reason_outlives_a_directory_and_a_directory_outlives_the_configuration() {
        let database = TestDatabase::new().await;
        let mut tx = begin(&database).await;
        hosts::add_host(&mut tx, "a.example", false, now()).await.unwrap();
        hosts::follow_configuration(&mut tx, &["b.example".to_owned()], false, now()).await.unwrap();
        says(&mut tx, LIST, &listing(&["a.example", "b.example"])).await;
        hosts::follow_configuration(&mut tx, &[], false, now()).await.unwrap();
        assert_eq!(listed(&mut tx).await, ["a.example", "b.example"]);
        says(&mut tx, LIST, &listing(&["c.example"])).await;
        assert_eq!(listed(&mut tx).await, ["a.example", "c.example"]);
    }

    #[tokio::test]
    async fn who_was_taken_off_or_has_opted_out_does_not_come_back() {
        let database = TestDatabase::new().await;
        let mut tx = begin(&database).await;
        let subject = consent::Subject::parse("out.example", false).unwrap();
        consent::opt_out(&mut tx, &subject, consent::Proof::File, now()).await.unwrap();
        let named = listing(&["a.example", "out.example", "off.example"]);
        says(&mut tx, LIST, &named).await;
        assert_eq!(hosts::remove_host(&mut tx, "off.example", now()).await.unwrap(), Source::Directory);
        says(&mut tx, LIST, &named).await;
        assert_eq!(listed(&mut tx).await, ["a.example"]);
    }

    #[tokio::test]
    async fn a_directory_that_suddenly_names_almost_nobody_is_not_believed() {
        let database = TestDatabase::new().await;
        let mut tx = begin(&database).await;
        let names: Vec<String> = (0..20).map(|number| format!("s{number}.example")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        says(&mut tx, LIST, &listing(&names)).await;
        says(&mut tx, LIST, &listing(&[])).await;
        assert_eq!(listed(&mut tx).await.len(), 20);
        let complaint = status(&mut tx).await.unwrap()[0].last_error.clone().unwrap();
        assert!(complaint.contains("20 of the 20"), "{complaint}");
        says(&mut tx, LIST, &listing(&names[..12])).await;
        assert_eq!((listed(&mut tx).await.len(), &status(&mut tx).await.unwrap()[0].last_error), (12, &None));
    }

    #[test]
    fn a_directory_is_asked_every_hour_and_read_completely_every_day() {
        let clock = FakeClock::default();
        let at = |hours: u64| Some(clock.now() - Duration::from_hours(hours));
        let read = |tried_at, read_at, read_completely_at| {
            let address = LIST.to_owned();
            let status =
                DirectoryStatus { address, read_at, read_completely_at, tried_at, last_error: None, host_count: 0 };
            due(&status, clock.now())
        };
        assert_eq!(read(None, None, None), Some(Extent::Everything));
        assert_eq!(read(at(0), at(0), at(0)), None);
        assert_eq!(read(at(1), at(1), at(2)), Some(Extent::Since(clock.now() - Duration::from_hours(3))));
        assert_eq!(read(at(1), at(1), at(24)), Some(Extent::Everything));
        assert_eq!(read(at(0), None, None), None, "a failure is not tried again at once");
    }
}
