//! One server that answers, among many that do not.

use super::*;

/// Few enough that making a signature for each takes less time than a request may.
const HANGING: usize = 8;
const DEAD: usize = 4;

#[tokio::test]
async fn servers_that_hang_or_are_dead_hold_up_nobody_else() {
    let world = World::new().await;
    world.beta.hold();
    // Nobody listens there any more.
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // By their names, all of them are before gamma.
    let hanging = (0..HANGING).map(|number| (format!("a{number}.test"), world.beta.address));
    let crowd: Vec<_> = hanging.chain((0..DEAD).map(|number| (format!("b{number}.test"), dead))).collect();
    let mut inboxes = vec![GAMMA.to_owned()];
    for (name, address) in crowd {
        inboxes.push(format!("http://{name}/inbox"));
        world.alpha.names.insert(name, address);
    }
    let inboxes: Vec<&str> = inboxes.iter().map(String::as_str).collect();
    queue(&world, 1, &inboxes).await;
    let numbers: Vec<u32> = (1..=4).collect();
    for number in &numbers[1..] {
        queue(&world, *number, &[GAMMA]).await;
    }
    let looking = async {
        world.gamma.receives(numbers.len()).await;
        let hang = (world.beta.requests().len(), world.beta.waiting());
        world.beta.go_on();
        hang
    };
    let ((), (asked, still_waiting)) = tokio::join!(run(&world), looking);
    assert_eq!(world.gamma.received_ids(), ids(&numbers));
    assert!(asked > 0, "the others were asked before");
    assert!(
        still_waiting >= asked,
        "gamma had everything before any of them was done with: {still_waiting} of {asked}"
    );
    let (left, _) = waiting(&world).await;
    assert_eq!(usize::try_from(left).unwrap(), DEAD, "what hung has it when it goes on, and the dead are tried again");
}
