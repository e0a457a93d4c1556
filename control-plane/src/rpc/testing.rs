//! Descriptor pools for tests, from proto source that stands beside the test.

use std::path::Path;

use prost_reflect::DescriptorPool;

/// The pool of one file in package `test` with our options and buf's rules at hand.
pub(crate) fn pool(source: &str) -> DescriptorPool {
    let folder = tempfile::tempdir().expect("a folder");
    let header = "syntax = \"proto3\";\npackage test;\n\
                  import \"buf/validate/validate.proto\";\nimport \"callplane/options/v1/options.proto\";\n\
                  import \"google/protobuf/duration.proto\";\nimport \"google/protobuf/field_mask.proto\";\n\
                  import \"google/protobuf/timestamp.proto\";\nimport \"google/protobuf/wrappers.proto\";\n";
    std::fs::write(folder.path().join("test.proto"), format!("{header}{source}")).expect("written");
    let protos = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto");
    let mut compiler =
        protox::Compiler::new([folder.path().to_owned(), protos.join("proto"), protos.join("third_party")])
            .expect("folders");
    compiler.include_imports(true).include_source_info(true);
    compiler.open_file("test.proto").unwrap_or_else(|error| panic!("{error:?}"));
    DescriptorPool::decode(compiler.encode_file_descriptor_set().as_slice()).expect("a valid set")
}
