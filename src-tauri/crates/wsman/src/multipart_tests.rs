//! Tests of the frame around a sealed body.

use proptest::prelude::*;

use super::*;

fn sealed(plain: &[u8]) -> Vec<u8> {
    frame(plain, |_| [7; 16])
}

fn replaced(body: &[u8], from: &str, to: &str) -> Vec<u8> {
    let at = body.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    [&body[..at], to.as_bytes(), &body[at + from.len()..]].concat()
}

#[test]
fn the_bytes_are_those_of_the_specification() {
    let body = sealed(b"<x/>");
    let expected = [
        b"--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n\
          \tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=4\r\n\
          --Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n"
            .as_slice(),
        &[16, 0, 0, 0],
        &[7; 16],
        b"<x/>--Encrypted Boundary--\r\n",
    ]
    .concat();
    assert_eq!(body, expected);
    assert_eq!(
        CONTENT_TYPE,
        "multipart/encrypted;protocol=\"application/HTTP-SPNEGO-session-encrypted\";boundary=\"Encrypted Boundary\""
    );
}

#[test]
fn the_data_is_sealed_inside_the_frame() {
    let mut body = frame(b"abc", |data| {
        data.reverse();
        [1; 16]
    });
    let sealed = parse(&mut body).unwrap();
    assert_eq!(
        (sealed.signature, &*sealed.data, sealed.charset),
        ([1; 16].as_slice(), b"cba".as_slice(), Charset::Utf8)
    );
}

#[test]
fn b3_a_wrong_length_is_refused() {
    for length in ["3", "5", "0", "04294967300", "99999999999999999999999", "-4", "+4", "4.0", ""] {
        let mut body = replaced(&sealed(b"<x/>"), "Length=4", &format!("Length={length}"));
        assert!(parse(&mut body).is_err(), "{length}");
    }
}

#[test]
fn b4_ciphertext_containing_the_boundary_is_read_by_length() {
    let plain = [
        b"--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n".as_slice(),
        b"--Encrypted Boundary--\r\n",
        b"--Encrypted Boundary--\r\n",
    ]
    .concat();
    let mut body = sealed(&plain);
    assert_eq!(*parse(&mut body).unwrap().data, plain);
}

#[test]
fn b5_headers_without_tab_and_in_other_case_are_read() {
    let body = sealed(b"<x/>");
    let no_tabs: Vec<u8> = body.iter().copied().filter(|&byte| byte != b'\t').collect();
    let lower = replaced(&body, "Content-Type", "content-type");
    let upper = replaced(&lower, "OriginalContent: type", "ORIGINALCONTENT:Type");
    let protocol = replaced(&body, "HTTP-SPNEGO", "http-spnego");
    for mut body in [no_tabs, lower, upper, protocol] {
        assert_eq!(*parse(&mut body).unwrap().data, *b"<x/>");
    }
}

#[test]
fn b5_a_line_end_before_the_tail_is_refused() {
    let mut body = replaced(&sealed(b"<x/>"), TAIL, "\r\n--Encrypted Boundary--\r\n");
    assert_eq!(parse(&mut body), Err(MultipartError::Length { announced: 4, found: 6 }));
}

#[test]
fn everything_else_is_refused() {
    let body = sealed(b"<x/>");
    for (from, to, error) in [
        ("--Encrypted Boundary\r\n", "-- Encrypted Boundary\r\n", MultipartError::Boundary),
        ("--Encrypted Boundary\r\n", "\r\n--Encrypted Boundary\r\n", MultipartError::Boundary),
        ("HTTP-SPNEGO", "HTTP-Kerberos", MultipartError::Protocol),
        ("HTTP-SPNEGO", "HTTP-CredSSP", MultipartError::Protocol),
        (
            "\tOriginalContent",
            "\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n\tX",
            MultipartError::PartHeader,
        ),
        ("\tOriginalContent", "\tX-Other: y\r\n\tOriginalContent", MultipartError::PartHeader),
        ("octet-stream\r\n", "octet-stream\r\n\r\n", MultipartError::SignatureLength(0x0010_0a0d)),
        ("octet-stream", "xml", MultipartError::PartHeader),
        ("charset=UTF-8", "charset=latin1", MultipartError::Charset),
        ("soap+xml", "xml", MultipartError::PartHeader),
        (";Length=4", "", MultipartError::PartHeader),
        (";Length=4", ";Length=4;Length=4", MultipartError::PartHeader),
        (TAIL, "--Encrypted Boundary--", MultipartError::Length { announced: 4, found: 2 }),
        (TAIL, "--Encrypted Boundary__\r\n", MultipartError::Tail),
    ] {
        let mut body = replaced(&body, from, to);
        assert_eq!(parse(&mut body), Err(error), "{from:?} -> {to:?}");
    }
    let mut twice = [body.clone(), body].concat();
    assert!(parse(&mut twice).is_err());
}

