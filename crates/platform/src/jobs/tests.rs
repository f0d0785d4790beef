use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use super::*;
use crate::{clock::Clock, db::Dialect, testing::TestPlatform};

#[derive(Debug, Serialize, Deserialize)]
struct Greet {
    name: String,
}

impl Job for Greet {
    const KIND: &'static str = "greet";
    const POLICY: RetryPolicy = RetryPolicy::BRIEF;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.name.clone())
    }
}

/// The same with other priorities.
macro_rules! greet_with_priority {
    ($name:ident, $kind:literal, $priority:literal) => {
        #[derive(Debug, Serialize, Deserialize)]
        struct $name;

        impl Job for $name {
            const KIND: &'static str = $kind;
            const PRIORITY: i64 = $priority;
        }
    };
}

greet_with_priority!(GreetFirst, "greet_first", 10);
greet_with_priority!(GreetLast, "greet_last", -10);

/// A question to a server.
#[derive(Debug, Serialize, Deserialize)]
struct Ask {
    host: String,
    number: u32,
}

impl Job for Ask {
    const KIND: &'static str = "ask";
    const LANE: Lane = Lane::Fetch;

    fn party(&self) -> Option<String> {
        Some(self.host.clone())
    }
}

type Greeted = Arc<Mutex<Vec<String>>>;

/// Greets everybody, after failing the given number of times.
fn greeter(failures: u32) -> (JobSet, Greeted) {
    let greeted = Greeted::default();
    let seen = greeted.clone();
    let jobs = JobSet::new().on::<Greet, _, _>(move |job, context| {
        let seen = seen.clone();
        async move {
            if context.attempt <= failures {
                return Err(JobError::retry("not yet"));
            }
            seen.lock().unwrap().push(job.name);
            Ok(())
        }
    });
    (jobs, greeted)
}

async fn enqueue_greeting(test: &TestPlatform, name: &str) {
    let mut tx = test.platform.db.begin().await.unwrap();
    enqueue(&mut tx, test.clock.now(), &Greet { name: name.to_owned() }).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_job_exists_only_if_its_transaction_was_committed() {
    let test = TestPlatform::new().await;
    let (jobs, greeted) = greeter(0);
    let mut tx = test.platform.db.begin().await.unwrap();
    enqueue(&mut tx, test.clock.now(), &Greet { name: "ada".to_owned() }).await.unwrap();
    drop(tx);
    assert_eq!(test.run_jobs(jobs.clone()).await, 0);
    enqueue_greeting(&test, "bob").await;
    assert_eq!(test.run_jobs(jobs).await, 1);
    assert_eq!(*greeted.lock().unwrap(), ["bob"]);
}

#[tokio::test]
async fn waiting_twins_are_one_job() {
    let test = TestPlatform::new().await;
    let (jobs, greeted) = greeter(0);
    for name in ["ada", "ada", "bob", "ada"] {
        enqueue_greeting(&test, name).await;
    }
    test.run_jobs(jobs.clone()).await;
    assert_eq!(*greeted.lock().unwrap(), ["ada", "bob"]);
    enqueue_greeting(&test, "ada").await;
    assert_eq!(test.run_jobs(jobs).await, 1, "a finished job does not stand in the way of a new one");
}

#[tokio::test]
async fn what_matters_more_comes_first_and_among_equals_what_was_due_first() {
    let test = TestPlatform::new().await;
    let (jobs, greeted) = greeter(0);
    let note = |name: &'static str, greeted: &Greeted| {
        greeted.lock().unwrap().push(name.to_owned());
        std::future::ready(Ok(()))
    };
    let (first, last) = (greeted.clone(), greeted.clone());
    let jobs = jobs
        .on::<GreetFirst, _, _>(move |_, _| note("first", &first))
        .on::<GreetLast, _, _>(move |_, _| note("last", &last));
    let mut tx = test.platform.db.begin().await.unwrap();
    enqueue(&mut tx, test.clock.now(), &GreetLast).await.unwrap();
    test.clock.advance(Duration::from_secs(1));
    let (soon, now) = (test.clock.now() + Duration::from_secs(1), test.clock.now());
    enqueue_at(&mut tx, now, soon, &Greet { name: "bob".to_owned() }).await.unwrap();
    enqueue(&mut tx, now, &Greet { name: "ada".to_owned() }).await.unwrap();
    enqueue_at(&mut tx, now, soon, &GreetFirst).await.unwrap();
    tx.commit().await.unwrap();
    test.clock.advance(Duration::from_secs(2));
    assert_eq!(test.run_jobs(jobs).await, 4);
    assert_eq!(*greeted.lock().unwrap(), ["first", "ada", "bob", "last"]);
}

