//! Every operation and every page of the monitor: with the right, without a credential, without the permission, and from
//! another tenant.

use stoa_test::{TestStoa, Walk, walk_console};

#[tokio::test]
async fn every_operation_and_every_page_asks_for_its_permission() {
    let stoa = TestStoa::with(&[stoa_monitor::BLOCK]).await;
    let walk = Walk::read(include_str!("../../fixtures/walk.json")).unwrap();
    assert_eq!(walk.run(&stoa, "monitor").await, Vec::<String>::new());
    let (pages, forms, wrong) = walk_console(&stoa, "/console/monitor").await;
    assert_eq!(wrong, Vec::<String>::new());
    assert!(pages > 10 && forms > 6, "{pages} pages with {forms} forms");
}
