//! How a bucket is reached: from the command line, else from the variables that other programs for S3 read.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client};
use rusty_s3::UrlStyle;
use url::Url;

use super::address::Address;
use super::client::Bucket;
use super::credentials::{self, variable};
use super::refusal::unusable;
use crate::failure::Failure;
use crate::private;

/// How the bucket of an `s3://` address is reached; without one they mean nothing.
#[derive(Args, Clone)]
pub(crate) struct Options {
    /// The URL of the server of an `s3://` address. Default: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, else that of Amazon.
    #[arg(long, value_name = "URL")]
    endpoint: Option<Url>,

    /// The region of the bucket. Default: `AWS_REGION`, `AWS_DEFAULT_REGION`, else us-east-1.
    #[arg(long, value_name = "NAME")]
    region: Option<String>,

    /// Where a URL names the bucket. Default: in the path if an endpoint is named, else in the host.
    #[arg(long, value_enum, value_name = "WHERE")]
    url_style: Option<Style>,

    /// A file with the credentials, laid out as ~/.aws/credentials. Default: `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`,
    /// else the file in `AWS_SHARED_CREDENTIALS_FILE`.
    #[arg(long, value_name = "FILE")]
    credentials: Option<PathBuf>,

    /// A file of authorities in PEM to trust for the server, instead of those of the system.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// How many seconds the server may be silent before a request is given up and repeated.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..))]
    timeout: u16,
}

/// Where a URL names the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Style {
    Path,
    Host,
}

impl Options {
    /// The bucket of an address. Nothing is sent yet.
    pub(crate) fn open(&self, address: &Address) -> Result<Bucket, Failure> {
        let region = self.region.clone();
        let region = region.or_else(|| variable("AWS_REGION"));
        let region = region.or_else(|| variable("AWS_DEFAULT_REGION"));
        let region = region.unwrap_or_else(|| "us-east-1".to_owned());
        let named = self.endpoint()?;
        let default = if named.is_some() {
            Style::Path
        } else {
            Style::Host
        };
        let style = match self.url_style.unwrap_or(default) {
            Style::Path => UrlStyle::Path,
            Style::Host => UrlStyle::VirtualHost,
        };
        let amazon = || Url::parse(&format!("https://s3.{region}.amazonaws.com"));
        let endpoint = named.map_or_else(amazon, Ok);
        let endpoint = endpoint.map_err(|error| unusable("the region", error))?;
        let bucket = rusty_s3::Bucket::new(endpoint, style, address.bucket.clone(), region);
        Ok(Bucket {
            bucket: bucket.map_err(|error| unusable("the endpoint", error))?,
            credentials: credentials::find(self.credentials.as_deref())?,
            http: self.client()?,
            name: address.bucket.clone(),
        })
    }

    fn endpoint(&self) -> Result<Option<Url>, Failure> {
        if let Some(endpoint) = &self.endpoint {
            return Ok(Some(endpoint.clone()));
        }
        let named = variable("AWS_ENDPOINT_URL_S3").or_else(|| variable("AWS_ENDPOINT_URL"));
        let endpoint = named.map(|text| Url::parse(&text)).transpose();
        endpoint.map_err(|error| unusable("the endpoint in the environment", error))
    }

    fn client(&self) -> Result<Client, Failure> {
        let mut builder = Client::builder()
            .connect_timeout(CONNECT)
            .read_timeout(Duration::from_secs(self.timeout.into()))
            // A signature is made for one host.
            .redirect(Policy::none())
            .http1_only();
        if let Some(path) = &self.ca {
            let failed = |error: &dyn std::fmt::Display| Failure::file("read", path, error);
            let pem = private::read(path, LARGEST).map_err(|error| failed(&error))?;
            let authorities = Certificate::from_pem_bundle(&pem).map_err(|error| failed(&error))?;
            builder = builder.tls_certs_only(authorities);
        }
        builder
            .build()
            .map_err(|error| unusable("the client", sigstead_kit::causes(&error)))
    }
}

const CONNECT: Duration = Duration::from_secs(10);
/// More than the authorities of a system need.
const LARGEST: u64 = 4 << 20;
