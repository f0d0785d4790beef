//! Opting out and in, however it was proved.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
};

use super::{Declaration, Objection, OptedOut, Subject, store};
use crate::hosts::{self, HostsError, Origin, Source, directories};

/// What an opt-out rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// The consent file of the instance.
    File,
    /// A token in the description of the account or channel.
    Description,
    /// What the account or channel says about itself to everybody. It holds as long as it is said.
    Tag,
    /// What its document says to other servers (`indexable: false`). It holds as long as it is said there.
    Document,
    /// The operator of this index, who was asked by other ways.
    Operator,
}

impl Proof {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Description => "description",
            Self::Tag => "tag",
            Self::Document => "document",
            Self::Operator => "operator",
        }
    }
}

/// Somebody who has opted out.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct OptOut {
    /// The instance, or that of the account or channel.
    pub host: String,
    /// The name of the account or channel; empty for a whole instance.
    pub name: String,
    /// What it rests on: `file`, `description`, `tag`, `document` or `operator`.
    pub proof: String,
    /// Since when.
    pub opted_out_at: Timestamp,
}

/// Ends being found, and takes away what was known; tells how many videos that were.
///
/// Idempotent: who has opted out already has opted out.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn opt_out(tx: &mut Tx, subject: &Subject, proof: Proof, now: Timestamp) -> Result<u64, DbError> {
    store::insert(tx, subject, proof, now).await?;
    match subject {
        Subject::Host(origin) => hosts::unlist(tx, origin.host(), now).await,
        Subject::Actor { name, origin } => hosts::remove_actor(tx, origin.host(), name, now).await,
    }
}

/// Permits being found again; tells whether somebody had opted out. What is on the list is read again at once.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn opt_in(tx: &mut Tx, subject: &Subject, now: Timestamp) -> Result<bool, DbError> {
    let was_out = store::delete(tx, subject).await?;
    let host = subject.origin().host();
    if hosts::store::origin_of(tx, host).await?.is_some() {
        hosts::enqueue_visit(tx, host, now).await?;
    }
    Ok(was_out)
}

/// Heeds what an account or a channel says about itself in its description ([`rules::of_actor`](super::rules::of_actor)),
/// wherever that was read. What is said no longer holds no longer; an opt-out that was proved otherwise stays.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn heed(
    tx: &mut Tx,
    subject: &Subject,
    objection: Option<Objection>,
    now: Timestamp,
) -> Result<Settled, DbError> {
    heed_said(tx, subject, objection, &[Proof::Tag], now).await
}

/// The same of its document, which holds its description and more.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn heed_document(
    tx: &mut Tx,
    subject: &Subject,
    objection: Option<Objection>,
    now: Timestamp,
) -> Result<Settled, DbError> {
    heed_said(tx, subject, objection, &[Proof::Tag, Proof::Document], now).await
}

/// Who says nothing of the kind takes back what else was proved in this way.
async fn heed_said(
    tx: &mut Tx,
    subject: &Subject,
    objection: Option<Objection>,
    proofs: &[Proof],
    now: Timestamp,
) -> Result<Settled, DbError> {
    if let Some(objection) = objection {
        let proof = if objection == Objection::NotIndexable { Proof::Document } else { Proof::Tag };
        return Ok(Settled::OptedOut(opt_out(tx, subject, proof, now).await?));
    }
    let mut was_out = false;
    for proof in proofs {
        was_out |= store::delete_of_proof(tx, subject, *proof).await?;
    }
    if !was_out {
        return Ok(Settled::Unchanged);
    }
    opt_in(tx, subject, now).await?;
    Ok(Settled::OptedIn)
}

/// Heeds what accounts and channels of an instance say about themselves where something of theirs was read, and tells who
/// is out then.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn heed_all(
    tx: &mut Tx,
    origin: &Origin,
    wishes: &[(String, Option<Objection>)],
    now: Timestamp,
) -> Result<OptedOut, DbError> {
    let mut out = opted_out_of(tx, origin.host()).await?;
    for (name, objection) in wishes {
        let is_out = out.of_owners([name.as_str()]).is_some();
        if objection.is_some() != is_out {
            let subject = Subject::Actor { name: name.to_lowercase(), origin: origin.clone() };
            heed(tx, &subject, *objection, now).await?;
            out = opted_out_of(tx, origin.host()).await?;
        }
    }
    Ok(out)
}

/// Everybody who has opted out, by instance.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn opt_outs(conn: &mut Connection) -> Result<Vec<OptOut>, DbError> {
    store::all(conn).await
}

