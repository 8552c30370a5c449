use crate::claims::Claims;
use crate::defect::Findings;
use crate::entry::{self, Fault};
use crate::inputs::Acked;
use crate::leaves::{Leaves, Read};
use crate::path::{FULL, Folder, Tile};
use crate::tree::{Frontier, Hash, root_over};
use crate::{Defect, Error, Face, Log, Source};

/// Reads a tree of a size once, from its first entry to its last.
pub(crate) struct Scan<'a> {
    source: &'a dyn Source,
    face: Face,
    size: u64,
    findings: &'a mut Findings,
    claims: Claims,
    leaves: Leaves<'a>,
    frontier: Frontier,
    /// Of each level from 1 on, the hashes that the tile at the right edge must hold so far, behind its index.
    edge: Vec<(u64, Vec<Hash>)>,
}

/// What reading the tree showed.
pub(crate) struct Scanned {
    pub(crate) entries: u64,
    /// `None` when not all leaves could be read.
    pub(crate) root: Option<Hash>,
    /// When the youngest leaf was logged, in milliseconds.
    pub(crate) youngest: u64,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(
        source: &'a dyn Source,
        log: &'a Log,
        size: u64,
        (claims, acked): (Claims, Vec<Acked>),
        findings: &'a mut Findings,
    ) -> Self {
        Self {
            source,
            face: log.face,
            size,
            findings,
            claims,
            leaves: Leaves::new(log, acked),
            frontier: Frontier::default(),
            edge: Vec::new(),
        }
    }

    pub(crate) async fn run(mut self) -> Result<Scanned, Error> {
        self.claims.settle_empty(self.findings);
        let mut complete = true;
        for index in 0..self.size.div_ceil(FULL) {
            complete = self.bundle(index).await?;
            if !complete {
                break;
            }
        }
        let root = complete.then(|| self.frontier.root());
        if complete {
            self.right_edge().await?;
        }
        self.claims.refuse_rest(self.size, self.findings);
        self.leaves.refuse_rest(self.size, self.findings);
        self.leaves.issuers(self.source, self.findings).await?;
        Ok(Scanned {
            entries: self.frontier.size(),
            root,
            youngest: self.leaves.youngest,
        })
    }

    /// Reads a bundle beside its tile of level 0. Where one is unusable the other stands in, so that one broken file does
    /// not hide what is wrong behind it.
    async fn bundle(&mut self, index: u64) -> Result<bool, Error> {
        let folder = match self.face {
            Face::RekorV1 | Face::RekorV2 => Folder::Entries,
            Face::StaticCt => Folder::Data,
        };
        let bundle = Tile::new(folder, index, FULL).at_size(self.size);
        let tile = Tile::new(Folder::Level(0), index, bundle.width);
        let (bytes, hashes) = tokio::join!(fetch(self.source, bundle), fetch(self.source, tile));
        let hashes = self.hashes(tile, hashes?);
        let read = self.entries(bundle, bytes?);
        if let (Some(hashes), Some(read)) = (&hashes, &read) {
            self.compare(tile, hashes, read);
        }
        let bare = || hashes.map(|hashes| hashes.into_iter().map(Read::bare).collect());
        let Some(leaves) = read.or_else(bare) else {
            return Ok(false);
        };
        for leaf in &leaves {
            self.take(leaf);
        }
        if bundle.width == FULL {
            let hashes: Vec<_> = leaves.iter().map(|leaf| leaf.hash).collect();
            self.close(root_over(&hashes)).await?;
        }
        Ok(true)
    }

    fn compare(&mut self, tile: Tile, hashes: &[Hash], read: &[Read]) {
        let own = read.iter().map(|leaf| leaf.hash);
        if let Some(position) = first_difference(hashes, own) {
            let sentence = format!("{tile} has another hash than the entry at position {position}");
            self.findings.add(Defect::TileMismatch, sentence);
        }
    }

    fn take(&mut self, leaf: &Read) {
        self.leaves.pass(self.frontier.size(), leaf, self.findings);
        self.frontier.push(leaf.hash);
        let size = self.frontier.size();
        if self.claims.next_size() == Some(size) {
            let root = self.frontier.root();
            self.claims
                .settle(size, &root, self.leaves.youngest, self.findings);
        }
    }

