//! Follows the trust root with tough and writes one of its files.
//!
//! ```text
//! tough-client ROOT TUF TARGET FILE
//! ```
//!
//! ROOT is the `root.json` that the client begins with, TUF the address of the repository without a slash at its end.

use std::error::Error;

use futures_util::TryStreamExt;
use tough::{RepositoryLoader, TargetName};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, root, tuf, name, file] = arguments.as_slice() else {
        return Err("usage: ROOT TUF TARGET FILE".into());
    };
    let root = std::fs::read(root)?;
    let repository = RepositoryLoader::new(
        &root,
        format!("{tuf}/").parse()?,
        format!("{tuf}/targets/").parse()?,
    )
    .load()
    .await?;
    let target = repository.read_target(&TargetName::new(name)?).await?;
    let chunks: Vec<_> = target
        .ok_or("the repository has no such target")?
        .try_collect()
        .await?;
    std::fs::write(file, chunks.concat())?;
    Ok(())
}
