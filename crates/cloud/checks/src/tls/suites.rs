//! Cipher suites by their numbers (IANA, TLS Cipher Suites) and OpenSSL's names, as the profiles name them. Suites with keys
//! that both sides know beforehand (PSK, SRP) are left out: nobody can be offered them from outside.

/// How the secret comes to both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exchange {
    /// Ephemeral Diffie-Hellman over numbers.
    Dhe,
    /// Ephemeral Diffie-Hellman over a curve.
    Ecdhe,
    /// By the certificate's key.
    Other,
}

/// What key of a certificate goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signer {
    /// RSA.
    Rsa,
    /// An elliptic curve.
    Ecdsa,
    /// None, or one of another kind.
    Other,
}

/// A suite of TLS 1.2 and before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Suite {
    pub(crate) code: u16,
    pub(crate) name: &'static str,
    pub(crate) exchange: Exchange,
    pub(crate) signer: Signer,
}

const fn suite(code: u16, name: &'static str, exchange: Exchange, signer: Signer) -> Suite {
    Suite { code, name, exchange, signer }
}

/// The suite with this number.
pub(crate) fn find(code: u16) -> Option<&'static Suite> {
    SUITES.iter().find(|suite| suite.code == code)
}

/// Suites of TLS 1.3.
pub(crate) const SUITES_13: [(u16, &str); 5] = [
    (0x1301, "TLS_AES_128_GCM_SHA256"),
    (0x1302, "TLS_AES_256_GCM_SHA384"),
    (0x1303, "TLS_CHACHA20_POLY1305_SHA256"),
    (0x1304, "TLS_AES_128_CCM_SHA256"),
    (0x1305, "TLS_AES_128_CCM_8_SHA256"),
];

