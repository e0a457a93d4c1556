//! Compiles the protos with protox, so that nobody needs protoc, and keeps the descriptor set with our custom options.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use prost::Message;

/// What others serve and we ask. It has types, and is left out of the descriptor set, by which policies, commands and reflection
/// know what we serve.
const ASKED: &str = "callplane/checker";

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let own = root.join("proto");
    let third_party = root.join("third_party");
    println!("cargo:rerun-if-changed=proto");
    println!("cargo:rerun-if-changed=third_party");

    let mut files = Vec::new();
    collect(&own, &mut files)?;
    files.sort();
    let (asked, served): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.starts_with(own.join(ASKED)));

    let mut compiler = protox::Compiler::new([&own, &third_party])?;
    compiler.include_source_info(true).include_imports(true).open_files(&served)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    // The encoded form keeps extension fields; decoding into prost-types and encoding again would lose them.
    fs::write(out.join("callplane.bin"), compiler.encode_file_descriptor_set())?;
    let typed = compiler.open_files(&asked)?.file_descriptor_set();

    tonic_prost_build::configure()
        .build_server(env::var_os("CARGO_FEATURE_SERVER").is_some())
        .build_client(env::var_os("CARGO_FEATURE_CLIENT").is_some())
        .bytes(".callplane.edge.v1")
        .compile_fds(prost_types_of(&typed)?)?;
    Ok(())
}

/// Rules and options are read through reflection; generating `buf.validate` would only add dead code.
fn prost_types_of(set: &impl Message) -> Result<tonic_prost_build::FileDescriptorSet, Box<dyn Error>> {
    let mut set = tonic_prost_build::FileDescriptorSet::decode(&*set.encode_to_vec())?;
    set.file.retain(|file| !file.package().starts_with("buf."));
    Ok(set)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
