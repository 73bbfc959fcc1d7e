use arm::{ArmError, CertificateFault, Http, Metadata, Place, Root, TransportError, Untrusted};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pep::roots::Roots;
use tests::arm_server::{ArmServer, Behaviour, Chain};

async fn refused(server: &ArmServer, roots: &[Root]) -> Untrusted {
    let url = Place::resource_manager_of(&server.url()).unwrap();
    match Metadata::read(&Http::new(roots).unwrap(), &url).await {
        Err(ArmError::Transport(TransportError::Certificate(untrusted))) => {
            assert_eq!(server.asked(), [], "nothing is asked of a server whose certificate is refused");
            *untrusted
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_unknown_root_is_offered_with_its_fingerprint_and_works_once_trusted() {
    let server = ArmServer::start(Behaviour::default());
    let untrusted = refused(&server, &[]).await;
    assert_eq!((untrusted.fault.clone(), untrusted.host.as_str()), (CertificateFault::UnknownIssuer, "localhost"));
    let offer = untrusted.offer.clone().expect("the root was shown");
    let file = Root::read_all(server.root().as_bytes()).unwrap().remove(0);
    assert_eq!((offer.fingerprint(), offer.is_root()), (file.fingerprint(), true));
    assert!(untrusted.to_string().contains(&file.fingerprint()), "{untrusted}");
    assert!(untrusted.issuer.contains("Contoso Test Root"), "{untrusted}");
    let url = Place::resource_manager_of(&server.url()).unwrap();
    let kept = Root::read_all(offer.der()).unwrap();
    assert!(Metadata::read(&Http::new(&kept).unwrap(), &url).await.is_ok(), "what was offered is what is needed");
    // Another stamp's root does not help here.
    let other = ArmServer::start(Behaviour::default());
    let others = Root::read_all(other.root().as_bytes()).unwrap();
    let before = server.asked().len();
    assert!(Metadata::read(&Http::new(&others).unwrap(), &url).await.is_err());
    assert_eq!(server.asked().len(), before);
}

#[tokio::test]
async fn a_server_that_shows_only_itself_offers_nothing_but_names_the_issuer() {
    let server = ArmServer::with_chain(Behaviour::default(), Chain::LeafOnly);
    let untrusted = refused(&server, &[]).await;
    assert_eq!((untrusted.fault.clone(), untrusted.offer.clone()), (CertificateFault::UnknownIssuer, None));
    assert!(untrusted.to_string().contains("Contoso Test Root"), "{untrusted}");
}

#[tokio::test]
async fn a_certificate_that_signed_itself_can_be_trusted_for_its_own_name_only() {
    let server = ArmServer::with_chain(Behaviour::default(), Chain::SelfSigned);
    let untrusted = refused(&server, &[]).await;
    assert_eq!(untrusted.fault, CertificateFault::UnknownIssuer);
    let offer = untrusted.offer.expect("itself");
    let url = Place::resource_manager_of(&server.url()).unwrap();
    let told = Metadata::read(&Http::new(std::slice::from_ref(&offer)).unwrap(), &url).await;
    assert!(told.is_ok(), "{told:?}");
    // The same kind of certificate with another key is another one.
    let other = ArmServer::with_chain(Behaviour::default(), Chain::SelfSigned);
    assert_eq!(refused(&other, &[offer]).await.fault, CertificateFault::UnknownIssuer);
    let foreign = ArmServer::with_chain(Behaviour::default(), Chain::SelfSignedOther);
    let roots = Root::read_all(foreign.root().as_bytes()).unwrap();
    let untrusted = refused(&foreign, &roots).await;
    assert_eq!((untrusted.fault, untrusted.offer), (CertificateFault::WrongName, None));
}

#[tokio::test]
async fn trust_does_not_help_an_expired_early_or_foreign_certificate() {
    for (chain, fault, advice) in [
        (Chain::Expired, CertificateFault::Expired, "renewed"),
        (Chain::NotYetValid, CertificateFault::NotYetValid, "check the clock of this computer"),
        (Chain::OtherHost, CertificateFault::WrongName, "use the name"),
    ] {
        let server = ArmServer::with_chain(Behaviour::default(), chain);
        let roots = Root::read_all(server.root().as_bytes()).unwrap();
        let untrusted = refused(&server, &roots).await;
        let text = untrusted.to_string();
        assert!(text.contains(advice) && (fault == CertificateFault::Expired || !text.contains("renewed")), "{text}");
        assert_eq!((untrusted.fault, untrusted.offer), (fault, None));
    }
}

#[tokio::test]
async fn a_trusted_root_is_kept_for_its_place_and_an_altered_file_trusts_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roots.json");
    let server = ArmServer::start(Behaviour::default());
    let offer = refused(&server, &[]).await.offer.unwrap();
    let mut roots = Roots::load(&path);
    roots.keep("adminmanagement.east.a.example", &offer, 1).unwrap();
    roots.keep("adminmanagement.east.a.example", &offer, 2).unwrap();
    let again = Roots::load(&path);
    assert_eq!(again.of("AdminManagement.east.a.example"), std::slice::from_ref(&offer));
    assert!(again.of("adminmanagement.west.a.example").is_empty(), "it is trusted for one stamp only");
    let url = Place::resource_manager_of(&server.url()).unwrap();
    let http = Http::new(&again.of("adminmanagement.east.a.example")).unwrap();
    assert!(Metadata::read(&http, &url).await.is_ok());

    let text = std::fs::read_to_string(&path).unwrap();
    let other = ArmServer::start(Behaviour::default());
    let der = |server: &ArmServer| STANDARD.encode(Root::read_all(server.root().as_bytes()).unwrap()[0].der());
    let swapped = text.replace(&der(&server), &der(&other));
    assert_ne!(text, swapped);
    std::fs::write(&path, swapped).unwrap();
    assert!(Roots::load(&path).of("adminmanagement.east.a.example").is_empty(), "not the one that was compared");
    for damage in ["", "{", r#"{"version":2,"roots":[]}"#, r#"{"version":1,"roots":[],"more":1}"#] {
        std::fs::write(&path, damage).unwrap();
        let mut roots = Roots::load(&path);
        assert!(roots.is_damaged() && roots.of("adminmanagement.east.a.example").is_empty(), "{damage}");
        roots.keep("p", &offer, 3).unwrap();
        assert!(!Roots::load(&path).is_damaged());
    }
    let mut roots = Roots::load(&path);
    assert_eq!((roots.forget("P").unwrap(), Roots::load(&path).of("p").len()), (1, 0));
}
