//! Other people's programs that answer questions about the bytes of files, one after another.
//!
//! Unlike a worker, such a program is trusted with what it may do on the machine: the user chose
//! it. It is not trusted to answer, to answer in time, or to answer what was asked.

use crate::os;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The longest line that is read.
const LINE_BYTES: u64 = 64 << 10;

/// A program and those of its processes that wait for a question.
///
/// A question is a line `VERB NUMBER BYTES` and then as many raw bytes; the answer is one line,
/// `NUMBER ANSWER`. At its start the program writes the line given as its greeting. Each thread
/// that asks has a process of its own; processes end when their input does.
#[derive(Debug)]
pub struct Helper {
    program: PathBuf,
    greeting: String,
    patience: Duration,
    idle: Mutex<Vec<Running>>,
}

/// Why a program did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HelperFailure {
    /// It cannot be started, or does not greet.
    #[error("{program} does not work: {detail}")]
    Start {
        /// The program.
        program: String,
        /// How it failed.
        detail: String,
    },
    /// It did not answer in time and was stopped.
    #[error("no answer within {} s", .0.as_secs())]
    Timeout(Duration),
    /// It ended instead of answering.
    #[error("it ended without an answer")]
    Ended,
    /// It answered something else.
    #[error("its answer breaks the protocol")]
    Garbage,
}

impl Helper {
    /// A program, the line with which it greets, and the time that it has for each answer.
    #[must_use]
    pub fn new(program: &Path, greeting: &str, patience: Duration) -> Self {
        let (program, greeting) = (program.to_owned(), greeting.to_owned());
        Self { program, greeting, patience, idle: Mutex::default() }
    }

    /// Starts a process and keeps it for the first question.
    ///
    /// # Errors
    /// [`HelperFailure::Start`].
    pub fn probe(&self) -> Result<(), HelperFailure> {
        let running = self.start()?;
        self.lock().push(running);
        Ok(())
    }

    /// Asks about some bytes. A process that served before and fails now is replaced once, so
    /// that what one file did to it does not cost the next one.
    ///
    /// # Errors
    /// [`HelperFailure`]; the process is then gone, and the next question starts another.
    pub fn ask(&self, verb: &str, bytes: &Arc<Vec<u8>>) -> Result<String, HelperFailure> {
        let idle = self.lock().pop();
        if let Some(mut running) = idle {
            match running.ask(verb, bytes, self.patience) {
                Err(HelperFailure::Ended | HelperFailure::Garbage) => {}
                Err(failure) => return Err(failure),
                Ok(answer) => {
                    self.lock().push(running);
                    return Ok(answer);
                }
            }
        }
        let mut running = self.start()?;
        let answer = running.ask(verb, bytes, self.patience)?;
        self.lock().push(running);
        Ok(answer)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Running>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self) -> Result<Running, HelperFailure> {
        let failed = |detail: String| HelperFailure::Start {
            program: self.program.display().to_string(),
            detail,
        };
        let mut running =
            Running::start(&self.program).map_err(|error| failed(error.to_string()))?;
        match running.line(self.patience) {
            Ok(line) if line == self.greeting => Ok(running),
            Ok(_) => Err(failed(format!("its first line is not `{}`", self.greeting))),
            Err(HelperFailure::Timeout(_)) => Err(failed("it did not greet in time".to_owned())),
            Err(_) => Err(failed("it ended at once".to_owned())),
        }
    }
}

/// A process with a thread that writes to it and one that reads from it: neither can keep the
/// thread that asks from stopping the process.
#[derive(Debug)]
struct Running {
    child: Child,
    questions: SyncSender<(String, Arc<Vec<u8>>)>,
    lines: Receiver<String>,
    asked: u64,
}

