//! SQL for searching what is known here.

use platform::{
    db::{Connection, DbError, DynamicQuery},
    sql,
};

use crate::{channels::ChannelId, listing::like_pattern, moderation::store::account_not_hidden};

/// Which channels are looked for, of those that the server does not hide.
#[derive(Debug, Clone, Default)]
pub struct ChannelQuery {
    /// Every one of these words in the name to show or in the handle.
    pub words: Vec<String>,
    /// On this server.
    pub host: Option<String>,
    /// How many to leave out at the beginning.
    pub start: i64,
    /// How many at most.
    pub count: i64,
}

/// The channels that fit, the most followed first.
pub async fn channels(connection: &mut Connection, query: &ChannelQuery) -> Result<Vec<ChannelId>, DbError> {
    let mut statement = connection.build(sql!(fragment concat!(
        "SELECT c.id FROM video_channels c JOIN actors r ON r.id = c.actor_id WHERE ",
        account_not_hidden!("c.account_id", "r")
    )));
    push_filters(query, &mut statement);
    statement
        .push(
            " ORDER BY (SELECT count(*) FROM follows f WHERE f.target_id = r.id AND f.state = 'accepted') DESC, c.id \
             LIMIT ",
        )
        .bind(query.count)
        .push(" OFFSET ")
        .bind(query.start);
    let rows: Vec<(ChannelId,)> = statement.fetch_all().await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// How many channels fit.
pub async fn count_channels(connection: &mut Connection, query: &ChannelQuery) -> Result<i64, DbError> {
    let mut statement = connection.build(sql!(fragment concat!(
        "SELECT count(*) FROM video_channels c JOIN actors r ON r.id = c.actor_id WHERE ",
        account_not_hidden!("c.account_id", "r")
    )));
    push_filters(query, &mut statement);
    statement.fetch_scalar().await
}

fn push_filters(query: &ChannelQuery, statement: &mut DynamicQuery<'_>) {
    for word in &query.words {
        statement.push(" AND (lower(c.display_name) LIKE ").bind(like_pattern(word)).push(" ESCAPE '!'");
        statement.push(" OR r.username_folded LIKE ").bind(like_pattern(word)).push(" ESCAPE '!')");
    }
    if let Some(host) = &query.host {
        statement.push(" AND r.host = ").bind(host.clone());
    }
}
