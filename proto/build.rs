//! Compiles the definitions without an installed protoc.

use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = [
        "dev/sigstore/bundle/v1/bundle.proto",
        "dev/sigstore/fulcio/v2/fulcio.proto",
        "dev/sigstore/rekor/v2/rekor_service.proto",
        "dev/sigstore/trustroot/v1/trustroot.proto",
        "sigstead/admin/v1/oidc_admin.proto",
        "sigstead/admin/v1/ca_admin.proto",
        "sigstead/admin/v1/ctlog_admin.proto",
        "sigstead/admin/v1/tlog_admin.proto",
        "sigstead/admin/v1/tsa_admin.proto",
        "sigstead/admin/v1/tuf_admin.proto",
        "sigstead/ct/v1/ct.proto",
        "sigstead/timestamp/v1/timestamp.proto",
        "sigstead/trustroot/v1/trust_root.proto",
    ];
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler
        .include_source_info(true)
        .include_imports(true)
        .open_files(files)?;
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("no OUT_DIR")?);
    std::fs::write(
        out.join("descriptors.bin"),
        compiler.encode_file_descriptor_set(),
    )?;

    let mut config = tonic_prost_build::Config::new();
    config.enable_type_names();
    tonic_prost_build::configure()
        .emit_rerun_if_changed(false)
        .compile_fds_with_config(compiler.file_descriptor_set(), config)?;
    println!("cargo::rerun-if-changed=proto");
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}