#[test]
fn p02_the_length_of_the_signature_is_limited() {
    for (length, accepted) in [(15, false), (16, true), (17, true), (256, true), (257, false), (u32::MAX, false)] {
        let bytes = usize::try_from(length).unwrap().min(300);
        let mut body = [head(1, length), vec![0; bytes], b"x".to_vec(), TAIL.as_bytes().to_vec()].concat();
        assert_eq!(parse(&mut body).is_ok(), accepted, "{length}");
        let wanted = MultipartError::SignatureLength(usize::try_from(length).unwrap());
        assert_eq!(parse(&mut body).err(), (!accepted).then_some(wanted), "{length}");
    }
}

#[test]
fn p02_the_length_must_match_and_there_are_two_parts() {
    for announced in [3, 4, 5] {
        let mut body = [head(announced, 16), vec![0; 16], b"<x/>".to_vec(), TAIL.into()].concat();
        let wrong = (announced != 4).then_some(MultipartError::Length { announced, found: 4 });
        assert_eq!(parse(&mut body).err(), wrong);
    }
    let body = sealed(b"<x/>");
    let parts = String::from_utf8_lossy(&body).into_owned();
    let third = "--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n";
    let mut one = replaced(&body, third, "");
    assert_eq!(parse(&mut one), Err(MultipartError::Boundary), "one part: {parts}");
    let mut three = replaced(&body, third, &format!("{third}{third}"));
    assert!(matches!(parse(&mut three), Err(MultipartError::SignatureLength(_))), "three parts: {parts}");
}

#[test]
fn p02_lines_are_limited() {
    let body = sealed(b"<x/>");
    let line = "\tContent-Type: application/octet-stream".len() + 2;
    for (extra, accepted) in [(LINE - line, true), (LINE - line + 1, false)] {
        let mut body = replaced(&body, "octet-stream\r\n", &format!("octet-stream{}\r\n", " ".repeat(extra)));
        assert_eq!(parse(&mut body).is_ok(), accepted, "{extra}");
    }
}

#[test]
fn every_cut_is_refused() {
    let body = sealed(b"<x/>");
    for length in 0..body.len() {
        assert!(parse(&mut body[..length].to_vec()).is_err(), "{length}");
    }
}

#[test]
fn the_content_type_is_checked() {
    for (content_type, result) in [
        (CONTENT_TYPE, Ok(())),
        (
            "Multipart/Encrypted; Boundary=\"Encrypted Boundary\"; Protocol=\"application/http-spnego-session-encrypted\"",
            Ok(()),
        ),
        ("application/soap+xml;charset=UTF-8", Err(MultipartError::ContentType)),
        ("multipart/x-multi-encrypted;protocol=x;boundary=y", Err(MultipartError::ContentType)),
        ("multipart/encrypted", Err(MultipartError::Protocol)),
        (
            "multipart/encrypted;protocol=\"application/HTTP-Kerberos-session-encrypted\";boundary=\"Encrypted Boundary\"",
            Err(MultipartError::Protocol),
        ),
        (
            "multipart/encrypted;protocol=\"application/HTTP-SPNEGO-session-encrypted\";boundary=\"x\"",
            Err(MultipartError::Boundary),
        ),
        ("multipart/encrypted;protocol", Err(MultipartError::ContentType)),
        ("multipart/encrypted;boundary=a;boundary=b", Err(MultipartError::ContentType)),
        ("", Err(MultipartError::ContentType)),
    ] {
        assert_eq!(check_content_type(content_type), result, "{content_type}");
    }
}

#[test]
fn the_charset_is_told() {
    let mut body = replaced(&sealed(b"<x/>"), "UTF-8", "UTF-16");
    assert_eq!(parse(&mut body).unwrap().charset, Charset::Utf16);
    let mut body = replaced(&sealed(b"<x/>"), "charset=UTF-8;", "");
    assert_eq!(parse(&mut body).unwrap().charset, Charset::Utf8);
}

proptest! {
    #[test]
    fn any_data_survives(plain in proptest::collection::vec(any::<u8>(), 0..2_000), signature in any::<[u8; 16]>()) {
        let mut body = frame(&plain, |_| signature);
        let sealed = parse(&mut body).unwrap();
        prop_assert_eq!(sealed.signature, signature);
        prop_assert_eq!(&*sealed.data, plain.as_slice());
    }

    #[test]
    fn p02_any_bytes_are_judged(mut bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
        let _ = parse(&mut bytes);
        let _ = check_content_type(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn p02_any_change_is_judged(at in 0..220_usize, byte in any::<u8>(), cut in 0..240_usize) {
        let mut body = sealed(b"<x/>");
        if let Some(place) = body.get_mut(at) {
            *place = byte;
        }
        body.truncate(cut.max(100));
        let _ = parse(&mut body);
    }
}
