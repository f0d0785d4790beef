//! Who may have something checked now?
//!
//! Anybody may press the button that makes us ask another server, so it must not become a way to have one asked often, or
//! many asked at once. Pure.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use platform::clock::Timestamp;

/// Remembers when something was checked.
#[derive(Debug, Default)]
pub struct Turns {
    recent: VecDeque<Timestamp>,
    by_host: HashMap<String, Timestamp>,
}

const WINDOW: Duration = Duration::from_mins(1);
/// Checks of all hosts together in a window.
const MOST: usize = 30;
/// Between two checks of one host.
const PAUSE: Duration = Duration::from_secs(10);

impl Turns {
    /// Takes a turn for a host, or tells how long it is until there is one.
    pub fn take(&mut self, host: &str, now: Timestamp) -> Result<(), Duration> {
        // A clock that goes back must not lock anybody out.
        self.recent.retain(|moment| *moment <= now && *moment + WINDOW > now);
        self.by_host.retain(|_, moment| *moment <= now && *moment + PAUSE > now);
        if let Some(last) = self.by_host.get(host) {
            return Err(until(*last + PAUSE, now));
        }
        if self.recent.len() >= MOST {
            return Err(self.recent.front().map_or(WINDOW, |first| until(*first + WINDOW, now)));
        }
        self.recent.push_back(now);
        self.by_host.insert(host.to_owned(), now);
        Ok(())
    }
}

fn until(then: Timestamp, now: Timestamp) -> Duration {
    (then - now).to_std().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use platform::clock::{Clock, FakeClock};

    use super::*;

    #[test]
    fn one_host_is_asked_again_after_a_pause() {
        let (mut turns, clock) = (Turns::default(), FakeClock::default());
        assert_eq!(turns.take("a.example", clock.now()), Ok(()));
        assert_eq!(turns.take("a.example", clock.now()), Err(PAUSE));
        assert_eq!(turns.take("b.example", clock.now()), Ok(()));
        clock.advance(PAUSE);
        assert_eq!(turns.take("a.example", clock.now()), Ok(()));
    }

    #[test]
    fn many_hosts_are_not_asked_at_once() {
        let (mut turns, clock) = (Turns::default(), FakeClock::default());
        for number in 0..MOST {
            assert_eq!(turns.take(&format!("s{number}.example"), clock.now()), Ok(()));
        }
        assert_eq!(turns.take("late.example", clock.now()), Err(WINDOW));
        clock.advance(WINDOW);
        assert_eq!(turns.take("late.example", clock.now()), Ok(()));
        assert_eq!(turns.recent.len(), 1, "nothing is remembered for longer than it counts");
    }
}
