use std::time::Duration;

use platform::testing::TestPlatform;

use super::*;
use crate::users::{self, Role};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// A user, and a pair of tokens whose access is good for an hour and whose refresh for a day.
async fn user_with_tokens(test: &TestPlatform, name: &str) -> UserId {
    let now = test.platform.clock.now();
    let mut tx = test.platform.db.begin().await.unwrap();
    let user = users::store::insert(&mut tx, name, &format!("{name}@a.example"), "", Role::User, now).await.unwrap();
    let tokens = NewTokens {
        user_id: user,
        access_token_hash: format!("access {name}"),
        refresh_token_hash: format!("refresh {name}"),
        access_expires_at: now + HOUR,
        refresh_expires_at: now + DAY,
    };
    insert_tokens(&mut tx, &tokens, now).await.unwrap();
    tx.commit().await.unwrap();
    user
}

async fn user_of(test: &TestPlatform, hash: &str) -> Option<UserId> {
    let mut connection = test.platform.db.read().await.unwrap();
    user_of_access_token(&mut connection, hash, test.platform.clock.now()).await.unwrap()
}

async fn take(test: &TestPlatform, hash: &str) -> Option<UserId> {
    let mut tx = test.platform.db.begin().await.unwrap();
    let taken = take_refresh_token(&mut tx, hash, test.platform.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    taken
}

#[tokio::test]
async fn an_access_token_is_good_until_its_last_moment_and_for_its_user_alone() {
    let test = TestPlatform::new().await;
    let (ada, bob) = (user_with_tokens(&test, "ada").await, user_with_tokens(&test, "bob").await);
    test.clock.advance(HOUR.saturating_sub(Duration::from_millis(1)));
    assert_eq!(user_of(&test, "access ada").await, Some(ada));
    assert_eq!(user_of(&test, "access bob").await, Some(bob));
    for other in ["refresh ada", "access", ""] {
        assert_eq!(user_of(&test, other).await, None, "{other:?}");
    }
    test.clock.advance(Duration::from_millis(1));
    assert_eq!(user_of(&test, "access ada").await, None);
}

#[tokio::test]
async fn a_refresh_token_works_once_and_not_after_its_time() {
    let test = TestPlatform::new().await;
    let ada = user_with_tokens(&test, "ada").await;
    user_with_tokens(&test, "bob").await;
    assert_eq!(take(&test, "access ada").await, None);
    assert_eq!(take(&test, "refresh ada").await, Some(ada));
    assert_eq!(take(&test, "refresh ada").await, None, "it was used");
    assert_eq!(user_of(&test, "access ada").await, None, "using it ends the pair");
    test.clock.advance(DAY);
    assert_eq!(take(&test, "refresh bob").await, None, "its time is over");
}

#[tokio::test]
async fn only_pairs_that_cannot_be_refreshed_any_more_are_forgotten() {
    let test = TestPlatform::new().await;
    user_with_tokens(&test, "ada").await;
    test.clock.advance(HOUR);
    let bob = user_with_tokens(&test, "bob").await;
    test.clock.advance(DAY.saturating_sub(HOUR));
    let mut tx = test.platform.db.begin().await.unwrap();
    assert_eq!(delete_expired(&mut tx, test.platform.clock.now()).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(take(&test, "refresh bob").await, Some(bob));
}

#[tokio::test]
async fn a_blocked_user_is_nobody_from_that_moment() {
    let test = TestPlatform::new().await;
    let ada = user_with_tokens(&test, "ada").await;
    let mut tx = test.platform.db.begin().await.unwrap();
    users::store::block(&mut tx, ada, test.platform.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(user_of(&test, "access ada").await, None);
}

#[tokio::test]
async fn ending_every_session_of_a_user_ends_nobody_elses() {
    let test = TestPlatform::new().await;
    let (ada, bob) = (user_with_tokens(&test, "ada").await, user_with_tokens(&test, "bob").await);
    let mut tx = test.platform.db.begin().await.unwrap();
    assert_eq!(delete_of_user(&mut tx, ada).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!((user_of(&test, "access ada").await, user_of(&test, "access bob").await), (None, Some(bob)));
}

#[tokio::test]
async fn a_user_is_found_by_name_or_address_whatever_its_case() {
    let test = TestPlatform::new().await;
    let mut tx = test.platform.db.begin().await.unwrap();
    let now = test.platform.clock.now();
    let zoe = users::store::insert(&mut tx, "zoë", "Zoë@A.example", "", Role::Moderator, now).await.unwrap();
    for login in ["ZOË", "zoë", "zOË@a.EXAMPLE"] {
        let found = users::store::find_by_login(&mut tx, login).await.unwrap();
        assert_eq!(found.map(|user| (user.id, user.role())), Some((zoe, Role::Moderator)), "{login}");
    }
    assert!(users::store::find_by_login(&mut tx, "zoe").await.unwrap().is_none());
    let taken = users::store::insert(&mut tx, "ZOË", "other@a.example", "", Role::User, now).await.unwrap_err();
    assert!(taken.is_unique_violation(), "{taken}");
}
