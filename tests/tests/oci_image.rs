//! The image that gateways pull: an OCI layout whose digests, sizes and media types are right, the same every time.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Not a module that runs, but one that is told from any other file.
const MODULE: &[u8] = b"\0asm\x01\0\0\0 the river keeps its own account";

fn make_image(directory: &Path) -> Result<()> {
    let module = directory.join("module.wasm");
    std::fs::write(&module, MODULE)?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/oci");
    let made = Command::new(script).arg(&module).arg(directory.join("image")).output()?;
    ensure!(made.status.success(), "scripts/oci: {}", String::from_utf8_lossy(&made.stderr));
    let said = String::from_utf8(made.stdout)?;
    let index = json_file(&directory.join("image/index.json"))?;
    ensure!(said.trim_end() == text(&index, "/manifests/0/digest")?, "it says the digest {said}");
    Ok(())
}

fn json_file(file: &Path) -> Result<Value> {
    let content = std::fs::read(file).with_context(|| file.display().to_string())?;
    Ok(serde_json::from_slice(&content)?)
}

fn text<'a>(value: &'a Value, place: &str) -> Result<&'a str> {
    value.pointer(place).and_then(Value::as_str).with_context(|| format!("nothing at {place} in {value}"))
}

fn digest(content: &[u8]) -> String {
    let hash = Sha256::digest(content);
    hash.iter().fold("sha256:".to_owned(), |digest, byte| format!("{digest}{byte:02x}"))
}

/// The blob that a descriptor names, which must be what the descriptor says.
fn blob(image: &Path, descriptor: &Value, media_type: &str) -> Result<Vec<u8>> {
    ensure!(text(descriptor, "/mediaType")? == media_type, "{descriptor}");
    let named = text(descriptor, "/digest")?;
    let file = named.strip_prefix("sha256:").context("no SHA-256")?;
    let content = std::fs::read(image.join("blobs/sha256").join(file))?;
    ensure!(digest(&content) == named, "{named} has the digest {}", digest(&content));
    ensure!(descriptor.get("size") == Some(&json!(content.len())), "{descriptor}: {} bytes", content.len());
    Ok(content)
}

/// What a command makes of `input`, given as a file.
fn through(command: &mut Command, input: &Path) -> Result<Vec<u8>> {
    let output = command.arg(input).output()?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(output.stdout)
}

#[test]
fn the_layout_holds_the_module_as_plugin_wasm() -> Result<()> {
    let directory = tempfile::tempdir()?;
    make_image(directory.path())?;
    let image = directory.path().join("image");
    assert_eq!(json_file(&image.join("oci-layout"))?, json!({ "imageLayoutVersion": "1.0.0" }));
    let index = json_file(&image.join("index.json"))?;
    assert_eq!(index["schemaVersion"], json!(2));

    let manifest = blob(&image, &index["manifests"][0], "application/vnd.oci.image.manifest.v1+json")?;
    let manifest: Value = serde_json::from_slice(&manifest)?;
    assert_eq!(manifest["schemaVersion"], json!(2));
    assert_eq!(manifest["layers"].as_array().map(Vec::len), Some(1));
    let layer = blob(&image, &manifest["layers"][0], "application/vnd.oci.image.layer.v1.tar+gzip")?;
    let config = blob(&image, &manifest["config"], "application/vnd.oci.image.config.v1+json")?;
    let config: Value = serde_json::from_slice(&config)?;
    assert_eq!(std::fs::read_dir(image.join("blobs/sha256"))?.count(), 3, "and nothing else");

    let packed = directory.path().join("layer.tar.gz");
    std::fs::write(&packed, layer)?;
    let tar = through(Command::new("gzip").arg("-dc"), &packed)?;
    assert_eq!(config["rootfs"], json!({ "type": "layers", "diff_ids": [digest(&tar)] }));
    assert_eq!(through(Command::new("tar").arg("-tzf"), &packed)?, b"plugin.wasm\n");
    assert_eq!(through(Command::new("tar").arg("-xzOf"), &packed)?, MODULE);
    Ok(())
}

#[test]
fn the_same_module_gives_the_same_image() -> Result<()> {
    let [first, second] = [tempfile::tempdir()?, tempfile::tempdir()?];
    make_image(first.path())?;
    // Its times and rights are of no account.
    make_image(second.path())?;
    make_image(second.path())?;
    let index = |directory: &Path| std::fs::read(directory.join("image/index.json"));
    assert_eq!(index(first.path())?, index(second.path())?);
    Ok(())
}

#[test]
fn what_is_no_image_is_not_replaced() -> Result<()> {
    let directory = tempfile::tempdir()?;
    std::fs::create_dir(directory.path().join("image"))?;
    std::fs::write(directory.path().join("image/diary"), "dear diary")?;
    assert!(make_image(directory.path()).is_err());
    assert!(directory.path().join("image/diary").exists());
    Ok(())
}
