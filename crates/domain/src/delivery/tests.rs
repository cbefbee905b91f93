use chrono::{TimeDelta, TimeZone};

use super::*;
use crate::{EmailAddress, FilePath, Note, PackageType, RecipientId, Sender, Title, UserId};

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 22, 12, 0, 0).unwrap()
}

fn package() -> Package {
    let email: EmailAddress = "eva@example.org".parse().unwrap();
    Package {
        id: PackageId::fresh(),
        kind: PackageType::Private,
        life: Life::Active,
        approval: Approval::NotRequired,
        sender: Sender::User {
            id: UserId::fresh(),
            email,
        },
        request_id: None,
        title: Title::default(),
        note: Note::default(),
        recipients: vec![],
        has_password: false,
        access_limit: None,
        expires_in_days: 30,
        created_at: now(),
        send_requested_at: Some(now()),
        submitted_at: Some(now()),
        checks_started_at: None,
        activated_at: Some(now()),
        expires_at: Some(now() + TimeDelta::days(30)),
        deleted_at: None,
        version: 1,
    }
}

fn file(package: &Package) -> File {
    File {
        id: FileId::fresh(),
        package_id: package.id,
        path: FilePath::parse("a.txt").unwrap(),
        size: 1,
        completed_at: Some(now()),
        media_type: None,
        sha256: None,
        crc32: None,
        check: FileCheck::Clean,
        release: None,
    }
}

const RELATIONS: [fn() -> Relation; 9] = [
    || Relation::Stranger,
    || Relation::Unproved(RecipientId::fresh()),
    || Relation::LoginNeeded,
    || Relation::Sender,
    || Relation::Recipient(RecipientId::fresh()),
    || Relation::LinkHolder,
    || Relation::Administrator { contents: false },
    || Relation::Administrator { contents: true },
    || Relation::Approver,
];

/// Walks every combination; bytes may leave in exactly the ones that the product promises.
#[test]
fn only_the_promised_combinations_deliver() {
    let mut delivered = 0;
    for life in Life::ALL {
        for approval in Approval::ALL {
            for check in FileCheck::ALL {
                for relation in RELATIONS {
                    for bits in 0..64_u8 {
                        let bit = |n: u8| bits >> n & 1 == 1;
                        let mut package = package();
                        package.life = *life;
                        package.approval = *approval;
                        package.has_password = bit(0);
                        package.access_limit = bit(1).then_some(5);
                        package.expires_at = Some(now() + TimeDelta::seconds(i64::from(!bit(2))));
                        let mut file = file(&package);
                        file.check = *check;
                        file.completed_at = bit(3).then(now);
                        let viewer = Viewer {
                            relation: relation(),
                            password: bit(4),
                            access: bit(5),
                        };
                        let named = matches!(
                            viewer.relation,
                            Relation::Recipient(_) | Relation::LinkHolder
                        );
                        let own = matches!(
                            viewer.relation,
                            Relation::Sender | Relation::Administrator { contents: true }
                        );
                        let expected = *life == Life::Active
                            && matches!(approval, Approval::NotRequired | Approval::Approved)
                            && matches!(
                                check,
                                FileCheck::Clean | FileCheck::Flagged | FileCheck::Released
                            )
                            && !bit(2)
                            && bit(3)
                            && (own || named && (!bit(0) || bit(4)) && (!bit(1) || bit(5)));
                        let got = deliverable(&package, &file, &viewer, now()).is_ok();
                        assert_eq!(
                            got, expected,
                            "{life:?} {approval:?} {check:?} {viewer:?} {bits:06b}"
                        );
                        delivered += u32::from(got);
                    }
                }
            }
        }
    }
    assert!(delivered > 0);
}

/// A sample is of what is held, of a package that is there, and for that permission only.
#[test]
fn only_what_is_held_leaves_as_a_sample() {
    let mut left = 0;
    for life in Life::ALL {
        for check in FileCheck::ALL {
            for permission in AdministratorPermission::ALL {
                for bits in 0..8_u8 {
                    let bit = |n: u8| bits >> n & 1 == 1;
                    let mut package = package();
                    package.life = *life;
                    package.expires_at = Some(now() + TimeDelta::seconds(i64::from(!bit(0))));
                    let mut file = file(&package);
                    file.check = *check;
                    file.completed_at = bit(1).then(now);
                    if bit(2) {
                        file.package_id = PackageId::fresh();
                    }
                    let expected = matches!(life, Life::Submitted | Life::Active)
                        && matches!(check, FileCheck::Blocked | FileCheck::Unscannable)
                        && *permission == AdministratorPermission::Samples
                        && bits == 0b010;
                    let got = sample(&package, &file, &[*permission], now()).is_ok();
                    assert_eq!(
                        got, expected,
                        "{life:?} {check:?} {permission:?} {bits:03b}"
                    );
                    left += u32::from(got);
                }
            }
        }
    }
    assert_eq!(left, 4);
    let package = package();
    let mut held = file(&package);
    held.check = FileCheck::Blocked;
    assert_eq!(
        sample(&package, &held, &[], now()),
        Err(Withheld::NotRecipient)
    );
}

