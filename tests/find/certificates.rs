use arm::{ArmError, CertificateFault, Http, Metadata, Place, Root, TransportError, Untrusted};
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
async fn trust_does_not_help_an_expired_or_foreign_certificate() {
    for (chain, fault) in [(Chain::Expired, CertificateFault::Expired), (Chain::OtherHost, CertificateFault::WrongName)]
    {
        let server = ArmServer::with_chain(Behaviour::default(), chain);
        let roots = Root::read_all(server.root().as_bytes()).unwrap();
        let untrusted = refused(&server, &roots).await;
        assert_eq!((untrusted.fault, untrusted.offer), (fault, None));
    }
}
