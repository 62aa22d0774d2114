//! Bytes of servers that are cut, turned and made up never break a scan: the readers are called through a real scan of a
//! server that answers with them.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use proptest::prelude::*;
use stoa_checks::tls::{ScanOptions, scan};
use stoa_standards::rule::tls::Endpoint;

/// A flight of TLS 1.2 as a real server sends it: hello with ECDHE-RSA-AES128-GCM-SHA256, a certificate that is none, an
/// exchange over X25519, done.
fn flight() -> Vec<u8> {
    let mut messages = Vec::new();
    let mut message = |kind: u8, body: &[u8]| {
        messages.push(kind);
        messages.extend_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes()[1..]);
        messages.extend_from_slice(body);
    };
    let mut hello = vec![3, 3];
    hello.extend([7; 32]);
    hello.extend([0, 0xc0, 0x2f, 0, 0, 0]);
    message(2, &hello);
    message(11, &[0, 0, 6, 0, 0, 3, 1, 2, 3]);
    message(12, &[3, 0, 29, 1, 9]);
    message(14, &[]);
    let mut record = vec![22, 3, 3];
    record.extend(u16::try_from(messages.len()).unwrap().to_be_bytes());
    record.extend(messages);
    record
}

fn ended(said: Vec<u8>) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut room = [0; 2048];
            let _ = stream.read(&mut room);
            let _ = stream.write_all(&said);
        }
    });
    let time = Duration::from_secs(5);
    let options = ScanOptions { connect_time: time, answer_time: Duration::from_millis(200), total_time: time };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(scan(&address, &options))
}

#[test]
fn a_server_that_always_says_the_same_is_seen_with_that_and_no_more() {
    // It takes whatever has the suite among it, so taking it away ends the scan.
    let Endpoint::Tls(seen) = ended(flight()) else { panic!() };
    assert_eq!(seen.ciphers, ["ECDHE-RSA-AES128-GCM-SHA256"]);
    assert_eq!((seen.curves.as_slice(), seen.certificates.len()), (&["X25519".to_owned()][..], 0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn turned_bytes_end_a_scan_in_peace(place in 0_usize..80, byte: u8, cut in 0_usize..120) {
        let mut said = flight();
        let length = said.len();
        said[place % length] = byte;
        said.truncate(cut.max(1));
        // Whatever it is: it ends, and within its bounds.
        let _ = ended(said);
    }
}
