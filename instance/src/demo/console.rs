use std::{
    fmt::Display,
    io::{BufRead, Write},
    process::ExitStatus,
    thread,
};

use platform::ids::short_uuid;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{
    folder::DemoVideo,
    network::{Member, Network},
    process::{Servers, tail},
    story::{PASSWORD, USER},
};

/// What is typed at the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Order {
    Stop(Member),
    Start(Member),
    Status,
    Quit,
    Unknown(String),
}

impl Order {
    /// Reads a line; `None` for an empty one.
    fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let member = |name: &str| Member::ALL.into_iter().find(|member| member.name() == name);
        match words.as_slice() {
            [] => None,
            ["status"] => Some(Self::Status),
            ["quit" | "exit"] => Some(Self::Quit),
            ["stop", name] if let Some(member) = member(name) => Some(Self::Stop(member)),
            ["start", name] if let Some(member) = member(name) => Some(Self::Start(member)),
            _ => Some(Self::Unknown(line.trim().to_owned())),
        }
    }
}

/// The lines that are typed.
#[derive(Debug)]
pub(super) struct Console {
    lines: UnboundedReceiver<String>,
}

impl Console {
    /// Reads standard input from now on. Its end is not an order: the network then runs until a signal comes.
    pub(super) fn listen() -> Self {
        let (sender, lines) = unbounded_channel();
        // A thread and not a task: a blocking read cannot be cancelled, and would hold up the end of the runtime.
        thread::spawn(move || {
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { lines }
    }

    /// Waits for the next order.
    pub(super) async fn next(&mut self) -> Order {
        while let Some(line) = self.lines.recv().await {
            if let Some(order) = Order::parse(&line) {
                return order;
            }
        }
        std::future::pending().await
    }
}

/// Prints a line. A reader that has gone away is no reason to stop.
pub(super) fn say(text: impl Display) {
    let _ = writeln!(std::io::stdout(), "  {text}");
}

/// What there is, and what to do with it.
pub(super) fn welcome(network: &Network, videos: &[DemoVideo], servers: &Servers) {
    let [alpha, beta, search] = Member::ALL.map(|member| network.url(member));
    let pid = servers.pid(Member::Alpha).map(|pid| pid.to_string()).unwrap_or_default();
    let (path, mistyped) = videos.first().map_or_else(
        || ("/".to_owned(), "bunmy".to_owned()),
        |video| (format!("/w/{}", short_uuid(video.uuid)), video.mistyped.clone()),
    );
    say(format!(
        "
  The demo network is up.

    alpha    {alpha}   has a channel with {count} videos
    beta     {beta}   follows alpha, and keeps a copy of each of its videos
    search   {search}   finds what both have

    Log in on alpha or beta as {USER} with the password {PASSWORD}

  What to try

    1  Look for a video with a letter wrong:  {search}/search?search={mistyped}
    2  Open the result: you are on alpha, and it plays.
    3  Type `stop alpha` here (or, in another terminal, kill {pid}), and open the same video on beta:
       {beta}{path}
       It plays from start to end, out of beta's own copy. `start alpha` brings alpha back.

  `status` says what runs. Ctrl-C or `quit` stops all three; the next start finds them as they were.
",
        count = videos.len(),
    ));
}

/// What runs.
pub(super) fn status(network: &Network, servers: &Servers) {
    for member in Member::ALL {
        let state = servers.pid(member).map_or_else(|| "stopped".to_owned(), |pid| format!("runs, process {pid}"));
        say(format!("{member:8} {}   {state}", network.url(member)));
    }
}

/// A server ended although nobody here told it to.
pub(super) fn ended(network: &Network, member: Member, status: ExitStatus) {
    if status.success() {
        return say(format!("{member} has stopped; `start {member}` brings it back"));
    }
    let log = network.log(member);
    say(format!("{member} has ended ({status}); `start {member}` brings it back. The end of {}:", log.display()));
    say(tail(&log).trim_start());
}

/// What can be typed.
pub(super) fn explain(line: &str) {
    say(format!("`{line}` is not known here. Try: stop alpha, start alpha (or beta, or search), status, quit"));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn orders_are_read_as_people_type_them() {
        assert_eq!(Order::parse(" stop  alpha "), Some(Order::Stop(Member::Alpha)));
        assert_eq!(Order::parse("start search"), Some(Order::Start(Member::Search)));
        assert_eq!(Order::parse("status"), Some(Order::Status));
        assert_eq!(Order::parse("quit"), Some(Order::Quit));
        assert_eq!(Order::parse("  "), None);
        assert_eq!(Order::parse("stop gamma"), Some(Order::Unknown("stop gamma".to_owned())));
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_by_mistake_stops_a_server(line in "[a-z ]{0,12}") {
            let stops = matches!(Order::parse(&line), Some(Order::Stop(_) | Order::Quit));
            let words: Vec<_> = line.split_whitespace().collect();
            prop_assert_eq!(stops, matches!(words.as_slice(), ["quit" | "exit"] | ["stop", "alpha" | "beta" | "search"]));
        }
    }
}
