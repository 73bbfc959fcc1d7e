//! Looking at instances before anybody signs in.

use std::sync::Arc;

use contract::{EndpointAddress, Fault, ProbeUpdate};
use pep::address::{self, Address, Origin};
use pep::find::{Looked, Seen, Target};

use crate::practice_link;
use crate::{App, AppEvent, convert};

/// The most addresses that are looked at for one question (P-09).
const MOST: usize = 16;

impl App {
    /// Looks at all these addresses at once; each tells how far it is by events.
    pub async fn endpoint_probe(
        self: &Arc<Self>,
        stamp_id: String,
        addresses: Vec<EndpointAddress>,
    ) -> Result<(), Fault> {
        // Whoever looks at other addresses does not wait for the former ones.
        self.probes.send_modify(|()| {});
        let mut stopped = self.probes.subscribe();
        let practice = stamp_id == practice_link::STAMP;
        if practice {
            self.stamp(&stamp_id)?;
        }
        let pins = self.pins(&stamp_id);
        let app = Arc::clone(self);
        // What was seen before says nothing about now.
        self.lock().negotiates.clear();
        let (noting, stamp) = (Arc::clone(self), stamp_id.clone());
        let tell = move |mut update: ProbeUpdate, address: &Address| {
            let place = address.to_string();
            update.trusted = pins.find(&stamp_id, &place).or(pins.find_by_name(&stamp_id, &place)).is_some();
            app.tell(AppEvent::Probe(update));
        };
        let mut open: Vec<Address> = Vec::new();
        let mut targets = Vec::new();
        for endpoint in addresses.into_iter().take(MOST) {
            let address = Address { host: endpoint.host, port: endpoint.port };
            if open.contains(&address) {
                continue;
            }
            if practice {
                targets.push(Target {
                    connector: self.practice.connector(&address),
                    portal: None,
                    address: address.clone(),
                });
            } else if let Err(fault) = address::parse(&address.to_string(), Origin::Typed) {
                // The page is not trusted with them.
                tell(convert::looked(&Looked::refused(address.clone(), fault)), &address);
                continue;
            } else {
                targets.push(Target::of(address.clone()));
            }
            tell(convert::probing(&address, None), &address);
            open.push(address);
        }
        let mut seen = pep::find::look_at_all(targets);
        tokio::spawn(async move {
            loop {
                let next = tokio::select! {
                    next = seen.recv() => next,
                    // The app itself goes away with the sender.
                    _ = stopped.changed() => None,
                };
                match next {
                    Some(Seen::Passed(address, stage)) => {
                        tell(convert::probing(&address, Some(stage)), &address);
                    }
                    Some(Seen::Done(looked)) => {
                        if looked.failed.is_none() {
                            noting.lock().negotiates.insert((stamp.clone(), looked.address.to_string()));
                        }
                        open.retain(|address| *address != looked.address);
                        tell(convert::looked(&looked), &looked.address);
                    }
                    None => break,
                }
            }
            for address in open {
                tell(convert::not_probed(&address), &address);
            }
        });
        Ok(())
    }

    /// Stops looking at addresses; those that have not answered yet stay unknown.
    pub async fn endpoint_probe_cancel(&self) -> Result<(), Fault> {
        self.probes.send_modify(|()| {});
        Ok(())
    }
}
