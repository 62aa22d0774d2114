use proptest::prelude::*;

use super::*;

fn header() -> Header {
    Header {
        format: 1,
        program: "stoa 0.1.0".into(),
        made: "2026-11-24T00:00:00Z".into(),
        profile: "secure".into(),
        holds_master_keys: false,
        encryption: None,
    }
}

fn write(entries: &[(&str, &[u8])], passphrase: Option<&str>) -> Vec<u8> {
    let mut writer = ArchiveWriter::new(Vec::new(), header(), passphrase).unwrap();
    for (name, bytes) in entries {
        writer.begin(name).unwrap();
        writer.write(bytes).unwrap();
    }
    writer.finish().unwrap()
}

fn read(bytes: &[u8], passphrase: Option<&str>) -> Result<Vec<(String, Vec<u8>)>, ArchiveError> {
    let mut reader = ArchiveReader::new(bytes, passphrase)?;
    let mut entries = Vec::new();
    while let Some(name) = reader.next_entry()? {
        let (mut content, mut piece) = (Vec::new(), Vec::new());
        while reader.piece(&mut piece)? {
            content.extend_from_slice(&piece);
        }
        entries.push((name, content));
    }
    Ok(entries)
}

#[test]
fn what_goes_in_comes_out() {
    let large = vec![7_u8; 3 * CHUNK_BYTES_MAX + 5];
    let entries: &[(&str, &[u8])] = &[("empty", b""), ("a/b", b"hello"), ("large", &large)];
    for passphrase in [None, Some("correct horse")] {
        let archive = write(entries, passphrase);
        let back = read(&archive, passphrase).unwrap();
        assert_eq!(back.len(), 3);
        for ((name, content), (wanted, bytes)) in back.iter().zip(entries) {
            assert_eq!((name.as_str(), content.as_slice()), (*wanted, *bytes));
        }
        // Entries that nobody reads are checked all the same.
        let mut reader = ArchiveReader::new(archive.as_slice(), passphrase).unwrap();
        while reader.next_entry().unwrap().is_some() {}
    }
}

#[test]
fn an_encrypted_archive_says_nothing_without_its_passphrase() {
    let archive = write(&[("name-of-entry", b"content of entry")], Some("correct horse"));
    assert!(!archive.windows(13).any(|window| window == b"name-of-entry"));
    assert!(matches!(read(&archive, None), Err(ArchiveError::PassphraseMissing)));
    assert!(matches!(read(&archive, Some("wrong")), Err(ArchiveError::PassphraseWrong)));
    let mut forged = archive;
    let at = forged.windows(6).position(|window| window == b"secure").unwrap();
    forged[at..at + 6].copy_from_slice(b"sECURE");
    assert!(
        matches!(read(&forged, Some("correct horse")), Err(ArchiveError::PassphraseWrong)),
        "the header is authenticated"
    );
}

#[test]
fn chunks_cannot_be_swapped_or_left_out() {
    let large = vec![1_u8; 4 * CHUNK_BYTES_MAX];
    let archive = write(&[("large", &large)], Some("p"));
    let begin = 12 + u32::from_be_bytes(archive[8..12].try_into().unwrap()) as usize;
    let size = 4 + CHUNK_BYTES_MAX + TAG_BYTES;
    let mut swapped = archive.clone();
    swapped.copy_within(begin + 2 * size..begin + 3 * size, begin + size);
    assert!(matches!(read(&swapped, Some("p")), Err(ArchiveError::Damaged(_))));
    let mut shorter = archive[..begin + size].to_vec();
    shorter.extend_from_slice(&archive[begin + 2 * size..]);
    assert!(matches!(read(&shorter, Some("p")), Err(ArchiveError::Damaged(_))));
}

#[test]
fn a_cut_archive_is_named_as_cut_wherever_it_was_cut() {
    let archive = write(&[("a", b"one"), ("b", b"two")], None);
    for length in 0..archive.len() {
        let error = read(&archive[..length], None).unwrap_err();
        assert!(
            matches!(error, ArchiveError::Cut) || (length < 8 && matches!(error, ArchiveError::Foreign(_))),
            "cut at {length}: {error}"
        );
    }
    assert!(read(&[archive.as_slice(), b"x"].concat(), None).is_err(), "nothing may follow");
}

proptest! {
    #[test]
    fn a_changed_byte_never_goes_unnoticed(at in 0_usize..400, flip in 1_u8..) {
        let mut archive = write(&[("a", &[5; 60]), ("b", b"two")], None);
        let begin = 12 + u32::from_be_bytes(archive[8..12].try_into().unwrap()) as usize;
        let at = begin + at % (archive.len() - begin);
        archive[at] ^= flip;
        prop_assert!(read(&archive, None).is_err());
    }

    #[test]
    fn foreign_bytes_are_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), magic: bool) {
        let bytes = if magic { [MAGIC.as_slice(), &bytes].concat() } else { bytes };
        prop_assert!(read(&bytes, Some("p")).is_err());
    }
}
