//! `shoal index opt-out`, `opt-in`, `opt-outs`: for those who ask the operator instead of the search site.

use clap::Args;
use indexer::hosts::{
    HostsError,
    consent::{self, OptOut, Proof, Subject},
};
use platform::{
    clock::{Clock, SystemClock},
    db::Db,
};

use super::{Place, allows_http, beside, counted};
use crate::cli::{CliError, print};

#[derive(Debug, Args)]
pub(in crate::cli) struct Choice {
    /// A server (`tube.example`), an account or a channel (`name@tube.example`), or the address of one
    who: String,
    #[command(flatten)]
    place: Place,
}

impl Choice {
    async fn open(&self) -> Result<(Db, Subject), CliError> {
        let config = self.place.load()?;
        let subject = Subject::parse(&self.who, allows_http(&config)).map_err(HostsError::from)?;
        Ok((beside::open_database(&config).await?, subject))
    }
}

pub(super) async fn opt_out(choice: &Choice) -> Result<(), CliError> {
    let (db, subject) = choice.open().await?;
    let mut tx = db.begin().await?;
    let removed = consent::opt_out(&mut tx, &subject, Proof::Operator, SystemClock.now()).await?;
    tx.commit().await?;
    db.close().await;
    let videos = counted(usize::try_from(removed).unwrap_or(usize::MAX), "video");
    print(format!("{subject} is not found any more: {videos} went, and none is read again"));
    Ok(())
}

pub(super) async fn opt_in(choice: &Choice) -> Result<(), CliError> {
    let (db, subject) = choice.open().await?;
    let mut tx = db.begin().await?;
    let was_out = consent::opt_in(&mut tx, &subject, SystemClock.now()).await?;
    tx.commit().await?;
    db.close().await;
    print(match (was_out, &subject) {
        (false, _) => format!("{subject} had not opted out"),
        (true, Subject::Host(_)) => {
            format!("{subject} may be found again: have it read with `shoal index add {subject}`")
        }
        (true, Subject::Actor { .. }) => format!("{subject} may be found again, once its server has been read"),
    });
    Ok(())
}

pub(super) async fn list(place: &Place) -> Result<(), CliError> {
    let db = beside::open_database(&place.load()?).await?;
    let all = consent::opt_outs(&mut db.read().await?).await?;
    db.close().await;
    for opt_out in &all {
        print(describe(opt_out));
    }
    if all.is_empty() {
        print("nobody has opted out");
    }
    Ok(())
}

fn describe(opt_out: &OptOut) -> String {
    let who = if opt_out.name.is_empty() { opt_out.host.clone() } else { format!("{}@{}", opt_out.name, opt_out.host) };
    let proof = match opt_out.proof.as_str() {
        "file" => "by its consent file",
        "description" => "by its description",
        "tag" => "by a tag",
        "document" => "by indexable: false",
        _ => "by the operator",
    };
    format!("{who}  since {}, {proof}", opt_out.opted_out_at.format("%F %R UTC"))
}

#[cfg(test)]
mod tests {
    use platform::clock::FakeClock;

    use super::*;

    #[test]
    fn an_opt_out_says_who_since_when_and_by_what() {
        let opt_out = |name: &str, proof: &str| {
            let (host, name, proof) = ("tube.example".to_owned(), name.to_owned(), proof.to_owned());
            describe(&OptOut { host, name, proof, opted_out_at: FakeClock::default().now() })
        };
        assert_eq!(opt_out("", "file"), "tube.example  since 2026-03-01 12:00 UTC, by its consent file");
        assert_eq!(opt_out("ann", "operator"), "ann@tube.example  since 2026-03-01 12:00 UTC, by the operator");
    }
}
