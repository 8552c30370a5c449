//! The same operations with the keys of all roles in files, in a token and in a server, each beside the floors of its own run.
//!
//! The token is `SoftHSM2`, which computes in the process of the service; the server is the emulation of Vault that the tests
//! have, in the process of the generator and over plain HTTP. So the rows tell what the product adds to a signature that is
//! made elsewhere; what a real device or server adds comes on top.

use std::path::Path;

use anyhow::Result;
use sigstead_integration::{Instance, KeyPlace, KeyServer, Token, wait_for};

use crate::log::Log;
use crate::table::Table;
use crate::workload::{Arrivals, Floors, Span};
use crate::{requests, run, runtime};

const CLIENTS: [usize; 2] = [1, 16];

pub(crate) fn keys(programs: &Path, span: Span) -> Result<()> {
    let in_files = Instance::create_with(programs, "files", &[])?;
    measure("in files", &in_files, span)?;
    match Token::new()? {
        None => println!("\nno SoftHSM2 here, so no rows of a token"),
        Some(token) => {
            let mut instance = Instance::create_with(programs, "token", &[])?;
            let (name, file) = token.environment();
            instance.set(name, &file);
            token.take_all_keys(&instance)?;
            measure("in a token (SoftHSM2)", &instance, span)?;
        }
    }
    let server = KeyServer::new()?;
    let instance = Instance::create_with(programs, "server", &[])?;
    server.take_all_keys(&instance)?;
    measure("in Vault (an emulation of it)", &instance, span)
}

fn measure(place: &str, instance: &Instance, span: Span) -> Result<()> {
    // SoftHSM writes its token again with every login, and a service may see none at that moment.
    wait_for("the start", || instance.up().is_ok())?;
    println!("\nkeys {place}");
    runtime()?.block_on(async {
        let floors = Floors::measure(instance.work())?;
        floors.print();
        let mut table = Table::begin(floors);
        let ping = requests::ping(instance)?;
        let timestamps = requests::timestamps(instance)?;
        let certificates = requests::certificates(instance)?;
        for clients in CLIENTS {
            let arrivals = Arrivals::Clients(clients);
            let measured = run(instance, &["tsa"], &ping, clients, span).await?;
            table.bare(arrivals, &measured);
            let measured = run(instance, &["tsa"], &timestamps, clients, span).await?;
            table.timestamps(arrivals, &measured);
            let measured = run(instance, &["ca", "ctlog"], &certificates, clients, span).await?;
            table.certificates(arrivals, &measured);
        }
        let mut log = Log::new(instance).await?;
        log.measure(&mut table, &CLIENTS, span).await
    })?;
    instance.down()
}