impl Running {
    fn start(program: &Path) -> std::io::Result<Self> {
        let mut command = Command::new(program);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        os::detach(&mut command);
        let mut child = command.spawn()?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (questions, to_write) = sync_channel::<(String, Arc<Vec<u8>>)>(1);
        let (answers, lines) = sync_channel(1);
        let running = Self { child, questions, lines, asked: 0 };
        let Some((mut stdin, stdout)) = pipes else {
            return Err(std::io::Error::other("the process has no pipes"));
        };
        std::thread::Builder::new().name("helper-in".into()).spawn(move || {
            while let Ok((head, bytes)) = to_write.recv() {
                if stdin.write_all(head.as_bytes()).and_then(|()| stdin.write_all(&bytes)).is_err()
                    || stdin.flush().is_err()
                {
                    break;
                }
            }
        })?;
        std::thread::Builder::new().name("helper-out".into()).spawn(move || {
            let mut stdout = BufReader::new(stdout);
            loop {
                let mut line = Vec::new();
                let read = stdout.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line);
                // A line that does not end, or is no text, ends the conversation.
                if read.is_err() || line.pop() != Some(b'\n') {
                    break;
                }
                let Ok(line) = String::from_utf8(line) else { break };
                if answers.send(line).is_err() {
                    break;
                }
            }
        })?;
        Ok(running)
    }

    fn line(&mut self, patience: Duration) -> Result<String, HelperFailure> {
        match self.lines.recv_timeout(patience) {
            Ok(line) => Ok(line.trim_end_matches('\r').to_owned()),
            Err(RecvTimeoutError::Timeout) => Err(HelperFailure::Timeout(patience)),
            Err(RecvTimeoutError::Disconnected) => Err(HelperFailure::Ended),
        }
    }

    fn ask(
        &mut self,
        verb: &str,
        bytes: &Arc<Vec<u8>>,
        patience: Duration,
    ) -> Result<String, HelperFailure> {
        let until = Instant::now() + patience;
        self.asked += 1;
        let head = format!("{verb} {} {}\n", self.asked, bytes.len());
        self.questions.send((head, Arc::clone(bytes))).map_err(|_| HelperFailure::Ended)?;
        let left = until.saturating_duration_since(Instant::now());
        let line = self.line(left).map_err(|failure| match failure {
            HelperFailure::Timeout(_) => HelperFailure::Timeout(patience),
            other => other,
        })?;
        let (number, answer) = line.split_once(' ').ok_or(HelperFailure::Garbage)?;
        if number != self.asked.to_string() {
            return Err(HelperFailure::Garbage);
        }
        Ok(answer.to_owned())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // With all that it started: a script's children would keep the pipes open.
        os::end_group(&mut self.child);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const PATIENCE: Duration = Duration::from_millis(1500);

    #[expect(clippy::unwrap_used, reason = "helper of tests")]
    fn helper(dir: &Path, script: &str) -> Helper {
        let program = dir.join("program");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        Helper::new(&program, "hello 1", PATIENCE)
    }

    /// Answers with the first word of the bytes, and does as that word says.
    const SCRIPT: &str = r#"echo hello 1
while read verb number bytes; do
  word=$(head -c "$bytes" | head -n 1)
  case $word in
    hang) sleep 600 ;;
    die) exit 3 ;;
    lie) echo "999 ok" ;;
    twice) echo "$number one"; echo "$number two" ;;
    endless) cat /dev/zero ;;
    *) echo "$number $verb $word" ;;
  esac
done"#;

    #[test]
    fn each_kind_of_failure_costs_its_own_question() {
        let dir = tempfile::tempdir().unwrap();
        let helper = helper(dir.path(), SCRIPT);
        helper.probe().unwrap();
        let ask = |word: &str| helper.ask("v", &Arc::new(format!("{word}\n").into_bytes()));
        assert_eq!(ask("fine").unwrap(), "v fine");
        assert_eq!(ask("hang"), Err(HelperFailure::Timeout(PATIENCE)));
        assert_eq!(ask("fine").unwrap(), "v fine");
        assert_eq!(ask("die"), Err(HelperFailure::Ended));
        assert_eq!(ask("fine").unwrap(), "v fine");
        assert_eq!(ask("lie"), Err(HelperFailure::Garbage));
        assert_eq!(ask("twice").unwrap(), "one");
        assert_eq!(ask("fine").unwrap(), "v fine", "what was said too much is not taken for it");
        assert_eq!(ask("endless"), Err(HelperFailure::Ended));
        assert_eq!(ask("fine").unwrap(), "v fine");
    }

    #[test]
    fn a_program_that_does_not_read_is_stopped() {
        let dir = tempfile::tempdir().unwrap();
        let helper = helper(dir.path(), "echo hello 1; sleep 600");
        let large = Arc::new(vec![0; 4 << 20]);
        assert_eq!(helper.ask("v", &large), Err(HelperFailure::Timeout(PATIENCE)));
    }

    #[test]
    fn a_program_that_does_not_work_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let missing = Helper::new(Path::new("/nonexistent/x"), "hello 1", PATIENCE);
        assert!(missing.probe().unwrap_err().to_string().contains("/nonexistent/x"));
        let silent = helper(dir.path(), "exit 0");
        assert!(silent.probe().unwrap_err().to_string().contains("ended at once"));
        let other = helper(dir.path(), "echo hello 2; cat");
        assert!(other.probe().unwrap_err().to_string().contains("first line is not `hello 1`"));
    }
}