    /// The entries of a bundle, each inspected.
    fn entries(&mut self, bundle: Tile, bytes: Option<(Vec<u8>, bool)>) -> Option<Vec<Read>> {
        let Some((bytes, wider)) = bytes else {
            self.findings
                .add(Defect::MissingBundle, format!("{bundle} is absent"));
            return None;
        };
        match entry::bundle(self.face, &bytes, bundle.width, wider) {
            Ok(leaves) => {
                let indexes = self.frontier.size()..;
                let inspect = |(index, leaf)| self.leaves.inspect(index, leaf, self.findings);
                Some(indexes.zip(&leaves).map(inspect).collect())
            }
            Err(fault) => {
                self.fault(bundle, fault);
                None
            }
        }
    }

    fn fault(&mut self, bundle: Tile, fault: Fault) {
        let (defect, sentence) = match fault {
            Fault::TooFew(count) => (
                Defect::TooFewEntries,
                format!("{bundle} has {count} entries"),
            ),
            Fault::TooMany => (Defect::TooManyEntries, format!("{bundle} has more entries")),
            Fault::Trailing => (
                Defect::TrailingBytes,
                format!("{bundle} goes on behind its entries"),
            ),
            Fault::Malformed(position) => (
                Defect::MalformedEntry,
                format!("{bundle} has no readable entry at position {position}"),
            ),
        };
        self.findings.add(defect, sentence);
    }

    /// The hashes of a tile that is there and has its length.
    fn hashes(&mut self, tile: Tile, bytes: Option<(Vec<u8>, bool)>) -> Option<Vec<Hash>> {
        let Some((bytes, wider)) = bytes else {
            self.findings
                .add(Defect::MissingTile, format!("{tile} is absent"));
            return None;
        };
        let (hashes, rest) = bytes.as_chunks::<32>();
        let wanted = usize::try_from(tile.width).ok()?;
        let expected = if wider { FULL } else { tile.width };
        if !rest.is_empty() || hashes.len() as u64 != expected {
            let sentence = format!("{tile} has {} bytes", bytes.len());
            self.findings.add(Defect::TileLength, sentence);
            return None;
        }
        hashes.get(..wanted).map(<[Hash]>::to_vec)
    }

    /// Hands the root of a full tile to the level above, and on where that fills a tile too.
    async fn close(&mut self, root: Hash) -> Result<(), Error> {
        let mut carried = Some(root);
        let mut level = 0;
        while let Some(hash) = carried.take() {
            if self.edge.len() == level {
                self.edge.push((0, Vec::new()));
            }
            let Some((index, column)) = self.edge.get_mut(level) else {
                break;
            };
            level += 1;
            column.push(hash);
            if column.len() as u64 == FULL {
                let full = (*index, std::mem::take(column));
                *index += 1;
                carried = Some(root_over(&full.1));
                self.parent(level, full.0, &full.1).await?;
            }
        }
        Ok(())
    }

    async fn right_edge(&mut self) -> Result<(), Error> {
        for (level, (index, column)) in (1..).zip(std::mem::take(&mut self.edge)) {
            if !column.is_empty() {
                self.parent(level, index, &column).await?;
            }
        }
        Ok(())
    }

    /// Compares a tile of a level from 1 on with the roots of the tiles below it.
    async fn parent(&mut self, level: usize, index: u64, children: &[Hash]) -> Result<(), Error> {
        let level = u32::try_from(level).unwrap_or(u32::MAX);
        let tile = Tile::new(Folder::Level(level), index, children.len() as u64);
        let bytes = fetch(self.source, tile).await?;
        if let Some(hashes) = self.hashes(tile, bytes)
            && let Some(position) = first_difference(&hashes, children.iter().copied())
        {
            let sentence = format!("{tile} has another hash than its child at position {position}");
            self.findings.add(Defect::ParentMismatch, sentence);
        }
        Ok(())
    }
}

fn first_difference(hashes: &[Hash], others: impl Iterator<Item = Hash>) -> Option<usize> {
    hashes
        .iter()
        .zip(others)
        .position(|(one, other)| *one != other)
}

/// The bytes of a tile, and whether they are those of the full one: a log may drop a partial tile once that exists
/// (C2SP tlog-tiles), which a growing log does while it is read.
async fn fetch(source: &dyn Source, tile: Tile) -> Result<Option<(Vec<u8>, bool)>, Error> {
    let bytes = source.get(&tile.to_string()).await?;
    if bytes.is_some() || tile.width == FULL {
        return Ok(bytes.map(|bytes| (bytes, false)));
    }
    let bytes = source.get(&tile.full().to_string()).await?;
    Ok(bytes.map(|bytes| (bytes, true)))
}