#[tokio::test]
async fn a_priority_is_one_among_what_is_due() {
    let test = TestPlatform::new().await;
    let (jobs, greeted) = greeter(0);
    let jobs = jobs.on::<GreetFirst, _, _>(|_, _| async { Ok(()) });
    let mut tx = test.platform.db.begin().await.unwrap();
    let tomorrow = test.clock.now() + Duration::from_hours(24);
    enqueue_at(&mut tx, test.clock.now(), tomorrow, &GreetFirst).await.unwrap();
    tx.commit().await.unwrap();
    enqueue_greeting(&test, "ada").await;
    assert_eq!(test.run_jobs(jobs).await, 1);
    assert_eq!(*greeted.lock().unwrap(), ["ada"], "it does not wait for what is not due");
}

#[tokio::test]
async fn a_job_that_meets_a_locked_database_is_tried_again_and_loses_nothing() {
    let test = TestPlatform::impatient().await;
    let (jobs, greeted) = greeter(0);
    let (db, clock) = (test.platform.db.clone(), test.clock.clone());
    let jobs = jobs.on::<GreetFirst, _, _>(move |_, context| {
        let (db, clock) = (db.clone(), clock.clone());
        async move {
            let greet_ada = Greet { name: "ada".to_owned() };
            let mut somebody_else = None;
            if context.attempt == 1 {
                let mut tx = db.begin().await?;
                enqueue(&mut tx, clock.now(), &greet_ada).await?;
                somebody_else = Some(tx);
            }
            let mut tx = db.begin().await?;
            enqueue(&mut tx, clock.now(), &greet_ada).await?;
            tx.commit().await?;
            drop(somebody_else);
            Ok(())
        }
    });
    let mut tx = test.platform.db.begin().await.unwrap();
    enqueue(&mut tx, test.clock.now(), &GreetFirst).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(test.run_jobs(jobs.clone()).await, 1);
    assert!(greeted.lock().unwrap().is_empty(), "the first attempt met a lock and left nothing");
    test.clock.advance(Duration::from_mins(1));
    assert_eq!(test.run_jobs(jobs).await, 2);
    assert_eq!(*greeted.lock().unwrap(), ["ada"]);
    assert!(failed_jobs(&mut test.platform.db.read().await.unwrap()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_worker_that_meets_a_locked_database_finds_the_job_later() {
    let test = TestPlatform::impatient().await;
    let platform = &test.platform;
    if platform.db.dialect() == Dialect::Postgres {
        return; // There, nobody holds more than rows, and a worker passes over those.
    }
    let (jobs, greeted) = greeter(0);
    enqueue_greeting(&test, "ada").await;
    let (clock, random) = (platform.clock.clone(), platform.random.clone());
    let runner = JobRunner::new(platform.db.clone(), clock, random, jobs, platform.stop.clone());
    let held = platform.db.begin().await.unwrap();
    assert!(runner.run_due().await.unwrap_err().is_busy());
    drop(held);
    assert_eq!(runner.run_due().await.unwrap(), 1);
    assert_eq!(*greeted.lock().unwrap(), ["ada"]);
}

#[tokio::test]
async fn a_failed_job_comes_back_after_its_delay_and_is_given_up_in_the_end() {
    let test = TestPlatform::new().await;
    let (jobs, greeted) = greeter(99);
    enqueue_greeting(&test, "ada").await;
    assert_eq!(test.run_jobs(jobs.clone()).await, 1);
    assert_eq!(test.run_jobs(jobs.clone()).await, 0, "its delay is not over");
    for _ in 0..5 {
        test.clock.advance(Duration::from_mins(2));
        test.run_jobs(jobs.clone()).await;
    }
    assert!(greeted.lock().unwrap().is_empty());
    let failed = failed_jobs(&mut test.platform.db.read().await.unwrap()).await.unwrap();
    assert_eq!(
        failed.iter().map(|job| (job.kind.as_str(), job.error.as_str())).collect::<Vec<_>>(),
        [("greet", "not yet")]
    );
}

#[tokio::test]
async fn what_was_given_up_is_shown_and_can_be_begun_anew() {
    let test = TestPlatform::new().await;
    let (jobs, _) = greeter(99);
    enqueue_greeting(&test, "ada").await;
    let open = async || open_jobs::<Greet>(&mut test.platform.db.read().await.unwrap(), "", 10).await.unwrap();
    for attempts in 0..3 {
        let job = open().await.remove(0);
        assert_eq!((job.attempts, job.is_given_up, job.error.is_some()), (attempts, false, attempts > 0));
        test.run_jobs(jobs.clone()).await;
        test.clock.advance(Duration::from_mins(2));
    }
    let job = open().await.remove(0);
    assert_eq!((job.job.name.as_str(), job.attempts, job.is_given_up), ("ada", 3, true));
    assert_eq!(job.error.as_deref(), Some("not yet"));

    let mut tx = test.platform.db.begin().await.unwrap();
    let taken = take_out::<Greet>(&mut tx, job.id).await.unwrap().unwrap();
    assert!(take_out::<Greet>(&mut tx, job.id).await.unwrap().is_none());
    enqueue(&mut tx, test.clock.now(), &taken).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(open().await.iter().map(|job| (job.attempts, job.is_given_up)).collect::<Vec<_>>(), [(0, false)]);

    let mut tx = test.platform.db.begin().await.unwrap();
    tx.query("UPDATE jobs SET state = 'failed'").execute().await.unwrap();
    forget_failed(&mut tx, &Greet { name: "bob".to_owned() }).await.unwrap();
    forget_failed(&mut tx, &taken).await.unwrap();
    tx.commit().await.unwrap();
    assert!(open().await.is_empty());
}

#[tokio::test]
async fn jobs_are_found_by_the_beginning_of_their_key_and_taken_back() {
    let test = TestPlatform::new().await;
    for name in ["ada", "adam", "bob", "a%"] {
        enqueue_greeting(&test, name).await;
    }
    let open = async |prefix: &str| {
        let mut connection = test.platform.db.read().await.unwrap();
        let jobs = open_jobs::<Greet>(&mut connection, prefix, 10).await.unwrap();
        assert_eq!(
            count_unfinished::<Greet>(&mut connection, prefix).await.unwrap(),
            i64::try_from(jobs.len()).unwrap()
        );
        jobs.into_iter().map(|open| open.job.name).collect::<Vec<_>>()
    };
    assert_eq!(open("ada").await, ["adam", "ada"]);
    assert_eq!(open("a%").await, ["a%"]);
    let mut tx = test.platform.db.begin().await.unwrap();
    let ada = Greet { name: "ada".to_owned() };
    assert!(take_back(&mut tx, &ada).await.unwrap());
    assert!(!take_back(&mut tx, &ada).await.unwrap(), "it is gone");
    tx.commit().await.unwrap();
    assert_eq!(open("").await, ["a%", "bob", "adam"]);
}

#[tokio::test]
async fn a_job_that_is_taken_back_while_it_runs_learns_of_it() {
    let test = TestPlatform::new().await;
    let platform = test.platform.clone();
    let wanted = Arc::new(Mutex::new(vec![]));
    let seen = wanted.clone();
    let jobs = JobSet::new().on::<Greet, _, _>(move |greet: Greet, context: JobContext| {
        let (platform, seen) = (platform.clone(), seen.clone());
        async move {
            let mut tx = platform.db.begin().await?;
            match greet.name.as_str() {
                "bob" => assert!(take_back(&mut tx, &greet).await?),
                "eve" => {
                    assert!(take_out::<Greet>(&mut tx, context.id).await?.is_some());
                    assert!(take_out::<Greet>(&mut tx, context.id).await?.is_none(), "once");
                }
                _ => {}
            }
            tx.commit().await?;
            let mut tx = platform.db.begin().await?;
            let is_wanted = is_wanted(&mut tx, context.id).await?;
            seen.lock().unwrap().push((greet.name, is_wanted));
            Err(JobError::retry("not yet"))
        }
    });
    for name in ["ada", "bob", "eve"] {
        enqueue_greeting(&test, name).await;
    }
    test.run_jobs(jobs.clone()).await;
    let told = wanted.lock().unwrap().clone();
    assert_eq!(told, [("ada".to_owned(), true), ("bob".to_owned(), false), ("eve".to_owned(), false)]);
    let open = open_jobs::<Greet>(&mut test.platform.db.read().await.unwrap(), "", 10).await.unwrap();
    assert_eq!(open.iter().map(|open| open.job.name.as_str()).collect::<Vec<_>>(), ["ada"]);
}

#[tokio::test]
async fn a_job_succeeds_on_a_later_attempt() {
    let test = TestPlatform::new().await;
    let (jobs, greeted) = greeter(2);
    enqueue_greeting(&test, "ada").await;
    for _ in 0..3 {
        test.run_jobs(jobs.clone()).await;
        test.clock.advance(Duration::from_mins(2));
    }
    assert_eq!(*greeted.lock().unwrap(), ["ada"]);
}

#[tokio::test]
async fn a_job_whose_process_died_is_done_when_its_lease_runs_out() {
    let test = TestPlatform::new().await;
    let (jobs, greeted) = greeter(0);
    enqueue_greeting(&test, "ada").await;
    // A process claims the job and dies before it finishes.
    let mut tx = test.platform.db.begin().await.unwrap();
    let claim = store::Claim {
        lane: Lane::Default,
        crowded: &[],
        kinds: &["greet"],
        owner: "dead",
        now: test.clock.now(),
        lease: Duration::from_mins(1),
    };
    assert!(store::claim(&mut tx, &claim).await.unwrap().is_some());
    tx.commit().await.unwrap();
    assert_eq!(test.run_jobs(jobs.clone()).await, 0, "its lease still holds");
    enqueue_greeting(&test, "ada").await;
    assert_eq!(test.run_jobs(jobs.clone()).await, 0, "a twin does not run beside it");
    test.clock.advance(Duration::from_secs(61));
    assert!(test.run_jobs(jobs).await >= 1);
    assert!(greeted.lock().unwrap().contains(&"ada".to_owned()));
}

#[tokio::test]
async fn a_worker_that_lost_its_job_to_another_cannot_change_it() {
    let test = TestPlatform::new().await;
    enqueue_greeting(&test, "ada").await;
    let mut tx = test.platform.db.begin().await.unwrap();
    let mut claims = Vec::new();
    for owner in ["slow", "quick"] {
        let (now, lease) = (test.clock.now(), Duration::from_mins(1));
        let claim = store::Claim { lane: Lane::Default, kinds: &["greet"], crowded: &[], owner, now, lease };
        claims.push(store::claim(&mut tx, &claim).await.unwrap().unwrap());
        test.clock.advance(Duration::from_secs(61));
    }
    let (slow, quick) = (claims[0].held_by("slow"), claims[1].held_by("quick"));
    let now = test.clock.now();
    assert!(!store::renew(&mut tx, slow, now).await.unwrap());
    assert!(!store::put_back(&mut tx, slow, now, None, 0).await.unwrap());
    assert!(!store::give_up(&mut tx, slow, "too slow", now).await.unwrap());
    assert!(!store::finish(&mut tx, slow).await.unwrap());
    assert!(store::renew(&mut tx, quick, now).await.unwrap());
    assert!(store::finish(&mut tx, quick).await.unwrap());
}

#[tokio::test]
async fn a_panic_is_a_failure_and_nothing_more() {
    let test = TestPlatform::new().await;
    let jobs = JobSet::new().on::<Greet, _, _>(|_, _| async { panic!("on purpose") });
    enqueue_greeting(&test, "ada").await;
    assert_eq!(test.run_jobs(jobs).await, 1);
    let waiting = unfinished(&mut test.platform.db.read().await.unwrap()).await.unwrap();
    assert_eq!(waiting, [("default".to_owned(), 1)]);
}

#[tokio::test]
async fn snoozing_costs_no_attempt() {
    let test = TestPlatform::new().await;
    let jobs = JobSet::new().on::<Greet, _, _>(|_, context| async move {
        assert_eq!(context.attempt, 1);
        Err(JobError::snooze(Duration::from_secs(10)))
    });
    enqueue_greeting(&test, "ada").await;
    for _ in 0..6 {
        assert_eq!(test.run_jobs(jobs.clone()).await, 1);
        test.clock.advance(Duration::from_secs(11));
    }
}

#[tokio::test]
async fn a_schedule_enqueues_its_job_once_per_due_time_however_many_nodes_look() {
    let test = TestPlatform::new().await;
    let (jobs, greeted) = greeter(0);
    let schedule = || vec![Schedule::new("hourly", "0 0 * * * *", || Greet { name: "hour".to_owned() })];
    let node = |schedules| Scheduler::new(test.platform.db.clone(), Arc::new(test.clock.clone()), schedules);
    let (first, second) = (node(schedule()), node(schedule()));
    first.tick().await.unwrap();
    assert_eq!(test.run_jobs(jobs.clone()).await, 0, "nothing is due when a schedule is first seen");
    test.clock.advance(Duration::from_hours(1));
    first.tick().await.unwrap();
    second.tick().await.unwrap();
    test.run_jobs(jobs).await;
    assert_eq!(*greeted.lock().unwrap(), ["hour"]);
}

#[tokio::test]
async fn progress_can_be_read_while_a_job_runs() {
    let test = TestPlatform::new().await;
    let db = test.platform.db.clone();
    let jobs = JobSet::new().on::<Greet, _, _>(move |_, context| {
        let db = db.clone();
        async move {
            context.progress(3, 10).await;
            let progress = progress_of::<Greet>(&mut db.read().await?, "ada").await?;
            assert_eq!(progress, Some(Progress { done: 3, total: 10 }));
            Ok(())
        }
    });
    enqueue_greeting(&test, "ada").await;
    assert_eq!(test.run_jobs(jobs).await, 1);
    assert!(failed_jobs(&mut test.platform.db.read().await.unwrap()).await.unwrap().is_empty());
    let gone = progress_of::<Greet>(&mut test.platform.db.read().await.unwrap(), "ada").await.unwrap();
    assert_eq!(gone, None);
}

#[tokio::test]
async fn a_slow_party_has_its_share_of_the_workers_and_holds_up_nobody_else() {
    let test = TestPlatform::new().await;
    let (answers, running, done) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)), Greeted::default());
    let jobs = JobSet::new().on::<Ask, _, _>({
        let (answers, running, done) = (answers.clone(), running.clone(), done.clone());
        move |job, _| {
            let (answers, running, done) = (answers.clone(), running.clone(), done.clone());
            async move {
                if job.host == "slow.test" {
                    running.fetch_add(1, Ordering::SeqCst);
                    answers.acquire().await.unwrap().forget();
                }
                done.lock().unwrap().push(job.host);
                Ok(())
            }
        }
    });
    let mut tx = test.platform.db.begin().await.unwrap();
    for (host, count) in [("slow.test", 20), ("quick.test", 5)] {
        for number in 0..count {
            enqueue(&mut tx, test.clock.now(), &Ask { host: host.to_owned(), number }).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
    let platform = &test.platform;
    let runner = JobRunner::new(
        platform.db.clone(),
        platform.clock.clone(),
        platform.random.clone(),
        jobs,
        platform.stop.clone(),
    );
    runner.start(&platform.tasks, &RunnerConfig { fetch: 8, ..RunnerConfig::default() });
    let count = || done.lock().unwrap().len();
    let until = async |wanted: usize| {
        while count() < wanted {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), until(5)).await.expect("those who answer at once are not held up");
    assert_eq!(running.load(Ordering::SeqCst), 2, "a quarter of eight");
    answers.add_permits(20);
    tokio::time::timeout(Duration::from_secs(20), until(25)).await.expect("all are done in the end");
    platform.stop.cancel();
}
