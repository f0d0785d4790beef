//! A child process that leads a process group, and is gone with all of its group when this value is dropped.

use std::ffi::OsString;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

/// How long a child that has closed its output may take to end by itself.
const GRACE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(10);

/// A running child with its group.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    group: Option<Pid>,
}

/// The child's standard streams.
#[derive(Debug)]
pub(super) struct Streams {
    pub stdin: ChildStdin,
    pub stdout: ChildStdout,
    pub stderr: ChildStderr,
}

impl Process {
    /// Starts a program with an empty environment.
    pub fn start(program: &Path, arguments: &[OsString]) -> std::io::Result<(Self, Streams)> {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().current_dir("/").process_group(0).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let streams = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let process = Self { child, group };
        let (Some(stdin), Some(stdout), Some(stderr)) = streams else {
            return Err(std::io::ErrorKind::BrokenPipe.into());
        };
        Ok((process, Streams { stdin, stdout, stderr }))
    }

    /// Waits a little for the child to end by itself, then ends its group, and says how the child ended.
    pub async fn end(&mut self) -> std::io::Result<ExitStatus> {
        let _ = tokio::time::timeout(GRACE, self.ended()).await;
        self.kill_group();
        self.child.wait().await
    }

    /// Waits until the child has ended, but leaves it unreaped: so its number still names its group and nobody else's.
    async fn ended(&self) {
        let Some(leader) = self.group else { return };
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        while matches!(waitid(WaitId::Pid(leader), options), Ok(None)) {
            tokio::time::sleep(POLL).await;
        }
    }

    /// Ends all of the group at once. Harmless if nobody is left.
    fn kill_group(&mut self) {
        if let Some(group) = self.group.take() {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The child is reaped later by the runtime, since it was started with `kill_on_drop`.
        self.kill_group();
    }
}
