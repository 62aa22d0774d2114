//! The real binary in a folder of its own: run to its end, or started as a server on a free port.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A folder in which the program is started; removed at the end.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.stdout
    }

    /// Exit code and words, as a snapshot holds them.
    pub(crate) fn surface(&self) -> String {
        format!("exit: {}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

impl Place {
    pub(crate) fn new() -> Place {
        Place { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// The program with these arguments; nothing of the environment configures it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.below(&[], arguments)
    }

    /// The same below another program, such as `unshare`.
    pub(crate) fn below(&self, wrapper: &[&str], arguments: &[&str]) -> Command {
        let binary = env!("CARGO_BIN_EXE_stoa");
        let mut command = match wrapper.split_first() {
            None => Command::new(binary),
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(binary);
                command
            }
        };
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("STOA_") {
                command.env_remove(name);
            }
        }
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.ended(&mut self.command(arguments))
    }

    pub(crate) fn ended(&self, command: &mut Command) -> Ended {
        let output = command.output().unwrap();
        let own = self.folder.path().display().to_string();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&own, "[HERE]");
        Ended { code: output.status.code().unwrap_or(-1), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// A server on a free port, when it has said where it listens.
    pub(crate) fn up(&self, arguments: &[&str]) -> Server {
        self.up_below(&[], arguments)
    }

    pub(crate) fn up_below(&self, wrapper: &[&str], arguments: &[&str]) -> Server {
        let all: Vec<&str> = ["up", "--listen", "127.0.0.1:0"].iter().chain(arguments).copied().collect();
        let mut command = self.below(wrapper, &all);
        Server::start(command.stdout(Stdio::piped()).stderr(Stdio::piped()))
    }

    /// The compliance monitor alone.
    pub(crate) fn monitor(&self) -> Server {
        let mut command = self.command(&["monitor", "--listen", "127.0.0.1:0"]);
        Server::start(command.stdout(Stdio::piped()).stderr(Stdio::piped()))
    }

    /// A server on this address, which others were told of before.
    pub(crate) fn up_at(&self, address: &str) -> Server {
        let mut command = self.command(&["up", "--listen", address]);
        Server::start(command.stdout(Stdio::piped()).stderr(Stdio::piped()))
    }
}

/// An address that was free a moment ago, for servers that must know each other's before they start.
pub(crate) fn free_address() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// A running server; killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
    /// What was said up to the address.
    pub(crate) said: String,
}

impl Server {
    #[expect(clippy::zombie_processes, reason = "a server that was started is waited for when it is dropped")]
    fn start(command: &mut Command) -> Server {
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        loop {
            let mut line = String::new();
            if output.read_line(&mut line).unwrap() == 0 {
                let mut stderr = String::new();
                child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
                panic!("the server ended with {:?}: {said}{stderr}", child.wait().unwrap().code());
            }
            said.push_str(&line);
            if let Some((_, rest)) = line.split_once("http://").or_else(|| line.split_once("https://")) {
                let address: String = rest.chars().take_while(|c| c.is_ascii_digit() || ".:".contains(*c)).collect();
                return Server { child, output, address, said };
            }
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL, and wait until it is gone.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; the exit code, what it still said on both, and how long it took.
    pub(crate) fn terminate(mut self) -> (i32, String, Duration) {
        let begun = Instant::now();
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let mut said = std::mem::take(&mut self.said);
        self.output.read_to_string(&mut said).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        (code, said, begun.elapsed())
    }

    /// One request over a connection of its own: the status and the body.
    pub(crate) fn ask(&self, method: &str, path: &str, key: Option<&str>, body: Option<&str>) -> (u16, String) {
        ask(&self.address, method, path, key, body).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A small client: the tests need no more of HTTP than this.
pub(crate) fn ask(
    address: &str,
    method: &str,
    path: &str,
    key: Option<&str>,
    body: Option<&str>,
) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    if let Some(key) = key {
        request.push_str(&format!("authorization: Bearer {key}\r\n"));
    }
    let body = body.unwrap_or_default();
    if !body.is_empty() {
        request.push_str("content-type: application/json\r\n");
    }
    request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let broken = || std::io::Error::from(std::io::ErrorKind::InvalidData);
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(broken)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
    Ok((status, body.to_owned()))
}

/// A certificate with its key in a place: an authority, or signed by one.
pub(crate) struct Certificate {
    pub(crate) pem: PathBuf,
    pub(crate) key: PathBuf,
}

/// Makes a certificate with openssl. `usage` is an extension such as `extendedKeyUsage=clientAuth`.
pub(crate) fn certificate(place: &Place, name: &str, usage: &str, authority: Option<&Certificate>) -> Certificate {
    let made = Certificate { pem: place.path(&format!("{name}.pem")), key: place.path(&format!("{name}.key")) };
    let mut command = Command::new("openssl");
    command
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-subj", &format!("/CN={name}"), "-addext", usage])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout"])
        .arg(&made.key)
        .arg("-out")
        .arg(&made.pem);
    if let Some(authority) = authority {
        command.args(["-addext", "basicConstraints=critical,CA:FALSE", "-CA"]).arg(&authority.pem);
        command.arg("-CAkey").arg(&authority.key);
    }
    assert!(command.stderr(Stdio::null()).status().unwrap().success(), "openssl makes a certificate");
    made
}

/// One request by TLS, with or without a certificate of one's own: what came back, as text.
pub(crate) fn ask_tls(
    address: &str,
    authority: &Certificate,
    own: Option<&Certificate>,
    head: &str,
    body: &str,
) -> String {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", address, "-verify_return_error", "-quiet", "-CAfile"]).arg(&authority.pem);
    if let Some(own) = own {
        command.arg("-cert").arg(&own.pem).arg("-key").arg(&own.key);
    }
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(format!("{head}\r\nhost: localhost\r\nconnection: close\r\n\r\n{body}").as_bytes()).unwrap();
    let mut answer = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut answer).unwrap();
    drop(input);
    child.wait().unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Overwrites bytes inside of a file.
pub(crate) fn damage(path: &Path, at: usize, bytes: &[u8]) {
    let mut content = std::fs::read(path).unwrap();
    content[at..at + bytes.len()].copy_from_slice(bytes);
    std::fs::write(path, content).unwrap();
}
