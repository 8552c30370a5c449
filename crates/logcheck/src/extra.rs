use crate::defect::Findings;
use crate::path::{FULL, Folder, Tile};
use crate::{Defect, Error, Face, Log, Source, note};

/// Looks for tiles and bundles that a tree of a size cannot have. A log that grows while it is read has them soon, so
/// what a newer checkpoint allows is none.
pub(crate) async fn check(
    source: &dyn Source,
    log: &Log,
    size: u64,
    findings: &mut Findings,
) -> Result<(), Error> {
    let beyond = match source.list().await? {
        Some(listed) => among(source, &listed, log.face, size, findings).await?,
        None => probed(source, log.face, size).await?,
    };
    if beyond.is_empty() {
        return Ok(());
    }
    let now = size.max(current_size(source, log).await?);
    for path in beyond {
        if Tile::parse(&path).is_none_or(|tile| !allowed(tile, log.face, now)) {
            findings.add(
                Defect::ExtraTile,
                format!("{path} is beyond the size of {now}"),
            );
        }
    }
    Ok(())
}

fn allowed(tile: Tile, face: Face, size: u64) -> bool {
    let own = matches!(tile.folder, Folder::Level(_)) || tile.folder == bundles(face);
    own && tile.is_within(size)
}

const fn bundles(face: Face) -> Folder {
    match face {
        Face::RekorV1 | Face::RekorV2 => Folder::Entries,
        Face::StaticCt => Folder::Data,
    }
}

/// Of all files those that should not be; the partial ones that may stay behind are compared with what replaced them.
async fn among(
    source: &dyn Source,
    listed: &[String],
    face: Face,
    size: u64,
    findings: &mut Findings,
) -> Result<Vec<String>, Error> {
    let mut beyond = Vec::new();
    for path in listed {
        match Tile::parse(path).filter(|tile| allowed(*tile, face, size)) {
            None => beyond.push(path.clone()),
            Some(tile) if tile != tile.at_size(size) => stale(source, tile, size, findings).await?,
            Some(_) => {}
        }
    }
    Ok(beyond)
}

async fn stale(
    source: &dyn Source,
    tile: Tile,
    size: u64,
    findings: &mut Findings,
) -> Result<(), Error> {
    let now = tile.at_size(size);
    let old = source.get(&tile.to_string()).await?;
    let new = source.get(&now.to_string()).await?;
    if let (Some(old), Some(new)) = (old, new)
        && !new.starts_with(&old)
    {
        findings.add(
            Defect::StalePartial,
            format!("{tile} is not the beginning of {now}"),
        );
    }
    Ok(())
}

/// Asks for what lies right of the edge on every level that the tree has, and on the level above.
async fn probed(source: &dyn Source, face: Face, size: u64) -> Result<Vec<String>, Error> {
    let levels = (0..8)
        .take_while(|level| Folder::Level(*level).columns(size) > 0)
        .count();
    let mut folders = vec![bundles(face)];
    folders.extend((0..=8).take(levels + 1).map(Folder::Level));
    let mut beyond = Vec::new();
    for folder in folders {
        let columns = folder.columns(size);
        let (edge, width) = (columns / FULL, columns % FULL);
        let wider = (width + 1..=FULL).map(|width| Tile::new(folder, edge, width));
        let next = [1, FULL].map(|width| Tile::new(folder, edge + 1, width));
        for tile in wider.chain(next) {
            let path = tile.to_string();
            if source.get(&path).await?.is_some() {
                beyond.push(path);
            }
        }
    }
    Ok(beyond)
}

async fn current_size(source: &dyn Source, log: &Log) -> Result<u64, Error> {
    let bytes = source.get("checkpoint").await?.unwrap_or_default();
    let head = note::parse(&bytes)
        .ok()
        .and_then(|note| log.verify(&note).ok());
    Ok(head.map_or(0, |head| head.size))
}
