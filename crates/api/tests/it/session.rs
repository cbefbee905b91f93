use sofie_test_support::TestApp;

#[tokio::test]
async fn everybody_learns_who_they_are() {
    let app = TestApp::start().await;
    let nobody = app.anonymous().get("/api/v1/session").await.expect(200);
    assert!(nobody.json()["user"].is_null());
    assert_eq!(nobody.json()["instance"]["setup_required"], true);

    let alice = app.user("alice@example.org").await;
    let session = alice.get("/api/v1/session").await.expect(200).json();
    assert_eq!(session["user"]["email"], "alice@example.org");
    assert_eq!(session["can"]["send_public"], true);

    let program = app.token("alice@example.org").await;
    let session = program.get("/api/v1/session").await.expect(200).json();
    assert_eq!(session["user"]["email"], "alice@example.org");

    let visitor = app.visitor().await;
    let session = visitor.get("/api/v1/session").await.expect(200).json();
    assert!(session["user"].is_null() && session["visitor"].is_object());
}
