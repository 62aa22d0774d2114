//! The command line's way to a running server: a Unix socket in the data folder, mode 0600.
//!
//! One line of JSON with the command goes in, lines come back, the last one is the end. Not an API: server and command
//! must be of one version, and the first field says which. Whoever may open the socket may read the whole folder, so
//! there is no further credential.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::console::{Console, Line};
use crate::exit::{Exit, Failure};
use crate::work::Work;

/// The socket's name in the data folder.
const SOCKET: &str = "control.sock";
/// The longest path that a Unix socket may have; deeper data folders get no socket.
const SOCKET_PATH_BYTES_MAX: usize = 100;
/// The longest command line that a server reads.
const REQUEST_BYTES_MAX: u64 = 1 << 20;
/// Commands at once.
const COMMANDS_MAX: usize = 4;
/// Time for the command line to arrive.
const REQUEST_TIME: Duration = Duration::from_secs(5);

#[derive(Serialize, Deserialize)]
struct Request {
    version: String,
    work: Work,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reply {
    Line(Line),
    End { code: u8, message: String, advice: String },
}

/// Where the socket of a data folder lies.
pub(crate) fn socket_path(folder: &Path) -> PathBuf {
    folder.join(SOCKET)
}

/// What does the work behind the socket.
pub(crate) trait Worker: Send + Sync + 'static {
    /// Does it, saying lines on the console.
    fn work(&self, work: Work, console: Console) -> impl Future<Output = Result<Exit, Failure>> + Send;
}

/// Takes commands until the process ends. A socket that cannot be made is a remark, not a failure: the server serves.
pub(crate) fn listen(folder: &Path) -> Result<UnixListener, Failure> {
    let path = socket_path(folder);
    if path.as_os_str().len() > SOCKET_PATH_BYTES_MAX {
        return Err(Failure::new(Exit::Failed, format!("the path {} is too long for a socket", path.display()))
            .advice("Commands beside the server need a data folder with a shorter path."));
    }
    // The lock on the folder is ours, so a socket that lies here is one that a killed server left.
    let _ = std::fs::remove_file(&path);
    let doing = format!("opening the socket {}", path.display());
    let listener = UnixListener::bind(&path).map_err(|error| Failure::io(&doing, &error))?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))
        .map_err(|error| Failure::io(&doing, &error))?;
    Ok(listener)
}

/// Serves the socket until the stop; then commands that still run are given up and told so. Dropping it ends them too.
pub(crate) async fn serve<W: Worker>(listener: UnixListener, worker: Arc<W>, stopped: watch::Receiver<bool>) {
    let mut commands = JoinSet::new();
    let mut stop = std::pin::pin!(until(stopped.clone()));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept(), if commands.len() < COMMANDS_MAX => accepted,
            Some(_) = commands.join_next() => continue,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let (worker, stopped) = (worker.clone(), stopped.clone());
                commands.spawn(async move {
                    if let Err(error) = answer(stream, &*worker, stopped).await {
                        tracing::debug!(%error, "a command's connection ended early");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the control socket cannot accept");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    while commands.join_next().await.is_some() {}
}

/// Ends when the stop was asked for.
pub(crate) async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that whoever would ask is gone, which is a stop as well.
    let _ = stopped.wait_for(|stop| *stop).await;
}

async fn answer<W: Worker>(stream: UnixStream, worker: &W, stopped: watch::Receiver<bool>) -> std::io::Result<()> {
    let (input, mut output) = stream.into_split();
    let mut text = String::new();
    let mut reader = BufReader::new(input.take(REQUEST_BYTES_MAX));
    let read = tokio::time::timeout(REQUEST_TIME, reader.read_line(&mut text)).await;
    let request = match read {
        Ok(Ok(_)) => serde_json::from_str::<Request>(&text),
        Ok(Err(error)) => return Err(error),
        Err(_) => return Ok(()),
    };
    let (console, lines) = Console::channel();
    let result = match request {
        Ok(request) if request.version == env!("CARGO_PKG_VERSION") => {
            let work = async {
                tokio::select! {
                    result = worker.work(request.work, console) => result,
                    () = until(stopped) => Err(Failure::new(Exit::Busy, "the server stops, and the command with it")
                        .advice("Run it again: what was done by halves is taken up or made anew.")),
                }
            };
            let (result, sent) = tokio::join!(work, forward(lines, &mut output));
            sent?;
            result
        }
        _ => Err(Failure::new(Exit::Failed, "the running server is of another version than this command")
            .advice("Use the binary that the server was started with, or restart the server with this one.")),
    };
    let (code, message, advice) = match result {
        Ok(exit) => (exit.code(), String::new(), String::new()),
        Err(failure) => (failure.exit.code(), failure.message, failure.advice),
    };
    send(&mut output, &Reply::End { code, message, advice }).await
}

async fn forward(
    mut lines: mpsc::Receiver<Line>,
    output: &mut tokio::net::unix::OwnedWriteHalf,
) -> std::io::Result<()> {
    while let Some(line) = lines.recv().await {
        send(output, &Reply::Line(line)).await?;
    }
    Ok(())
}

async fn send(output: &mut tokio::net::unix::OwnedWriteHalf, reply: &Reply) -> std::io::Result<()> {
    let mut bytes = serde_json::to_vec(reply)?;
    bytes.push(b'\n');
    output.write_all(&bytes).await
}

/// Hands work to the server of a folder. `None`: no server runs there.
pub(crate) async fn ask(folder: &Path, work: &Work, console: &Console) -> Option<Result<Exit, Failure>> {
    let path = socket_path(folder);
    let stream = match UnixStream::connect(&path).await {
        Ok(stream) => stream,
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            return Some(Err(Failure::io(format!("opening {}", path.display()), &error)
                .advice("Run the command as the user that the server runs as.")));
        }
        Err(_) => return None,
    };
    Some(converse(stream, work, console).await)
}

async fn converse(stream: UnixStream, work: &Work, console: &Console) -> Result<Exit, Failure> {
    let broken = |error: &std::io::Error| {
        Failure::new(Exit::Failed, format!("the running server went away: {error}"))
            .advice("See what the server said, and run the command again.")
    };
    let (input, mut output) = stream.into_split();
    let request = Request { version: env!("CARGO_PKG_VERSION").into(), work: work.clone() };
    let mut bytes = serde_json::to_vec(&request)
        .map_err(|error| Failure::new(Exit::Failed, format!("the command cannot be sent: {error}")))?;
    bytes.push(b'\n');
    output.write_all(&bytes).await.map_err(|error| broken(&error))?;
    let mut lines = BufReader::new(input).lines();
    while let Some(line) = lines.next_line().await.map_err(|error| broken(&error))? {
        match serde_json::from_str(&line) {
            Ok(Reply::Line(line)) => console.say(line).await?,
            Ok(Reply::End { code, message, advice }) if message.is_empty() => {
                let _ = advice;
                return Ok(Exit::of_code(code));
            }
            Ok(Reply::End { code, message, advice }) => {
                return Err(Failure { exit: Exit::of_code(code), message, advice });
            }
            Err(error) => return Err(broken(&error.into())),
        }
    }
    Err(broken(&std::io::ErrorKind::UnexpectedEof.into()))
}
