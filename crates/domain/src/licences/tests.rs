use super::*;

fn day(number: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::days(number)
}

/// Issued on day 0, ends on day 100, for three users of one host.
fn licence() -> Licence {
    Licence {
        id: "L-1".to_owned(),
        holder: "Example s.r.o.".to_owned(),
        edition: "standard".to_owned(),
        users: Some(3),
        issued: day(0),
        expires: day(100),
        hosts: vec!["files.example.org".to_owned()],
        features: Vec::new(),
    }
}

fn held() -> HeldLicence {
    HeldLicence {
        licence: Some(licence()),
        installed_at: day(0),
        refreshed_at: None,
        revoked_at: None,
        seen_at: day(0),
    }
}

fn on(number: i64) -> Circumstances<'static> {
    Circumstances {
        now: day(number),
        host: Some("Files.Example.org"),
        users: 3,
        refreshes: false,
    }
}

fn standing(at: Circumstances<'_>) -> LicenceStanding {
    licence_standing(Some(&held()), at)
}

#[test]
fn the_default_edition_needs_none() {
    assert_eq!(licence_standing(None, on(0)), LicenceStanding::Unlicensed);
}

#[test]
fn it_ends_with_notice_and_a_month_of_grace() {
    use LicenceStanding as S;
    let grace = S::Grace(LicenceFault::Expired, day(130));
    for (number, expected) in [
        (0, S::Valid),
        (86, S::Valid),
        (87, S::ExpiresSoon(day(100))),
        (100, S::ExpiresSoon(day(100))),
        (101, grace),
        (130, grace),
        (131, S::Demo(LicenceFault::Expired)),
        (9999, S::Demo(LicenceFault::Expired)),
    ] {
        assert_eq!(standing(on(number)), expected, "day {number}");
    }
}

#[test]
fn a_licence_server_may_be_silent_for_a_month() {
    use LicenceStanding as S;
    let refreshed = |number, heard: Option<i64>| {
        let held = HeldLicence {
            refreshed_at: heard.map(day),
            ..held()
        };
        let at = Circumstances {
            refreshes: true,
            ..on(number)
        };
        licence_standing(Some(&held), at)
    };
    let grace = |until| S::Grace(LicenceFault::NotRefreshed, day(until));
    for (number, heard, expected) in [
        (2, None, S::Valid),
        (3, None, grace(30)),
        (12, Some(10), S::Valid),
        (13, Some(10), grace(40)),
        (40, Some(10), grace(40)),
        (41, Some(10), S::Demo(LicenceFault::NotRefreshed)),
        // What ends first counts.
        (101, Some(90), grace(120)),
        (101, Some(100), S::Grace(LicenceFault::Expired, day(130))),
    ] {
        assert_eq!(
            refreshed(number, heard),
            expected,
            "day {number}, heard {heard:?}"
        );
    }
    assert_eq!(standing(on(50)), S::Valid, "nobody is asked");
}

#[test]
fn a_clock_that_was_set_back_changes_nothing() {
    let held = HeldLicence {
        seen_at: day(131),
        ..held()
    };
    for number in [-1000, 0, 50, 131] {
        let standing = licence_standing(Some(&held), on(number));
        assert_eq!(standing, LicenceStanding::Demo(LicenceFault::Expired));
    }
}

#[test]
fn what_does_not_fit_leaves_the_demo() {
    use LicenceFault as Fault;
    let demo = LicenceStanding::Demo;
    let host = |host| Circumstances { host, ..on(1) };
    assert_eq!(
        standing(host(Some("other.example.org"))),
        demo(Fault::OtherHost)
    );
    assert_eq!(standing(host(None)), demo(Fault::OtherHost));
    let users = Circumstances { users: 4, ..on(1) };
    assert_eq!(standing(users), demo(Fault::TooManyUsers));
    let revoked = HeldLicence {
        revoked_at: Some(day(1)),
        ..held()
    };
    assert_eq!(
        licence_standing(Some(&revoked), on(1)),
        demo(Fault::Revoked)
    );
    let unreadable = HeldLicence {
        licence: None,
        ..held()
    };
    assert_eq!(
        licence_standing(Some(&unreadable), on(1)),
        demo(Fault::Invalid)
    );
}

#[test]
fn without_limit_and_host_anything_fits() {
    let licence = Licence {
        users: None,
        hosts: Vec::new(),
        ..licence()
    };
    let held = HeldLicence {
        licence: Some(licence),
        ..held()
    };
    let at = Circumstances {
        host: None,
        users: u64::MAX,
        ..on(1)
    };
    assert_eq!(licence_standing(Some(&held), at), LicenceStanding::Valid);
}

type Spoil = fn(&mut Licence);

#[test]
fn fields_that_can_t_be_are_found() {
    assert_eq!(licence().check(), Ok(()));
    let wrong: [(&str, Spoil); 8] = [
        ("id", |l| l.id.clear()),
        ("holder", |l| l.holder = "a\nb".to_owned()),
        ("edition", |l| l.edition = "x".repeat(201)),
        ("users", |l| l.users = Some(0)),
        ("issued", |l| l.issued = DateTime::<Utc>::MIN_UTC),
        ("expires", |l| l.expires = l.issued),
        ("expires", |l| l.expires = DateTime::<Utc>::MAX_UTC),
        ("hosts", |l| l.hosts = vec!["https://a/b".to_owned()]),
    ];
    for (field, spoil) in wrong {
        let mut licence = licence();
        spoil(&mut licence);
        assert_eq!(licence.check(), Err(InvalidLicence(field)));
    }
}

#[test]
fn it_only_gets_worse_with_time() {
    let rank = |standing| match standing {
        LicenceStanding::Unlicensed => 0,
        LicenceStanding::Valid => 1,
        LicenceStanding::ExpiresSoon(_) => 2,
        LicenceStanding::Grace(..) => 3,
        LicenceStanding::Demo(_) => 4,
    };
    for refreshes in [false, true] {
        let mut last = 0;
        for number in -10..200 {
            let at = Circumstances {
                refreshes,
                ..on(number)
            };
            let now = rank(standing(at));
            assert!(now >= last, "day {number}");
            last = now;
        }
    }
}
