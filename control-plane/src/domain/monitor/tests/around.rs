//! What other accounts and our own network have to do with it.

use super::*;

/// F02: twelve mixes of faults, three looks each, while others do as said.
#[test]
fn each_mix_of_faults_has_its_verdict() {
    let none = Around::default();
    let others = |answered, erring, mute, counterparts, counterparts_lost| Around {
        others: answered + erring + mute,
        fresh: answered + erring + mute,
        answered,
        erring,
        mute,
        counterparts,
        counterparts_lost,
    };
    let agents = |found: Findings, reach| Findings { agents_reach: reach, ..found };
    let (down, mute, cut) = (lost(Cause::ServerError), lost(Cause::Timeout), lost(Cause::Dns));
    for (what, found, around, verdict) in [
        ("5xx here, the backup works", down.clone(), others(1, 0, 0, 1, 0), Verdict::Critical),
        ("5xx here and on the backup", down.clone(), others(0, 1, 0, 1, 1), Verdict::VendorWide),
        (
            "5xx here, on two of three others, one backup works",
            down.clone(),
            others(1, 2, 0, 1, 0),
            Verdict::VendorWide,
        ),
        ("5xx here and on one of five others", down.clone(), others(4, 1, 0, 1, 0), Verdict::Critical),
        ("timeouts here, the backup works", mute.clone(), others(1, 0, 0, 1, 0), Verdict::Critical),
        (
            "timeouts everywhere at Twilio, ElevenLabs answers",
            agents(mute.clone(), Reach::Answered),
            others(0, 0, 2, 1, 1),
            Verdict::VendorWide,
        ),
        (
            "timeouts everywhere, ElevenLabs too",
            agents(mute.clone(), Reach::Silent),
            others(0, 0, 2, 1, 1),
            Verdict::OwnNetwork,
        ),
        ("no name service anywhere", cut.clone(), others(0, 0, 3, 1, 1), Verdict::OwnNetwork),
        ("no name service, alone in the world", cut.clone(), none, Verdict::OwnNetwork),
        (
            "no name service for Twilio, ElevenLabs answers",
            agents(cut.clone(), Reach::Answered),
            none,
            Verdict::Critical,
        ),
        ("suspended, and the backup is lost", suspended(), others(0, 1, 0, 1, 1), Verdict::Critical),
        ("agents fail here, others are well", with(4, 3), others(3, 0, 0, 1, 0), Verdict::Degraded),
        ("connections refused here, others answer", lost(Cause::Unreachable), others(2, 0, 0, 1, 0), Verdict::Critical),
        ("rate limited", lost(Cause::RateLimited), others(2, 0, 0, 1, 0), Verdict::Healthy),
    ] {
        let mut watching = Watching::new();
        watching.look(fine(4));
        let last = (0..3).map(|_| watching.look_beside(found.clone(), around)).last();
        assert_eq!(last, Some(verdict), "{what}");
    }
}

#[test]
fn our_own_cut_network_is_forgotten_with_the_first_answer() {
    let mut watching = Watching::new();
    watching.look(fine(4));
    let cut = Around { others: 2, fresh: 2, mute: 2, ..Around::default() };
    for _ in 0..20 {
        assert_eq!(watching.look_beside(lost(Cause::Unreachable), cut), Verdict::OwnNetwork);
    }
    assert_eq!(watching.look(fine(4)), Verdict::Healthy);
}

#[test]
fn while_twilio_comes_back_nothing_is_moved() {
    let mut watching = Watching::new();
    let wide = Around { others: 1, fresh: 1, erring: 1, counterparts: 1, counterparts_lost: 1, ..Around::default() };
    let back = Around { others: 1, fresh: 1, answered: 1, counterparts: 1, ..Around::default() };
    watching.look(fine(4));
    for _ in 0..5 {
        watching.look_beside(lost(Cause::ServerError), wide);
    }
    assert_eq!(watching.monitor.verdict, Verdict::VendorWide);
    let verdicts: Vec<_> = (0..3).map(|_| watching.look_beside(fine(4), back)).collect();
    assert_eq!(verdicts, [Verdict::VendorWide, Verdict::VendorWide, Verdict::Healthy]);
}
