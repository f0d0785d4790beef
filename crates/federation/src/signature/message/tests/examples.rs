//! The examples of RFC 9421, appendix B.

use super::*;

/// The request of RFC 9421, appendix B.2.
fn request_of_the_rfc() -> HeaderMap {
    headers(&[
        ("host", "example.com"),
        ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
        ("content-type", "application/json"),
        (
            "content-digest",
            "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
        ),
        ("content-length", "18"),
    ])
}

fn text_of_the_rfc(input: &str) -> String {
    let headers = request_of_the_rfc();
    let head = RequestHead { method: "POST", target: "/foo?param=Value&Pet=dog", headers: &headers };
    let label = input.split('=').next().unwrap();
    let parsed = MessageSignature::parse_all(input, &format!("{label}=:AAAA:")).unwrap().remove(0).unwrap();
    components::signed_text(&parsed, head, Scheme::Https).unwrap()
}

fn base64(text: &str) -> Vec<u8> {
    base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text).unwrap()
}

/// Appendix B.2.6.
#[test]
fn the_ed25519_example_of_the_rfc_verifies_and_is_made_the_same() {
    let text = text_of_the_rfc(
        r#"sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519""#,
    );
    let signature = base64("wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==");
    let public = PublicKey::from_pem(
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----",
    )
    .unwrap();
    assert!(public.verifies(text.as_bytes(), &signature));
    let private = SigningKey::from_pem(
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n-----END PRIVATE KEY-----",
    )
    .unwrap();
    assert_eq!(private.sign(text.as_bytes()).unwrap(), signature);
}

/// Appendix B.2.3, which covers every part of the request.
#[test]
fn the_rsa_pss_example_of_the_rfc_verifies() {
    let text = text_of_the_rfc(
        r#"sig-b23=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss""#,
    );
    let signature = base64(
        "bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fU\
         xN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA\
         1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKE\
         gM4cUA==",
    );
    let public = PublicKey::from_pem(
        "-----BEGIN PUBLIC KEY-----\n\
         MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2\n\
         +QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+\n\
         oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq\n\
         gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W\n\
         Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4\n\
         aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI\n\
         2wIDAQAB\n\
         -----END PUBLIC KEY-----",
    )
    .unwrap();
    assert!(public.verifies_as(Algorithm::RsaPssSha512, text.as_bytes(), &signature));
    assert!(!public.verifies(text.as_bytes(), &signature));
}

#[test]
fn the_text_is_written_in_one_way_however_it_was_sent() {
    let sent = r#"sig1=(  "@method"   "@path" ); created=1618884473;  keyid="a""#;
    assert!(
        text_of_the_rfc(sent).ends_with(r#""@signature-params": ("@method" "@path");created=1618884473;keyid="a""#)
    );
}