#[test]
fn a_file_of_another_package_never_leaves() {
    let (mine, other) = (package(), package());
    let viewer = Viewer {
        relation: Relation::Sender,
        password: true,
        access: true,
    };
    assert_eq!(
        deliverable(&mine, &file(&other), &viewer, now()),
        Err(Withheld::NotRecipient)
    );
}

#[test]
fn strangers_learn_nothing_about_the_state() {
    for life in Life::ALL {
        let mut package = package();
        package.life = *life;
        let viewer = Viewer {
            relation: Relation::Stranger,
            password: false,
            access: false,
        };
        assert_eq!(
            deliverable(&package, &file(&package), &viewer, now()),
            Err(Withheld::NotRecipient)
        );
    }
}

/// The word for people never promises what can't be fetched yet.
#[test]
fn delivered_is_said_only_of_what_can_be_fetched() {
    use crate::PackageState as State;
    let (clean, held) = ([FileCheck::Clean], [FileCheck::Clean, FileCheck::Blocked]);
    let mut package = package();
    assert_eq!(package.state(&clean, now()), State::Delivered);
    assert_eq!(package.state(&held, now()), State::PartlyDelivered);
    package.life = Life::Submitted;
    package.checks_started_at = Some(now());
    assert_eq!(package.state(&clean, now()), State::Checking);
    assert_eq!(package.state(&held, now()), State::Checking);
    package.checks_started_at = None;
    assert_eq!(package.state(&clean, now()), State::Checking);
    assert_eq!(package.state(&held, now()), State::Withheld);
}

/// Approval opens what waits for it, and nothing that the checks hold.
#[test]
fn what_waits_for_approval_leaves_to_nobody() {
    for relation in RELATIONS {
        let viewer = Viewer {
            relation: relation(),
            password: true,
            access: true,
        };
        let with = |approval, check| {
            let mut package = package();
            package.approval = approval;
            let mut file = file(&package);
            file.check = check;
            deliverable(&package, &file, &viewer, now())
        };
        let open = with(Approval::Approved, FileCheck::Clean);
        assert_eq!(
            with(Approval::NotRequired, FileCheck::Clean).is_ok(),
            open.is_ok()
        );
        for (approval, why) in [
            (Approval::Waiting, Withheld::ApprovalPending),
            (Approval::Rejected, Withheld::Rejected),
        ] {
            let got = with(approval, FileCheck::Released);
            assert!(got.is_err());
            if open.is_ok() {
                assert_eq!(got, Err(why));
            }
        }
        assert!(with(Approval::Approved, FileCheck::Blocked).is_err());
    }
}

/// Nobody approves what is their own, or what does not wait.
#[test]
fn only_others_approve_what_waits() {
    let (own, other) = (UserId::fresh(), UserId::fresh());
    let [eva, bob]: [EmailAddress; 2] =
        ["eva@example.org", "bob@example.org"].map(|text| text.parse().unwrap());
    let waiting = |sender: Sender| {
        let mut package = package();
        package.sender = sender;
        package.life = Life::Submitted;
        package.approval = Approval::Waiting;
        package.recipients = vec![crate::Recipient {
            id: RecipientId::fresh(),
            email: bob.clone(),
            blind: true,
            notified_at: None,
            opened_at: None,
        }];
        package
    };
    let by_user = waiting(Sender::User {
        id: own,
        email: eva.clone(),
    });
    assert!(!crate::may_approve(&by_user, (own, &eva)));
    // Whoever receives it may: it is not they who send it.
    assert!(crate::may_approve(&by_user, (other, &bob)));
    let by_guest = waiting(Sender::Guest {
        visitor: crate::VisitorId::fresh(),
        email: eva.clone(),
    });
    assert!(!crate::may_approve(&by_guest, (other, &bob)));
    assert!(crate::may_approve(&by_guest, (own, &eva)));
    for life in Life::ALL {
        for approval in Approval::ALL {
            for checking in [None, Some(now())] {
                let mut package = by_user.clone();
                package.life = *life;
                package.approval = *approval;
                package.checks_started_at = checking;
                let may = *life == Life::Submitted
                    && *approval == Approval::Waiting
                    && checking.is_none();
                assert_eq!(crate::may_approve(&package, (other, &bob)), may);
            }
        }
    }
}
