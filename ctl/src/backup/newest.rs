//! Which backup of a volume a restore would begin with.

use super::name::Names;
use super::place::Place;
use super::shelf;
use super::target::Target;
use super::volume::Volume;
use crate::bucket::Options;
use crate::failure::Failure;
use crate::interrupt::waiting;

/// The newest backup of a volume in a folder or below an address, by its name. One that an interrupted command left does not count.
pub(crate) async fn newest(
    volume: &Volume,
    from: Target,
    options: &Options,
) -> Result<Place, Failure> {
    let place = Place::of(from, options)?;
    let names = Names::of(volume.instance()).of_part(&volume.part());
    let held = waiting(shelf::held(&place)).await?.into_iter();
    let own = held.filter(|held| !held.is_unfinished && names.is_one(&held.name));
    // The time in a name has a fixed width.
    let newest = own.map(|held| held.name).max();
    newest
        .map(|name| place.below(&name))
        .ok_or_else(|| none(volume, &place))
}

fn none(volume: &Volume, place: &Place) -> Failure {
    let (service, replica) = (volume.service().name(), volume.part().replica);
    Failure::new(
        "E-CTL-498",
        format!(
            "no backup of the volume of {service} {replica} of {} is in {}",
            volume.instance().manifest.name,
            place.target()
        ),
        "see whether its CronJob of backups ran, and what it said; name the place that the backups go to",
    )
}
