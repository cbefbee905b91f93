use super::{From, Links};

#[test]
fn targets_are_within_or_without() {
    let stays = |name: &str, target: &str| Links::default().stays(name, target, From::Folder);
    for (name, target) in [
        ("lib/x.so", "x.so.1"),
        ("./usr/lib/x.so", "../share/x"),
        ("a", "b/c"),
        ("a/b/c", "../.."),
    ] {
        assert!(stays(name, target), "{name} -> {target}");
    }
    for (name, target) in [
        ("a", ""),
        ("a", ".."),
        ("a/b", "../../x"),
        ("a", "/etc/passwd"),
        ("a", "\\\\host\\share"),
        ("a", "C:x"),
        ("a/b/c", "x/../y"),
        ("../a/b", "../x"),
    ] {
        assert!(!stays(name, target), "{name} -> {target}");
    }
    assert!(Links::default().stays("a/b", "a/c", From::Root));
    assert!(!Links::default().stays("a/b", "../c", From::Root));
}

#[test]
fn links_through_links_are_not_believed() {
    let mut links = Links::default();
    // What is within by its letters is outside once the first link is followed.
    assert!(links.stays("a/b/up", "../..", From::Folder));
    assert!(!links.stays("a/b/UP/out", "../x", From::Folder));
    assert!(links.leads_through("./a/b/up/file.txt"));
    assert!(!links.leads_through("a/b/up"));
    assert!(!links.leads_through("a/b/upper/file.txt"));
}
