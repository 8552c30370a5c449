//! Wire types, and the only conversions between them and ours.
//!
//! Specifications: protobuf-specs v0.5 (`dev.sigstore.{common,rekor,trustroot,bundle}.v1`), fulcio v1.8 (`fulcio.v2`),
//! rekor-tiles v2.3 (`rekor.v2`), in-toto attestation (`io.intoto`), and Sigstead's own services. The definitions in
//! `proto/` are ours; package, message, field and enum names and numbers are those of the specifications.
//!
//! Provided: the generated types and services; [`json`], the protobuf-JSON mapping; [`elements`], which counts before
//! anything is decoded; conversions, of which those toward
//! the wire cannot fail.
//!
//! Deliberately absent: meaning. A wire type appears here and in the `api` of a service, and nowhere else.

mod convert;
mod elements;
mod error;
mod fields;
pub mod json;

pub use elements::elements;
pub use error::Error;
pub use fields::fields;

/// All definitions, encoded, for reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// The paths of all methods that the definitions have, such as `/package.Service/Method`; none if they cannot be read.
#[must_use]
pub fn method_paths() -> Vec<String> {
    let pool = prost_reflect::DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap_or_default();
    let path = |method: prost_reflect::MethodDescriptor| {
        format!("/{}/{}", method.parent_service().full_name(), method.name())
    };
    let services = pool.services();
    services
        .flat_map(|service| service.methods().map(path).collect::<Vec<_>>())
        .collect()
}

/// Generated modules, nested as their packages are, because they refer to each other by that path.
#[expect(missing_docs, reason = "generated")]
mod generated {
    #![allow(
        clippy::all,
        clippy::doc_markdown,
        clippy::use_self,
        unused_qualifications,
        unreachable_pub,
        elided_lifetimes_in_paths
    )]

    pub mod google {
        pub mod api {
            tonic::include_proto!("google.api");
        }
    }
    pub mod io {
        pub mod intoto {
            tonic::include_proto!("io.intoto");
        }
    }
    pub mod dev {
        pub mod sigstore {
            pub mod common {
                pub mod v1 {
                    tonic::include_proto!("dev.sigstore.common.v1");
                }
            }
            pub mod rekor {
                pub mod v1 {
                    tonic::include_proto!("dev.sigstore.rekor.v1");
                }
                pub mod v2 {
                    tonic::include_proto!("dev.sigstore.rekor.v2");
                }
            }
            pub mod trustroot {
                pub mod v1 {
                    tonic::include_proto!("dev.sigstore.trustroot.v1");
                }
            }
            pub mod bundle {
                pub mod v1 {
                    tonic::include_proto!("dev.sigstore.bundle.v1");
                }
            }
            pub mod fulcio {
                pub mod v2 {
                    tonic::include_proto!("dev.sigstore.fulcio.v2");
                }
            }
        }
    }
    pub mod sigstead {
        pub mod admin {
            pub mod v1 {
                tonic::include_proto!("sigstead.admin.v1");
            }
        }
        pub mod ct {
            pub mod v1 {
                tonic::include_proto!("sigstead.ct.v1");
            }
        }
        pub mod timestamp {
            pub mod v1 {
                tonic::include_proto!("sigstead.timestamp.v1");
            }
        }
        pub mod trustroot {
            pub mod v1 {
                tonic::include_proto!("sigstead.trustroot.v1");
            }
        }
    }
}

pub use generated::dev::sigstore::{bundle, common, fulcio, rekor, trustroot};
pub use generated::google::api as google_api;
pub use generated::io::intoto;
/// `sigstead.trustroot`, the service beside the documents of [`trustroot`].
pub use generated::sigstead::trustroot as trust_root_service;
pub use generated::sigstead::{admin, ct, timestamp};
