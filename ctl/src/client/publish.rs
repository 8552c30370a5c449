//! `sigctl client publish`: the page for clients and the kit that it offers, from what is published now.

use clap::Args;

use crate::failure::Failure;
use crate::locate::Where;
use crate::output::Output;
use crate::recorded::Recorded;
use crate::trust::{ClientKit, publish_kit};

/// Of which instance.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,
}

pub(super) async fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    let recorded = Recorded::begin(&instance, "sigctl client publish", &[]).await?;
    let kit = recorded.end(publish_kit(&instance)).await?;
    output.print(&kit, text);
    Ok(())
}

fn text(kit: &ClientKit) -> String {
    let (root, archive) = (&kit.root, &kit.archive);
    format!(
        "the page for clients: {}\n\
         root {}   {}\n{:9}{}\n\
         kit      {}\n{:9}{}\n\
         tell people the words in another way than by the page: on the phone, on paper, in a chat that they know to be yours",
        kit.page, kit.root_version, root.words, "", root.sha256, archive.words, "", archive.sha256,
    )
}
