use crate::Error;

/// Columns of a full tile, and entries of a full bundle.
pub const TILE_WIDTH: u16 = 256;

// c2sp.org/tlog-tiles §Merkle Tree: the index in groups of three digits, all but the last behind
// an `x`, and the width of a partial tile behind `.p/`.
pub(crate) fn encode(folder: &str, index: u64, width: u16) -> String {
    let mut groups = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        groups = format!("x{:03}/{groups}", rest % 1000);
        rest /= 1000;
    }
    if width == TILE_WIDTH {
        format!("{folder}/{groups}")
    } else {
        format!("{folder}/{groups}.p/{width}")
    }
}

/// Reads what [`encode`] writes behind the folder and a slash. Whoever calls compares with the
/// encoding, so that each tile has one path and caches cannot be filled with others.
pub(crate) fn parse(text: &str) -> Option<(u64, u16)> {
    let (groups, width) = match text.split_once(".p/") {
        None => (text, TILE_WIDTH),
        Some((groups, width)) => (groups, parse_width(width)?),
    };
    let mut index: u64 = 0;
    for group in groups.split('/') {
        let digits = group.strip_prefix('x').unwrap_or(group);
        index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    Some((index, width))
}

fn parse_width(text: &str) -> Option<u16> {
    text.parse()
        .ok()
        .filter(|width| (1..TILE_WIDTH).contains(width))
}

pub(crate) fn check_width(width: u16) -> Result<(), Error> {
    if (1..=TILE_WIDTH).contains(&width) {
        Ok(())
    } else {
        Err(Error::Width(width))
    }
}
