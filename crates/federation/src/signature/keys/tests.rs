use proptest::prelude::*;

use super::*;

#[test]
fn a_key_survives_being_written_and_read() {
    for (key, kind) in [(test_key(), KeyKind::Rsa), (test_ed25519_key(), KeyKind::Ed25519)] {
        let again = SigningKey::from_pem(&key.to_pem().unwrap()).unwrap();
        assert_eq!((again.kind(), key.kind()), (kind, kind));
        assert_eq!(again.public_pem().unwrap(), key.public_pem().unwrap());
        let public = PublicKey::from_pem(&again.public_pem().unwrap()).unwrap();
        assert_eq!(public, key.public_key().unwrap());
        assert_eq!(public.to_pem().unwrap(), key.public_pem().unwrap());
        assert!(public.verifies(b"text", &key.sign(b"text").unwrap()));
        assert!(!public.verifies(b"other", &key.sign(b"text").unwrap()));
    }
}

#[test]
fn a_public_key_is_read_in_both_encodings() {
    let Pair::Rsa(pair) = &test_key().pair else { panic!("the test key is RSA") };
    let pkcs1 = pem::write(pem::PKCS1_PUBLIC, pair.public_key().as_ref());
    let spki = test_key().public_pem().unwrap();
    assert_eq!(PublicKey::from_pem(&pkcs1).unwrap(), PublicKey::from_pem(&spki).unwrap());
    assert_eq!(PublicKey::from_pem(&spki.replace('\n', "\r\n")).unwrap(), PublicKey::from_pem(&spki).unwrap());
}

#[test]
fn a_key_of_another_actor_verifies_nothing() {
    let stranger = SigningKey::generate().unwrap().public_key().unwrap();
    assert!(!stranger.verifies(b"text", &test_key().sign(b"text").unwrap()));
}

#[test]
fn a_signature_is_not_checked_in_a_way_that_the_key_is_not_for() {
    let rsa = test_key().public_key().unwrap();
    let signature = test_key().sign(b"text").unwrap();
    assert!(rsa.verifies_as(Algorithm::RsaPkcs1Sha256, b"text", &signature));
    assert!(!rsa.verifies_as(Algorithm::RsaPssSha512, b"text", &signature));
    assert!(!rsa.verifies_as(Algorithm::Ed25519, b"text", &signature));
    let ed25519 = test_ed25519_key().public_key().unwrap();
    let signature = test_ed25519_key().sign(b"text").unwrap();
    assert!(ed25519.verifies_as(Algorithm::Ed25519, b"text", &signature));
    assert!(!ed25519.verifies_as(Algorithm::RsaPkcs1Sha256, b"text", &signature));
}

#[test]
fn a_key_does_not_show_in_debug_output() {
    assert_eq!(format!("{:?}", test_key()), "SigningKey");
    assert_eq!(format!("{:?}", test_ed25519_key().public_key().unwrap()), "PublicKey(Ed25519)");
}

#[test]
fn what_is_no_key_is_refused() {
    for pem in ["", "-----BEGIN PUBLIC KEY-----", "-----BEGIN PUBLIC KEY-----\n@@\n-----END PUBLIC KEY-----"] {
        assert_eq!(PublicKey::from_pem(pem), Err(KeyError::Pem), "{pem}");
    }
    let private = test_key().to_pem().unwrap();
    assert_eq!(PublicKey::from_pem(&private), Err(KeyError::Pem));
    let nonsense = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----";
    assert_eq!(PublicKey::from_pem(nonsense), Err(KeyError::Rejected));
    let short =
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/o\n-----END PUBLIC KEY-----";
    assert_eq!(PublicKey::from_pem(short), Err(KeyError::Rejected));
}

/// How long a check takes: `cargo test --release -p federation -- --ignored --nocapture microseconds`.
#[test]
#[ignore = "measures, and proves nothing"]
fn microseconds_per_check() {
    for key in [test_key(), test_ed25519_key()] {
        let (public, signature) = (key.public_key().unwrap(), key.sign(&[7; 300]).unwrap());
        let start = std::time::Instant::now();
        for _ in 0..2000 {
            assert!(public.verifies(&[7; 300], &signature));
        }
        let kept = start.elapsed() / 2000;
        let pem = public.to_pem().unwrap();
        let start = std::time::Instant::now();
        for _ in 0..2000 {
            assert!(PublicKey::from_pem(&pem).unwrap().verifies(&[7; 300], &signature));
        }
        println!("{:?}: {kept:?} with the key kept, {:?} with its PEM", key.kind(), start.elapsed() / 2000);
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in "(-----BEGIN PUBLIC KEY-----)?[A-Za-z0-9+/=\n]{0,200}(-----END PUBLIC KEY-----)?") {
        let _ = PublicKey::from_pem(&text);
        let _ = SigningKey::from_pem(&text.replace("PUBLIC", "PRIVATE"));
    }
}
