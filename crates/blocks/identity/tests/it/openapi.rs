//! The block's API is a promise: a change of it is seen here before anybody else sees it.

use stoa_test::TestStoa;

#[tokio::test]
async fn the_api_is_the_one_that_was_promised() {
    let stoa = TestStoa::with(&[stoa_identity::BLOCK]).await;
    let document = serde_json::to_string_pretty(&stoa.openapi["identity"]).unwrap();
    insta::assert_snapshot!("identity_openapi", document);
}
