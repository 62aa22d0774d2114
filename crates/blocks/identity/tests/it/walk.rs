//! Every operation and every page of the block: with the right, without a credential, without the permission, and from
//! another tenant. The house walks every block so; here a change is seen first.

use stoa_test::{TestStoa, Walk, walk_console};

#[tokio::test]
async fn every_operation_and_every_page_asks_for_its_permission() {
    let stoa = TestStoa::with(&[stoa_identity::BLOCK]).await;
    let walk = Walk::read(include_str!("../../fixtures/walk.json")).unwrap();
    assert_eq!(walk.run(&stoa, "identity").await, Vec::<String>::new());
    for (start, most_pages, most_forms) in [("/console/identity/clients", 4, 4), ("/console/identity/people", 2, 2)] {
        let (pages, forms, wrong) = walk_console(&stoa, start).await;
        assert_eq!(wrong, Vec::<String>::new());
        assert!(pages >= most_pages && forms >= most_forms, "{start}: {pages} pages with {forms} forms");
    }
}
