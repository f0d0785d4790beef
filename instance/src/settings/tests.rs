//! The page of the settings.

use axum::http::StatusCode;
use platform::testing::TestPlatform;

use crate::{App, oauth::tests::log_in, testing::submit};

#[tokio::test]
async fn settings_that_cannot_be_saved_are_shown_as_they_were_written() {
    let test = TestPlatform::new().await;
    let (app, _) = App::staged(&test).await;
    let root = log_in(&app, "root", "a long password").await;
    assert!(app.border.settings().federates && !app.border.settings().approves_followers);
    let lists = "https://lists.test/one\nnot an address";
    let form =
        [("action", "settings"), ("approves_followers", "1"), ("remote_lookup", "nobody"), ("follow_lists", lists)];
    let (status, page) = submit(&app, &root, "/admin/federation", &form).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    for kept in [
        "not an address&#34; is none",
        "name=\"approves_followers\" value=\"1\" checked",
        "name=\"federates\" value=\"1\">",
        "<option value=\"nobody\" selected>",
        "https://lists.test/one\nnot an address</textarea>",
    ] {
        assert!(page.contains(kept), "{kept}: {page}");
    }
    assert!(app.border.settings().federates, "nothing was changed");

    let hosts = [("action", "allow"), ("hosts", "one.test\nnot a host")];
    let (status, page) = submit(&app, &root, "/admin/federation", &hosts).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(page.contains("one.test\nnot a host</textarea>"), "{page}");
    assert!(!page.contains("<th scope=\"row\" dir=\"ltr\">one.test"), "all of them or none");
}