/// Whether a whole instance has opted out.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn is_opted_out(conn: &mut Connection, host: &str) -> Result<bool, DbError> {
    store::has_host(conn, host).await
}

/// The accounts and channels of an instance that have opted out. Whoever writes videos asks in the transaction in which
/// they are written, after the row of the host: then no opt-out is missed.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn opted_out_of(conn: &mut Connection, host: &str) -> Result<OptedOut, DbError> {
    Ok(OptedOut::new(store::names_of(conn, host).await?))
}

/// What became of a declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// Nothing is found any more; so many videos went.
    OptedOut(u64),
    /// What there is may be found, and is being read.
    OptedIn,
    /// It may be found, but only the operator puts instances on the list.
    Permitted,
    /// Nothing is declared, and nothing was changed.
    Unchanged,
}

/// Brings an instance in line with its consent file. One that came by its own wish goes when it no longer says so.
pub async fn settle_host(
    tx: &mut Tx,
    origin: &Origin,
    declared: Option<Declaration>,
    accepts_newcomers: bool,
    now: Timestamp,
) -> Result<Settled, HostsError> {
    let subject = Subject::Host(origin.clone());
    let source = hosts::store::source_of(tx, origin.host()).await?;
    match (declared, source) {
        (Some(Declaration::OptOut), _) => Ok(Settled::OptedOut(opt_out(tx, &subject, Proof::File, now).await?)),
        (Some(Declaration::OptIn), None) => {
            store::delete(tx, &subject).await?;
            if !accepts_newcomers && !directories::store::names_host(tx, origin.host()).await? {
                return Ok(Settled::Permitted);
            }
            hosts::list_host(tx, origin, Source::OptIn, now).await?;
            Ok(Settled::OptedIn)
        }
        (Some(Declaration::OptIn), Some(_)) => Ok(Settled::OptedIn),
        (None, Some(Source::OptIn)) => {
            hosts::remove_host(tx, origin.host(), now).await?;
            Ok(Settled::Unchanged)
        }
        (None, _) => Ok(Settled::Unchanged),
    }
}

#[cfg(test)]
mod tests {
    use platform::{
        clock::{Clock, FakeClock},
        testing::TestDatabase,
    };

    use super::*;
    use crate::{channels::Channel, collections::store as collections, hosts::add_host, store as videos, testing};

    const HOST: &str = "tube.example";

    fn now() -> Timestamp {
        FakeClock::default().now()
    }

    fn subject(text: &str) -> Subject {
        Subject::parse(text, false).unwrap()
    }

    /// A listed instance with two videos of `ada@tube.example` in `films@tube.example`.
    async fn listed() -> (TestDatabase, Tx) {
        let database = TestDatabase::new().await;
        testing::searcher_over(&database.db, &[testing::video("Whales"), testing::video("Dolphins")]).await;
        let mut tx = database.db.begin().await.unwrap();
        let revision = videos::next_revision(&mut tx).await.unwrap();
        testing::save_collections(&mut tx, &[testing::channel("Films")], 1, revision).await;
        add_host(&mut tx, HOST, false, now()).await.unwrap();
        (database, tx)
    }

    #[tokio::test]
    async fn an_instance_that_opts_out_is_gone_and_cannot_be_listed() {
        let (_database, mut tx) = listed().await;
        assert_eq!(opt_out(&mut tx, &subject(HOST), Proof::File, now()).await.unwrap(), 2);
        assert_eq!(opt_out(&mut tx, &subject(HOST), Proof::File, now()).await.unwrap(), 0, "twice is once");
        assert!(hosts::status(&mut tx).await.unwrap().is_empty());
        assert_eq!(videos::count(&mut tx, HOST).await.unwrap(), 0);
        assert!(matches!(add_host(&mut tx, HOST, false, now()).await, Err(HostsError::OptedOut(_))));
        assert!(opt_in(&mut tx, &subject(HOST), now()).await.unwrap());
        assert!(!opt_in(&mut tx, &subject(HOST), now()).await.unwrap());
        assert!(add_host(&mut tx, HOST, false, now()).await.is_ok());
    }