/// Suites of TLS 1.2 and before.
pub(crate) const SUITES: [Suite; 134] = [
    suite(0x0001, "NULL-MD5", Exchange::Other, Signer::Rsa),
    suite(0x0002, "NULL-SHA", Exchange::Other, Signer::Rsa),
    suite(0x0003, "EXP-RC4-MD5", Exchange::Other, Signer::Rsa),
    suite(0x0004, "RC4-MD5", Exchange::Other, Signer::Rsa),
    suite(0x0005, "RC4-SHA", Exchange::Other, Signer::Rsa),
    suite(0x0006, "EXP-RC2-CBC-MD5", Exchange::Other, Signer::Rsa),
    suite(0x0007, "IDEA-CBC-SHA", Exchange::Other, Signer::Rsa),
    suite(0x0008, "EXP-DES-CBC-SHA", Exchange::Other, Signer::Rsa),
    suite(0x0009, "DES-CBC-SHA", Exchange::Other, Signer::Rsa),
    suite(0x000a, "DES-CBC3-SHA", Exchange::Other, Signer::Rsa),
    suite(0x0011, "EXP-DHE-DSS-DES-CBC-SHA", Exchange::Dhe, Signer::Other),
    suite(0x0012, "DHE-DSS-DES-CBC-SHA", Exchange::Dhe, Signer::Other),
    suite(0x0013, "DHE-DSS-DES-CBC3-SHA", Exchange::Dhe, Signer::Other),
    suite(0x0014, "EXP-DHE-RSA-DES-CBC-SHA", Exchange::Dhe, Signer::Rsa),
    suite(0x0015, "DHE-RSA-DES-CBC-SHA", Exchange::Dhe, Signer::Rsa),
    suite(0x0016, "DHE-RSA-DES-CBC3-SHA", Exchange::Dhe, Signer::Rsa),
    suite(0x0017, "EXP-ADH-RC4-MD5", Exchange::Dhe, Signer::Other),
    suite(0x0018, "ADH-RC4-MD5", Exchange::Dhe, Signer::Other),
    suite(0x0019, "EXP-ADH-DES-CBC-SHA", Exchange::Dhe, Signer::Other),
    suite(0x001a, "ADH-DES-CBC-SHA", Exchange::Dhe, Signer::Other),
    suite(0x001b, "ADH-DES-CBC3-SHA", Exchange::Dhe, Signer::Other),
    suite(0x002f, "AES128-SHA", Exchange::Other, Signer::Rsa),
    suite(0x0032, "DHE-DSS-AES128-SHA", Exchange::Dhe, Signer::Other),
    suite(0x0033, "DHE-RSA-AES128-SHA", Exchange::Dhe, Signer::Rsa),
    suite(0x0034, "ADH-AES128-SHA", Exchange::Dhe, Signer::Other),
    suite(0x0035, "AES256-SHA", Exchange::Other, Signer::Rsa),
    suite(0x0038, "DHE-DSS-AES256-SHA", Exchange::Dhe, Signer::Other),
    suite(0x0039, "DHE-RSA-AES256-SHA", Exchange::Dhe, Signer::Rsa),
    suite(0x003a, "ADH-AES256-SHA", Exchange::Dhe, Signer::Other),
    suite(0x003b, "NULL-SHA256", Exchange::Other, Signer::Rsa),
    suite(0x003c, "AES128-SHA256", Exchange::Other, Signer::Rsa),
    suite(0x003d, "AES256-SHA256", Exchange::Other, Signer::Rsa),
    suite(0x0040, "DHE-DSS-AES128-SHA256", Exchange::Dhe, Signer::Other),
    suite(0x0041, "CAMELLIA128-SHA", Exchange::Other, Signer::Rsa),
    suite(0x0044, "DHE-DSS-CAMELLIA128-SHA", Exchange::Dhe, Signer::Other),
    suite(0x0045, "DHE-RSA-CAMELLIA128-SHA", Exchange::Dhe, Signer::Rsa),
    suite(0x0046, "ADH-CAMELLIA128-SHA", Exchange::Dhe, Signer::Other),
    suite(0x0067, "DHE-RSA-AES128-SHA256", Exchange::Dhe, Signer::Rsa),
    suite(0x006a, "DHE-DSS-AES256-SHA256", Exchange::Dhe, Signer::Other),
    suite(0x006b, "DHE-RSA-AES256-SHA256", Exchange::Dhe, Signer::Rsa),
    suite(0x006c, "ADH-AES128-SHA256", Exchange::Dhe, Signer::Other),
    suite(0x006d, "ADH-AES256-SHA256", Exchange::Dhe, Signer::Other),
    suite(0x0084, "CAMELLIA256-SHA", Exchange::Other, Signer::Rsa),
    suite(0x0087, "DHE-DSS-CAMELLIA256-SHA", Exchange::Dhe, Signer::Other),
    suite(0x0088, "DHE-RSA-CAMELLIA256-SHA", Exchange::Dhe, Signer::Rsa),
    suite(0x0089, "ADH-CAMELLIA256-SHA", Exchange::Dhe, Signer::Other),
    suite(0x0096, "SEED-SHA", Exchange::Other, Signer::Rsa),
    suite(0x0099, "DHE-DSS-SEED-SHA", Exchange::Dhe, Signer::Other),
    suite(0x009a, "DHE-RSA-SEED-SHA", Exchange::Dhe, Signer::Rsa),
    suite(0x009b, "ADH-SEED-SHA", Exchange::Dhe, Signer::Other),
    suite(0x009c, "AES128-GCM-SHA256", Exchange::Other, Signer::Rsa),
    suite(0x009d, "AES256-GCM-SHA384", Exchange::Other, Signer::Rsa),
    suite(0x009e, "DHE-RSA-AES128-GCM-SHA256", Exchange::Dhe, Signer::Rsa),
    suite(0x009f, "DHE-RSA-AES256-GCM-SHA384", Exchange::Dhe, Signer::Rsa),
    suite(0x00a2, "DHE-DSS-AES128-GCM-SHA256", Exchange::Dhe, Signer::Other),
    suite(0x00a3, "DHE-DSS-AES256-GCM-SHA384", Exchange::Dhe, Signer::Other),
    suite(0x00a6, "ADH-AES128-GCM-SHA256", Exchange::Dhe, Signer::Other),
    suite(0x00a7, "ADH-AES256-GCM-SHA384", Exchange::Dhe, Signer::Other),
    suite(0x00ba, "CAMELLIA128-SHA256", Exchange::Other, Signer::Rsa),
    suite(0x00bd, "DHE-DSS-CAMELLIA128-SHA256", Exchange::Dhe, Signer::Other),
    suite(0x00be, "DHE-RSA-CAMELLIA128-SHA256", Exchange::Dhe, Signer::Rsa),
    suite(0x00bf, "ADH-CAMELLIA128-SHA256", Exchange::Dhe, Signer::Other),
    suite(0x00c0, "CAMELLIA256-SHA256", Exchange::Other, Signer::Rsa),
    suite(0x00c3, "DHE-DSS-CAMELLIA256-SHA256", Exchange::Dhe, Signer::Other),
    suite(0x00c4, "DHE-RSA-CAMELLIA256-SHA256", Exchange::Dhe, Signer::Rsa),
    suite(0x00c5, "ADH-CAMELLIA256-SHA256", Exchange::Dhe, Signer::Other),
    suite(0xc002, "ECDH-ECDSA-RC4-SHA", Exchange::Other, Signer::Other),
    suite(0xc003, "ECDH-ECDSA-DES-CBC3-SHA", Exchange::Other, Signer::Other),
    suite(0xc004, "ECDH-ECDSA-AES128-SHA", Exchange::Other, Signer::Other),
    suite(0xc005, "ECDH-ECDSA-AES256-SHA", Exchange::Other, Signer::Other),
    suite(0xc006, "ECDHE-ECDSA-NULL-SHA", Exchange::Ecdhe, Signer::Ecdsa),
    suite(0xc007, "ECDHE-ECDSA-RC4-SHA", Exchange::Ecdhe, Signer::Ecdsa),
    suite(0xc008, "ECDHE-ECDSA-DES-CBC3-SHA", Exchange::Ecdhe, Signer::Ecdsa),
    suite(0xc009, "ECDHE-ECDSA-AES128-SHA", Exchange::Ecdhe, Signer::Ecdsa),
    suite(0xc00a, "ECDHE-ECDSA-AES256-SHA", Exchange::Ecdhe, Signer::Ecdsa),
    suite(0xc00c, "ECDH-RSA-RC4-SHA", Exchange::Other, Signer::Other),
    suite(0xc00d, "ECDH-RSA-DES-CBC3-SHA", Exchange::Other, Signer::Other),
    suite(0xc00e, "ECDH-RSA-AES128-SHA", Exchange::Other, Signer::Other),
    suite(0xc00f, "ECDH-RSA-AES256-SHA", Exchange::Other, Signer::Other),
    suite(0xc010, "ECDHE-RSA-NULL-SHA", Exchange::Ecdhe, Signer::Rsa),
    suite(0xc011, "ECDHE-RSA-RC4-SHA", Exchange::Ecdhe, Signer::Rsa),
    suite(0xc012, "ECDHE-RSA-DES-CBC3-SHA", Exchange::Ecdhe, Signer::Rsa),
    suite(0xc013, "ECDHE-RSA-AES128-SHA", Exchange::Ecdhe, Signer::Rsa),
    suite(0xc014, "ECDHE-RSA-AES256-SHA", Exchange::Ecdhe, Signer::Rsa),
    suite(0xc015, "AECDH-NULL-SHA", Exchange::Ecdhe, Signer::Other),
    suite(0xc016, "AECDH-RC4-SHA", Exchange::Ecdhe, Signer::Other),
    suite(0xc017, "AECDH-DES-CBC3-SHA", Exchange::Ecdhe, Signer::Other),
    suite(0xc018, "AECDH-AES128-SHA", Exchange::Ecdhe, Signer::Other),
    suite(0xc019, "AECDH-AES256-SHA", Exchange::Ecdhe, Signer::Other),
    suite(0xc023, "ECDHE-ECDSA-AES128-SHA256", Exchange::Ecdhe, Signer::Ecdsa),
    suite(0xc024, "ECDHE-ECDSA-AES256-SHA384", Exchange::Ecdhe, Signer::Ecdsa),
    suite(0xc025, "ECDH-ECDSA-AES128-SHA256", Exchange::Other, Signer::Other),
    suite(0xc026, "ECDH-ECDSA-AES256-SHA384", Exchange::Other, Signer::Other),
    suite(0xc027, "ECDHE-RSA-AES128-SHA256", Exchange::Ecdhe, Signer::Rsa),
    suite(0xc028, "ECDHE-RSA-AES256-SHA384", Exchange::Ecdhe, Signer::Rsa),
    suite(0xc029, "ECDH-RSA-AES128-SHA256", Exchange::Other, Signer::Other),
    suite(0xc02a, "ECDH-RSA-AES256-SHA384", Exchange::Other, Signer::Other),
    suite(0xc02b, "ECDHE-ECDSA-AES128-GCM-SHA256", Exchange::Ecdhe, Signer::Ecdsa),
    suite(0xc02c, "ECDHE-ECDSA-AES256-GCM-SHA384", Exchange::Ecdhe, Signer::Ecdsa),
    suite(0xc02d, "ECDH-ECDSA-AES128-GCM-SHA256", Exchange::Other, Signer::Other),
    suite(0xc02e, "ECDH-ECDSA-AES256-GCM-SHA384", Exchange::Other, Signer::Other),
    suite(0xc02f, "ECDHE-RSA-AES128-GCM-SHA256", Exchange::Ecdhe, Signer::Rsa),
    suite(0xc030, "ECDHE-RSA-AES256-GCM-SHA384", Exchange::Ecdhe, Signer::Rsa),
    suite(0xc031, "ECDH-RSA-AES128-GCM-SHA256", Exchange::Other, Signer::Other),
    suite(0xc032, "ECDH-RSA-AES256-GCM-SHA384", Exchange::Other, Signer::Other),
    suite(0xc050, "ARIA128-GCM-SHA256", Exchange::Other, Signer::Rsa),
    suite(0xc051, "ARIA256-GCM-SHA384", Exchange::Other, Signer::Rsa),
    suite(0xc052, "DHE-RSA-ARIA128-GCM-SHA256", Exchange::Dhe, Signer::Rsa),
    suite(0xc053, "DHE-RSA-ARIA256-GCM-SHA384", Exchange::Dhe, Signer::Rsa),
    suite(0xc056, "DHE-DSS-ARIA128-GCM-SHA256", Exchange::Dhe, Signer::Other),
    suite(0xc057, "DHE-DSS-ARIA256-GCM-SHA384", Exchange::Dhe, Signer::Other),
    suite(0xc05c, "ECDHE-ECDSA-ARIA128-GCM-SHA256", Exchange::Ecdhe, Signer::Ecdsa),
    suite(0xc05d, "ECDHE-ECDSA-ARIA256-GCM-SHA384", Exchange::Ecdhe, Signer::Ecdsa),
    suite(0xc060, "ECDHE-ARIA128-GCM-SHA256", Exchange::Ecdhe, Signer::Rsa),
    suite(0xc061, "ECDHE-ARIA256-GCM-SHA384", Exchange::Ecdhe, Signer::Rsa),
    suite(0xc072, "ECDHE-ECDSA-CAMELLIA128-SHA256", Exchange::Ecdhe, Signer::Ecdsa),
    suite(0xc073, "ECDHE-ECDSA-CAMELLIA256-SHA384", Exchange::Ecdhe, Signer::Ecdsa),
    suite(0xc076, "ECDHE-RSA-CAMELLIA128-SHA256", Exchange::Ecdhe, Signer::Rsa),
    suite(0xc077, "ECDHE-RSA-CAMELLIA256-SHA384", Exchange::Ecdhe, Signer::Rsa),
    suite(0xc09c, "AES128-CCM", Exchange::Other, Signer::Rsa),
    suite(0xc09d, "AES256-CCM", Exchange::Other, Signer::Rsa),
    suite(0xc09e, "DHE-RSA-AES128-CCM", Exchange::Dhe, Signer::Rsa),
    suite(0xc09f, "DHE-RSA-AES256-CCM", Exchange::Dhe, Signer::Rsa),
    suite(0xc0a0, "AES128-CCM8", Exchange::Other, Signer::Rsa),
    suite(0xc0a1, "AES256-CCM8", Exchange::Other, Signer::Rsa),
    suite(0xc0a2, "DHE-RSA-AES128-CCM8", Exchange::Dhe, Signer::Rsa),
    suite(0xc0a3, "DHE-RSA-AES256-CCM8", Exchange::Dhe, Signer::Rsa),
    suite(0xc0ac, "ECDHE-ECDSA-AES128-CCM", Exchange::Ecdhe, Signer::Ecdsa),
    suite(0xc0ad, "ECDHE-ECDSA-AES256-CCM", Exchange::Ecdhe, Signer::Ecdsa),
    suite(0xc0ae, "ECDHE-ECDSA-AES128-CCM8", Exchange::Ecdhe, Signer::Ecdsa),
    suite(0xc0af, "ECDHE-ECDSA-AES256-CCM8", Exchange::Ecdhe, Signer::Ecdsa),
    suite(0xcca8, "ECDHE-RSA-CHACHA20-POLY1305", Exchange::Ecdhe, Signer::Rsa),
    suite(0xcca9, "ECDHE-ECDSA-CHACHA20-POLY1305", Exchange::Ecdhe, Signer::Ecdsa),
    suite(0xccaa, "DHE-RSA-CHACHA20-POLY1305", Exchange::Dhe, Signer::Rsa),
];
