//! What is verified is acted upon, together with others, but on its own.

use std::sync::Mutex;

use futures::future::join_all;

use super::*;

async fn verified(world: &World, remote: &Remote, number: i64) -> VerifiedActivity {
    let actor = remote.serve_actor("somebody").id;
    let id = federation::ids::follow(&actor, number);
    let activity = Activity::new(id, actor.clone(), Action::Follow(url("http://alpha.test/accounts/peertube")));
    let body = activity.to_document().to_string().into_bytes();
    world.courier.verify(&request_signed_as(world, remote, &actor, &body), &body).await.unwrap()
}

async fn receipts(world: &World) -> i64 {
    store::count_receipts(&mut world.alpha.platform.db.read().await.unwrap()).await.unwrap()
}

#[tokio::test]
async fn what_fails_spoils_nothing_else_that_is_written_with_it() {
    let world = World::new().await;
    let mut all = Vec::new();
    for number in 0..20 {
        all.push(verified(&world, &world.beta, number).await);
    }
    let applied = all.into_iter().enumerate().map(|(number, verified)| {
        world.courier.apply(verified, move |_, _| {
            Box::pin(async move { if number % 5 == 0 { Err(Problem::bad_request("one of five")) } else { Ok(()) } })
        })
    });
    let outcomes = join_all(applied).await;
    let failed: Vec<usize> = (0..20).filter(|number| outcomes[*number].is_err()).collect();
    assert_eq!(failed, [0, 5, 10, 15]);
    assert_eq!(receipts(&world).await, 16, "what failed may come again");
}

#[tokio::test]
async fn an_activity_is_acted_upon_once() {
    let world = World::new().await;
    let verified = verified(&world, &world.beta, 1).await;
    let acts = Arc::new(Mutex::new(0));
    for _ in 0..3 {
        let acts = acts.clone();
        let act = world.courier.apply(verified.clone(), move |_, _| {
            Box::pin(async move {
                *acts.lock().unwrap() += 1;
                Ok(())
            })
        });
        act.await.unwrap();
    }
    assert_eq!(*acts.lock().unwrap(), 1);
}

#[tokio::test]
async fn an_act_that_panics_is_a_failure_and_the_next_one_is_acted_upon() {
    let world = World::new().await;
    let outcome = world
        .courier
        .apply(verified(&world, &world.beta, 1).await, |_, _| Box::pin(async { panic!("a mistake in an act") }))
        .await;
    assert!(outcome.is_err());
    world.courier.apply(verified(&world, &world.beta, 2).await, |_, _| Box::pin(async { Ok(()) })).await.unwrap();
    assert_eq!(receipts(&world).await, 1);
}

#[tokio::test]
async fn a_flood_from_one_server_does_not_delay_another() {
    let world = World::new().await;
    let order = Arc::new(Mutex::new(Vec::new()));
    let act = |verified: VerifiedActivity| {
        let (order, host) = (order.clone(), verified.host.to_string());
        world.courier.apply(verified, move |_, _| {
            Box::pin(async move {
                order.lock().unwrap().push(host);
                Ok(())
            })
        })
    };
    let mut flood = Vec::new();
    for number in 0..150 {
        flood.push(act(verified(&world, &world.beta, number).await));
    }
    let polite = act(verified(&world, &world.gamma, 1).await);
    let (flood, polite) = tokio::join!(join_all(flood), polite);
    assert!(polite.is_ok() && flood.iter().all(Result::is_ok));
    let position = order.lock().unwrap().iter().position(|host| host == "gamma.test").unwrap();
    assert!(position < 70, "it was acted upon after {position} others");
}