    #[tokio::test]
    async fn an_account_and_a_channel_take_their_own_videos_along() {
        for handle in ["Ada@tube.example", "films@tube.example"] {
            let (_database, mut tx) = listed().await;
            assert_eq!(opt_out(&mut tx, &subject("eve@tube.example"), Proof::Description, now()).await.unwrap(), 0);
            assert_eq!(opt_out(&mut tx, &subject(handle), Proof::Description, now()).await.unwrap(), 2, "{handle}");
            let status = hosts::status(&mut tx).await.unwrap();
            assert_eq!((status.len(), status[0].video_count), (1, 0), "the instance stays");
            let channels = collections::known::<Channel>(&mut tx, HOST, &["films".to_owned()]).await.unwrap();
            assert!(channels.is_empty(), "the channel itself goes, too");
            let out = opted_out_of(&mut tx, HOST).await.unwrap();
            assert!(out.of_owners(["ada", "films"]).is_some());
            assert_eq!(opted_out_of(&mut tx, "other.example").await.unwrap(), OptedOut::default());
            assert_eq!(opt_outs(&mut tx).await.unwrap().len(), 2);
        }
    }

    #[tokio::test]
    async fn a_tag_holds_as_long_as_it_is_said_and_a_proved_opt_out_longer() {
        let (_database, mut tx) = listed().await;
        let films = subject("films@tube.example");
        assert_eq!(heed(&mut tx, &films, None, now()).await.unwrap(), Settled::Unchanged);
        let tagged = heed(&mut tx, &films, Some(Objection::Tag), now()).await.unwrap();
        assert_eq!(tagged, Settled::OptedOut(2));
        assert_eq!(heed(&mut tx, &films, None, now()).await.unwrap(), Settled::OptedIn);
        assert!(opt_outs(&mut tx).await.unwrap().is_empty());
        opt_out(&mut tx, &films, Proof::Description, now()).await.unwrap();
        heed(&mut tx, &films, Some(Objection::Tag), now()).await.unwrap();
        assert_eq!(heed(&mut tx, &films, None, now()).await.unwrap(), Settled::Unchanged);
        assert_eq!(opt_outs(&mut tx).await.unwrap()[0].proof, "description");
    }

    #[tokio::test]
    async fn what_a_document_says_is_not_taken_back_by_a_description() {
        let (_database, mut tx) = listed().await;
        let films = subject("films@tube.example");
        let said = heed_document(&mut tx, &films, Some(Objection::NotIndexable), now()).await.unwrap();
        assert_eq!(said, Settled::OptedOut(2));
        assert_eq!(heed(&mut tx, &films, None, now()).await.unwrap(), Settled::Unchanged);
        let out = heed_all(&mut tx, films.origin(), &[("films".to_owned(), None)], now()).await.unwrap();
        assert!(out.of_owners(["films"]).is_some());
        assert_eq!(heed_document(&mut tx, &films, None, now()).await.unwrap(), Settled::OptedIn);
        heed(&mut tx, &films, Some(Objection::Tag), now()).await.unwrap();
        assert_eq!(heed_document(&mut tx, &films, None, now()).await.unwrap(), Settled::OptedIn);
    }

    #[tokio::test]
    async fn the_consent_file_decides_over_the_list() {
        let (_database, mut tx) = listed().await;
        let origin = Origin::parse(HOST, false).unwrap();
        let out = settle_host(&mut tx, &origin, Some(Declaration::OptOut), true, now()).await.unwrap();
        assert_eq!(out, Settled::OptedOut(2));
        assert_eq!(settle_host(&mut tx, &origin, None, true, now()).await.unwrap(), Settled::Unchanged);
        assert!(is_opted_out(&mut tx, HOST).await.unwrap(), "taking the file away permits nothing");
        let back = settle_host(&mut tx, &origin, Some(Declaration::OptIn), false, now()).await.unwrap();
        assert_eq!((back, is_opted_out(&mut tx, HOST).await.unwrap()), (Settled::Permitted, false));
    }

    #[tokio::test]
    async fn who_came_by_their_own_wish_goes_by_it() {
        let (_database, mut tx) = listed().await;
        let origin = Origin::parse("new.example", false).unwrap();
        for _ in 0..2 {
            let settled = settle_host(&mut tx, &origin, Some(Declaration::OptIn), true, now()).await.unwrap();
            assert_eq!(settled, Settled::OptedIn);
        }
        assert_eq!(hosts::status(&mut tx).await.unwrap().len(), 2);
        settle_host(&mut tx, &origin, None, true, now()).await.unwrap();
        let listed = Origin::parse(HOST, false).unwrap();
        settle_host(&mut tx, &listed, None, true, now()).await.unwrap();
        let hosts: Vec<_> = hosts::status(&mut tx).await.unwrap().into_iter().map(|status| status.host).collect();
        assert_eq!(hosts, [HOST], "whom the operator listed need not say anything");
    }
}
