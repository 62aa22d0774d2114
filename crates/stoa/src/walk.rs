//! Every block that this program holds is walked, and the whole console: one that nobody thought of cannot be left out.

use std::path::Path;

use stoa_audit::SigningKey;
use stoa_core::Tenant;
use stoa_portal::{PortalParts, Room};
use stoa_test::{NodePages, TestStoa, Walk, walk_console};
use stoa_web::{Block, Mounted, Node};

use crate::instance::BLOCKS;

fn pages() -> NodePages {
    NodePages {
        permissions: stoa_portal::PERMISSIONS,
        catalogues: stoa_portal::CATALOGUES,
        navigation: stoa_portal::NAVIGATION,
        router: |node: Node, blocks: Vec<Mounted>, stores| {
            stoa_portal::router(PortalParts {
                node,
                blocks,
                rooms: stores.into_iter().map(|(name, store)| Room { name, store, sealer: None }).collect(),
                trusted: vec![SigningKey::from_seed(&[7; 32]).expect("a key").verifying_key()],
                public_url: "http://127.0.0.1:8080".to_owned(),
                facts: Vec::new(),
            })
        },
    }
}

#[tokio::test]
async fn every_block_is_walked_and_so_is_the_console() {
    let blocks: Vec<Block> = BLOCKS.iter().map(|block| **block).collect();
    let stoa = TestStoa::with_pages(&blocks, pages()).await;
    for block in &blocks {
        let name = block.name;
        let rooms = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let places = [format!("blocks/{name}"), name.to_owned()];
        let file = places.map(|place| rooms.join(place).join("fixtures/walk.json"));
        let file = file.iter().find(|file| file.is_file()).unwrap_or(&file[0]);
        let text = std::fs::read_to_string(file);
        let text = text.unwrap_or_else(|_| panic!("the block {name} needs fixtures/walk.json: see CONTRIBUTING.md"));
        let walk = Walk::read(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert_eq!(walk.run(&stoa, name).await, Vec::<String>::new(), "{name}");
    }
    let operator = stoa_core::Actor::system("test", Tenant::default());
    let new = stoa_web::NewKey { name: "test".to_owned(), roles: vec!["operator".to_owned()], expires_at: None };
    stoa.node.create_key(&operator, new).await.expect("a key to look at");
    let (pages, forms, wrong) = walk_console(&stoa, "/console").await;
    assert_eq!(wrong, Vec::<String>::new());
    assert!(pages > 25 && forms > 12, "{pages} pages with {forms} forms");
}
