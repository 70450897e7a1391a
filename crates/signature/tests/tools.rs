//! Signatures of the real tools are accepted, and theirs accept ours.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // tests may panic, and say why they skip

use hashward_signature::{FileCheck, PublicKey, SecretKey, SignatureError, SignatureFormat};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Is there such a program? Says so where not, and the test is passed over.
fn there_is(program: &str) -> bool {
    let there = Command::new(program).arg("-?").output().is_ok();
    if !there {
        println!("skipped: {program} is not installed here");
    }
    there
}

fn run(dir: &Path, program: &str, args: &[&str], input: &[u8]) -> bool {
    let mut command = Command::new(program);
    command.current_dir(dir).args(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    if !output.status.success() {
        println!("{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    output.status.success()
}

fn read(dir: &Path, name: &str) -> String {
    std::fs::read_to_string(dir.join(name)).unwrap()
}

fn check(
    signature: &[u8],
    keys: &[PublicKey],
    content: &[u8],
) -> Result<PublicKey, SignatureError> {
    let mut check = FileCheck::new(signature, keys)?;
    for part in content.chunks(7) {
        check.update(part);
    }
    check.finish()
}

/// Every byte of the file, and any other length, breaks a signature.
fn nothing_else_passes(signature: &[u8], keys: &[PublicKey], content: &[u8]) {
    check(signature, keys, content).unwrap();
    for position in 0..content.len() {
        let mut changed = content.to_vec();
        changed[position] ^= 1;
        let checked = check(signature, keys, &changed);
        assert!(matches!(checked, Err(SignatureError::Wrong)), "{position}");
    }
    for content in [&content[1..], &content[..content.len() - 1], b"", &[content, b"\n"].concat()] {
        assert!(check(signature, keys, content).is_err());
    }
    let stranger = SecretKey::from_seed([5; 32]).public();
    let by_stranger = check(signature, &[stranger], content);
    assert!(matches!(by_stranger, Err(SignatureError::UnknownKey)));
    // A signature of which any byte differs is refused or means the same.
    for position in 0..signature.len() {
        let mut changed = signature.to_vec();
        changed[position] ^= 1;
        if check(&changed, keys, content).is_ok() {
            // Comments outside the signature, line ends, and unused bits of base64.
            assert_ne!(changed[position], signature[position]);
        }
    }
}

const LIST: &[u8] = b"id,md5\na,0123456789abcdef0123456789abcd01\n";

#[test]
fn ssh_keygen_and_we_agree() {
    if !there_is("ssh-keygen") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    for (name, passphrase) in [("plain", ""), ("locked", "a passphrase")] {
        let args = ["-q", "-t", "ed25519", "-N", passphrase, "-C", "lab", "-f", name];
        assert!(run(dir, "ssh-keygen", &args, b""));
        std::fs::write(dir.join("list.csv"), LIST).unwrap();
        let text = read(dir, name);
        let key =
            SecretKey::parse(&text, Some(passphrase).filter(|text| !text.is_empty())).unwrap();
        let public = PublicKey::parse_all(&read(dir, &format!("{name}.pub"))).unwrap();
        assert_eq!(public, [key.public()]);
        assert_eq!(key.format(), SignatureFormat::Ssh);
        // Ours, checked by the tool.
        std::fs::write(dir.join("ours.sig"), key.sign_file(LIST).unwrap()).unwrap();
        let allowed = format!("examiner@lab {}\n", key.public().to_text());
        std::fs::write(dir.join("allowed"), allowed).unwrap();
        let verify =
            ["-Y", "verify", "-f", "allowed", "-I", "examiner@lab", "-n", "file", "-s", "ours.sig"];
        assert!(run(dir, "ssh-keygen", &verify, LIST));
        assert!(!run(dir, "ssh-keygen", &verify, &LIST[1..]));
        nothing_else_passes(read(dir, "ours.sig").as_bytes(), &public, LIST);
    }
    // The tool's, checked by us; it cannot be told a passphrase here.
    let public = PublicKey::parse_all(&read(dir, "plain.pub")).unwrap();
    for hash in ["sha512", "sha256"] {
        let option = format!("hashalg={hash}");
        let args = ["-Y", "sign", "-f", "plain", "-n", "file", "-O", &option, "list.csv"];
        assert!(run(dir, "ssh-keygen", &args, b""));
        nothing_else_passes(read(dir, "list.csv.sig").as_bytes(), &public, LIST);
        std::fs::remove_file(dir.join("list.csv.sig")).unwrap();
    }
    assert!(run(dir, "ssh-keygen", &["-Y", "sign", "-f", "plain", "-n", "git", "list.csv"], b""));
    let other = check(read(dir, "list.csv.sig").as_bytes(), &public, LIST);
    assert!(matches!(other, Err(SignatureError::Unsupported { .. })));
    let locked = read(dir, "locked");
    assert!(matches!(SecretKey::parse(&locked, None), Err(SignatureError::Encrypted)));
    assert!(matches!(SecretKey::parse(&locked, Some("x")), Err(SignatureError::Passphrase)));
}

#[test]
fn minisign_and_we_agree() {
    if !there_is("minisign") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let make = ["-G", "-W", "-p", "key.pub", "-s", "key.sec"];
    assert!(run(dir, "minisign", &make, b""));
    std::fs::write(dir.join("list.csv"), LIST).unwrap();
    let key = SecretKey::parse(&read(dir, "key.sec"), None).unwrap();
    let public = PublicKey::parse_all(&read(dir, "key.pub")).unwrap();
    assert_eq!(public, [key.public()]);
    assert_eq!(key.format(), SignatureFormat::Minisign);
    let signature = key.sign_file(LIST).unwrap();
    std::fs::write(dir.join("ours.minisig"), &signature).unwrap();
    let verify = ["-V", "-p", "key.pub", "-x", "ours.minisig", "-m", "list.csv"];
    assert!(run(dir, "minisign", &verify, b""));
    nothing_else_passes(signature.as_bytes(), &public, LIST);
    std::fs::write(dir.join("list.csv"), &LIST[1..]).unwrap();
    assert!(!run(dir, "minisign", &verify, b""));
    std::fs::write(dir.join("list.csv"), LIST).unwrap();
    let sign = ["-S", "-H", "-W", "-s", "key.sec", "-m", "list.csv", "-t", "of the agency"];
    assert!(run(dir, "minisign", &sign, b""));
    let theirs = read(dir, "list.csv.minisig");
    nothing_else_passes(theirs.as_bytes(), &public, LIST);
    let comment = theirs.replace("of the agency", "of somebody");
    assert!(matches!(check(comment.as_bytes(), &public, LIST), Err(SignatureError::Wrong)));
}

#[test]
fn an_encrypted_key_of_minisign_needs_its_passphrase() {
    let pair = minisign::KeyPair::generate_encrypted_keypair(Some("secret".into())).unwrap();
    let text = pair.sk.to_box(None).unwrap().into_string();
    assert!(matches!(SecretKey::parse(&text, None), Err(SignatureError::Encrypted)));
    assert!(matches!(SecretKey::parse(&text, Some("other")), Err(SignatureError::Passphrase)));
    let key = SecretKey::parse(&text, Some("secret")).unwrap();
    let signature = key.sign_file(LIST).unwrap();
    assert!(check(signature.as_bytes(), &[key.public()], LIST).is_ok());
}
