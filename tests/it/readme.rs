//! The README: its tour works as written

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).expect("README.md")
}

/// `make run` on free ports, with a folder of its own.
struct Stack {
    make: Child,
    output: BufReader<ChildStdout>,
    folder: TempDir,
}

impl Stack {
    /// Starts it, and waits until it says that it is ready.
    fn start() -> Self {
        let folder = TempDir::new().expect("a folder");
        let errors = File::create(folder.path().join("errors")).expect("a file");
        let mut make = Command::new("make")
            .arg("run")
            .current_dir(root())
            .env("RUN_DIR", folder.path().join(".run"))
            .envs(["HTTP_PORT", "DYNAMODB_PORT", "LAMBDA_PORT", "COGNITO_PORT"].map(|it| (it, "0")))
            // What a `make test` around this test would pass on.
            .env_remove("MAKEFLAGS")
            .env_remove("MAKELEVEL")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .expect("make is installed");
        let output = BufReader::new(make.stdout.take().expect("a pipe"));
        let mut stack = Self { make, output, folder };
        let mut said = String::new();
        while !said.contains("Usher is ready.") {
            let read = stack.output.read_line(&mut said).expect("UTF-8");
            assert_ne!(read, 0, "`make run` ended: {said}{}", stack.errors());
        }
        stack
    }

    fn errors(&self) -> String {
        fs::read_to_string(self.folder.path().join("errors")).expect("UTF-8")
    }

    /// Ends it as a terminal would, and answers what it still had to say.
    fn stop(&mut self) -> String {
        self.terminate();
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).expect("UTF-8");
        rest
    }

    fn terminate(&mut self) {
        // It fails only where there is nothing left to end.
        let _ = Command::new("kill").arg(self.make.id().to_string()).status();
        let _ = self.make.wait();
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if let Ok(None) = self.make.try_wait() {
            self.terminate();
        }
    }
}

/// A fenced block.
#[derive(Debug)]
struct Block<'a> {
    language: &'a str,
    text: String,
}

/// The fenced blocks of a section, in order.
fn blocks<'a>(readme: &'a str, heading: &str) -> Vec<Block<'a>> {
    let section = readme.lines().skip_while(|line| *line != heading).skip(1);
    let mut blocks = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for line in section.take_while(|line| !line.starts_with("## ")) {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => open = Some(Block { language, text: String::new() }),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => block.text.extend([line, "\n"]),
            (None, None) => {}
        }
    }
    blocks
}

/// A step of the tour: what to paste, and what the README shows as its output.
#[derive(Debug)]
struct Step {
    commands: String,
    shown: Option<String>,
}

fn tour(readme: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for Block { language, text } in blocks(readme, "## A tour") {
        match language {
            "sh" => steps.push(Step { commands: text, shown: None }),
            "json" | "text" => {
                let step = steps.last_mut().expect("commands come before their output");
                assert!(step.shown.replace(text).is_none(), "{step:?} has two outputs");
            }
            other => panic!("the tour has a block of `{other}`"),
        }
    }
    steps
}

/// Ids as the README shows them, each with the one of this run in its place.
#[derive(Default)]
struct Ids(Vec<(String, String)>);

impl Ids {
    /// Whether two outputs are the same but for moments and generated ids, and ids are equal in the
    /// one where they are equal in the other.
    fn same(&mut self, shown: &Value, real: &Value) -> bool {
        match (shown, real) {
            (Value::Array(shown), Value::Array(real)) => {
                shown.len() == real.len() && shown.iter().zip(real).all(|(s, r)| self.same(s, r))
            }
            (Value::Object(shown), Value::Object(real)) => {
                shown.keys().eq(real.keys()) && shown.iter().all(|(k, s)| self.same(s, &real[k]))
            }
            (Value::String(shown), Value::String(real)) => {
                if is_moment(shown) && is_moment(real) {
                    return true;
                }
                if kind_of_id(shown).is_none() || kind_of_id(shown) != kind_of_id(real) {
                    return shown == real;
                }
                self.0.push((shown.clone(), real.clone()));
                self.0.iter().all(|(one, other)| (one == shown) == (other == real))
            }
            _ => shown == real,
        }
    }
}

fn is_moment(text: &str) -> bool {
    text.len() == "2026-01-01T00:00:00.000Z".len() && text.parse::<Timestamp>().is_ok()
}

/// The prefix of a generated id, and the number of its digits.
fn kind_of_id(text: &str) -> Option<(&str, usize)> {
    let (kind, digits) = text.split_once('_').unwrap_or(("", text));
    let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let all = digits.bytes().all(|byte| byte == b'-' || hexadecimal(byte));
    (all && digits.len() >= 32).then_some((kind, digits.len()))
}

/// JSON as what it says, anything else as its text.
fn read(output: &str) -> Value {
    let output = output.trim();
    serde_json::from_str(output).unwrap_or_else(|_| output.into())
}

#[test]
fn the_tour_works_as_written() {
    const END: &str = "--- end of a step ---";

    let steps = tour(&readme());
    let mut stack = Stack::start();
    let script: String =
        steps.iter().map(|step| format!("{}\nprintf '\\n{END}\\n'\n", step.commands)).collect();
    let run = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(&stack.folder)
        .stdin(Stdio::null())
        .output()
        .expect("bash is installed");
    let output = String::from_utf8(run.stdout).expect("UTF-8");
    let complaints = String::from_utf8(run.stderr).expect("UTF-8");
    assert!(run.status.success() && complaints.is_empty(), "{complaints}\n{output}");

    let outputs: Vec<_> = output.split(&format!("\n{END}\n")).collect();
    assert_eq!(outputs.len(), steps.len() + 1, "one output for each step, and nothing after");
    let mut ids = Ids::default();
    for (Step { commands, shown }, output) in steps.iter().zip(outputs) {
        let (shown, real) = (read(shown.as_deref().unwrap_or_default()), read(output));
        assert!(ids.same(&shown, &real), "{commands}\nshown: {shown:#}\nreal: {real:#}");
    }
    assert!(!ids.0.is_empty(), "the tour shows generated ids");

    assert!(stack.stop().ends_with("\nUsher has ended.\n"), "{}", stack.errors());
    assert!(!stack.folder.path().join(".run/env").exists(), "there is nothing left to talk to");
}
