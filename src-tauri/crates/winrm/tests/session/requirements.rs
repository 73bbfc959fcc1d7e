//! Requirements of sign-in and transport by their number, each with a count of the tokens that were sent: one is NEGOTIATE, which
//! holds nothing of the password; two are NEGOTIATE and AUTHENTICATE.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use psrp::{Command, PipelineState};
use winrm::{
    Credentials, EventStream, LossReason, NoIntents, OpenError, OpenOptions, SecurityEnd, SessionHandle, SessionState,
    SignIn, SignInError, Stage as Far,
};

use crate::faulty::{Fault, Stage};
use crate::{end, open, run};

const SIGNATURE: &[u8] = b"NTLMSSP\0\x02\0\0\0";
/// UNICODE, SIGN, SEAL, extended session security, target information, 128 bits, key exchange
const REQUIRED: [u32; 7] = [1, 0x10, 0x20, 0x8_0000, 0x80_0000, 0x2000_0000, 0x4000_0000];

/// Where the CHALLENGE begins in a token.
fn challenge(token: &[u8]) -> Option<usize> {
    token.windows(SIGNATURE.len()).position(|window| window == SIGNATURE)
}

fn sign_in_error(error: Option<OpenError>) -> SignInError {
    match error {
        Some(OpenError::SignIn(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// Gives a session that may be lost already something to do; the state in which it ends.
async fn lost(handle: &SessionHandle, events: &mut EventStream) -> Option<SessionState> {
    let _ = handle.invoke(Command::new("Get-Command").into()).await;
    end(events).await
}

#[tokio::test]
async fn s01_no_token_is_shown_to_a_service_without_negotiate() {
    for offer in
        ["Basic realm=\"x\"", "Digest qop=\"auth\"", "CredSSP", "Kerberos", "NTLM", "Basic realm=\"Negotiate\""]
    {
        let stage = Stage::new();
        stage.offer(offer);
        assert!(matches!(sign_in_error(open(&stage, None).await.err()), SignInError::NoNegotiate { .. }), "{offer}");
        assert_eq!(stage.tokens_sent(), 0, "{offer}");
    }
}

#[tokio::test(start_paused = true)]
async fn s02_an_answer_without_protection_ends_the_session_at_every_step() {
    for step in 0..6 {
        for status in [200, 500] {
            let stage = Stage::new();
            stage.after(step, Fault::Answer(status));
            let unsealed = LossReason::Security(SecurityEnd::Unsealed { status });
            match open(&stage, None).await {
                Err(error) => assert_eq!(error, OpenError::Lost(unsealed), "step {step}"),
                Ok((handle, mut events)) => {
                    assert_eq!(lost(&handle, &mut events).await, Some(SessionState::Lost(unsealed)), "step {step}");
                }
            }
            assert_eq!(stage.after_fault(), 0, "step {step}: nothing is sent after it");
        }
    }
}

#[tokio::test]
async fn s03_a_challenge_without_any_one_of_the_required_flags_gets_no_password() {
    let all = (1_u32 << REQUIRED.len()) - 1;
    for subset in 0..all {
        let withheld: u32 =
            REQUIRED.iter().enumerate().filter(|(bit, _)| subset & 1 << bit == 0).map(|(_, flag)| flag).sum();
        let stage = Stage::new();
        stage.edit(move |ours, token| {
            if let (false, Some(at)) = (ours, challenge(token)) {
                for (byte, mask) in token[at + 20..at + 24].iter_mut().zip(withheld.to_le_bytes()) {
                    *byte &= !mask;
                }
            }
        });
        let error = sign_in_error(open(&stage, None).await.err());
        assert!(matches!(error, SignInError::Challenge(_)), "{withheld:#x}: {error}");
        assert_eq!(stage.tokens_sent(), 1, "{withheld:#x}");
    }
}

#[tokio::test]
async fn s03_a_challenge_without_a_time_gets_no_password() {
    let stage = Stage::new();
    stage.edit(|ours, token| {
        // The pair 7 of 8 bytes becomes one of an unknown kind.
        if !ours
            && challenge(token).is_some()
            && let Some(at) = token.windows(4).rposition(|window| window == [7, 0, 8, 0])
        {
            token[at] = 0x77;
        }
    });
    assert!(matches!(sign_in_error(open(&stage, None).await.err()), SignInError::Challenge(_)));
    assert_eq!(stage.tokens_sent(), 1);
}

#[tokio::test]
async fn s03_a_cut_challenge_gets_no_password() {
    let stage = Stage::new();
    let length = Arc::new(Mutex::new(0));
    let keep = Arc::clone(&length);
    stage.edit(move |ours, token| {
        if !ours && challenge(token).is_some() {
            *keep.lock().unwrap() = token.len();
        }
    });
    drop(open(&stage, None).await.unwrap());
    let whole = *length.lock().unwrap();
    for kept in 0..whole {
        let stage = Stage::new();
        stage.edit(move |ours, token| {
            if !ours {
                token.truncate(kept);
            }
        });
        sign_in_error(open(&stage, None).await.err());
        assert_eq!(stage.tokens_sent(), 1, "{kept} of {whole} bytes");
    }
}

#[tokio::test]
async fn s04_a_message_that_was_changed_on_the_way_is_refused_and_not_sent_again() {
    // The flags of AUTHENTICATE, which only its code protects
    let stage = Stage::new();
    stage.edit(|ours, token| {
        if ours && let Some(at) = token.windows(12).position(|window| window == b"NTLMSSP\0\x03\0\0\0") {
            token[at + 72] ^= 1;
        }
    });
    assert_eq!(sign_in_error(open(&stage, None).await.err()), SignInError::Rejected);
    assert_eq!(stage.tokens_sent(), 2);
}

#[tokio::test]
async fn s05_the_service_as_dialled_is_in_the_signed_part() {
    // As it is it is accepted; under another name the proof does not fit, and it is not sent again.
    for (name, accepted) in [("HTTP/practice", true), ("HTTP/attacker", false), ("CIFS/practice", false)] {
        let stage = Stage::new();
        let seen = Arc::new(AtomicBool::new(false));
        let found = Arc::clone(&seen);
        stage.edit(move |ours, token| {
            let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
            let (dialled, other) = (utf16("HTTP/practice"), utf16(name));
            if ours
                && token.windows(12).any(|window| window == b"NTLMSSP\0\x03\0\0\0")
                && let Some(at) = token.windows(dialled.len()).position(|window| window == dialled)
            {
                found.store(true, SeqCst);
                token[at..at + dialled.len()].copy_from_slice(&other);
            }
        });
        let opened = open(&stage, None).await;
        assert!(seen.load(SeqCst), "AUTHENTICATE names the service");
        if accepted {
            opened.unwrap().0.close().await.unwrap();
        } else {
            assert_eq!(sign_in_error(opened.err()), SignInError::Rejected, "{name}");
            assert_eq!(stage.tokens_sent(), 2, "{name}");
        }
    }
}

#[tokio::test]
async fn s06_names_that_do_not_fit_get_no_password() {
    let stage = Stage::new();
    stage.edit(|ours, token| {
        let name: Vec<u8> = "PRACTICE".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let other: Vec<u8> = "ATTACKER".encode_utf16().flat_map(u16::to_le_bytes).collect();
        if !ours {
            while let Some(at) = token.windows(name.len()).position(|window| window == name) {
                token[at..at + name.len()].copy_from_slice(&other);
            }
        }
    });
    let gate = |identity: &winrm::ServerIdentity| {
        if identity.netbios_domain == "PRACTICE" { Ok(()) } else { Err("another domain".to_owned()) }
    };
    let sign_in = SignIn::new(Credentials::new(practice::PracticePep::ACCOUNT, stage.password()), gate);
    let error = winrm::open(stage.connector(), sign_in, OpenOptions::default(), Arc::new(NoIntents)).await.err();
    assert!(matches!(sign_in_error(error), SignInError::Identity { .. }));
    assert_eq!(stage.tokens_sent(), 1);
}

#[tokio::test]
async fn s07_a_server_that_does_not_prove_itself_is_told_nothing_and_not_pinned() {
    let stage = Stage::new();
    stage.edit(|ours, token| {
        if !ours
            && challenge(token).is_none()
            && let Some(last) = token.last_mut()
        {
            *last ^= 1;
        }
    });
    let far = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&far);
    let options = OpenOptions {
        on_stage: Some(Arc::new(move |stage| heard.lock().unwrap().push(stage))),
        ..OpenOptions::default()
    };
    let sign_in = SignIn::new(Credentials::new(practice::PracticePep::ACCOUNT, stage.password()), |_: &_| Ok(()));
    let error = winrm::open(stage.connector(), sign_in, options, Arc::new(NoIntents)).await.err();
    assert!(matches!(sign_in_error(error), SignInError::NotProved(_)));
    assert_eq!((stage.tokens_sent(), stage.sealed_requests()), (2, 0));
    assert_eq!(*far.lock().unwrap(), [Far::Connecting], "neither signed in nor proved");
}

#[tokio::test(start_paused = true)]
async fn s12_a_wrong_password_is_one_try_whatever_else_goes_wrong() {
    for fault in [None, Some(Fault::LoseAnswer), Some(Fault::Answer(401)), Some(Fault::Answer(503))] {
        let stage = Stage::new();
        stage.always(fault);
        assert_eq!(sign_in_error(open(&stage, Some("wrong")).await.err()), SignInError::Rejected, "{fault:?}");
        assert_eq!(stage.tokens_sent(), 2, "{fault:?}");
    }
}

#[tokio::test]
async fn a10_a_challenge_of_an_earlier_connection_proves_nothing() {
    let stage = Stage::new();
    let (earlier, replay) = (Mutex::new(Vec::new()), Arc::new(AtomicBool::new(false)));
    let now = Arc::clone(&replay);
    stage.edit(move |ours, token| {
        if !ours && challenge(token).is_some() {
            let mut earlier = earlier.lock().unwrap();
            if now.load(SeqCst) {
                token.clone_from(&earlier);
            }
            earlier.clone_from(token);
        }
    });
    let (handle, _events) = open(&stage, None).await.unwrap();
    handle.close().await.unwrap();
    replay.store(true, SeqCst);
    let before = stage.tokens_sent();
    assert_eq!(sign_in_error(open(&stage, None).await.err()), SignInError::Rejected);
    assert_eq!(stage.tokens_sent() - before, 2, "tried once");
}

#[tokio::test(start_paused = true)]
async fn s13_a_password_that_was_changed_is_not_sent_again() {
    let stage = Stage::new();
    let (handle, mut events) = open(&stage, None).await.unwrap();
    run(&handle, &mut events, Command::new("Get-Command")).await;
    handle.password_changed();
    let before = stage.tokens_sent();
    // What is signed in serves on.
    let (records, state, ..) = run(&handle, &mut events, Command::new("Get-Command")).await;
    assert!(records > 10 && state == PipelineState::Completed);
    // Every connection is lost; a sign-in would help.
    stage.always(Some(Fault::ClosedBefore));
    let lost = LossReason::SignIn(SignInError::PasswordChanged);
    assert_eq!(end(&mut events).await, Some(SessionState::Lost(lost)));
    assert_eq!(stage.tokens_sent(), before, "nobody is shown it");
}

#[tokio::test(start_paused = true)]
async fn s14_a_redirect_is_refused_at_every_step() {
    for step in 0..5 {
        for status in [301, 307, 308] {
            let stage = Stage::new();
            stage.after(step, Fault::Answer(status));
            let redirect = LossReason::Security(SecurityEnd::Redirect(status));
            match open(&stage, None).await {
                Err(error) => assert_eq!(error, OpenError::Lost(redirect), "step {step}"),
                Ok((handle, mut events)) => {
                    assert_eq!(lost(&handle, &mut events).await, Some(SessionState::Lost(redirect)), "step {step}");
                }
            }
            assert_eq!(stage.after_fault(), 0, "step {step}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn s15_a_wrong_seal_or_a_replayed_answer_ends_the_session_for_good() {
    for fault in [Fault::Flip(0), Fault::Flip(40), Fault::Replay] {
        for step in 1..5 {
            let stage = Stage::new();
            stage.after(step, fault);
            let error = match open(&stage, None).await {
                Err(OpenError::Lost(reason)) => reason,
                Err(other) => panic!("{other}"),
                Ok((handle, mut events)) => {
                    let Some(SessionState::Lost(reason)) = lost(&handle, &mut events).await else {
                        panic!("{fault:?} {step}")
                    };
                    reason
                }
            };
            assert!(matches!(error, LossReason::Security(SecurityEnd::BadSeal(_))), "{fault:?} at {step}: {error}");
            assert_eq!(stage.after_fault(), 0, "{fault:?} at {step}");
        }
    }
}
