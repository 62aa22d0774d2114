//! The Merkle tree of RFC 6962 §2.1 with SHA-256: a root over a list of leaves, and short proofs that one leaf is in it.
//! Pure.
//!
//! Leaves and nodes are hashed behind different first bytes, so that no node can be passed off as a leaf.

use aws_lc_rs::digest::{Context, SHA256};

/// A SHA-256 digest.
pub type Hash = [u8; 32];

const LEAF: u8 = 0;
const NODE: u8 = 1;

/// The hash of the parts one after another, behind a byte for the domain.
pub(crate) fn hash_parts(domain: u8, parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(&[domain]);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// The hash of a leaf's content.
pub fn leaf(content: &[u8]) -> Hash {
    hash_parts(LEAF, &[content])
}

fn node(left: &Hash, right: &Hash) -> Hash {
    hash_parts(NODE, &[left, right])
}

/// The root over these leaves; over none it is the hash of nothing.
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => {
            let mut hash = [0; 32];
            hash.copy_from_slice(aws_lc_rs::digest::digest(&SHA256, &[]).as_ref());
            hash
        }
        [only] => *only,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node(&root(left), &root(right))
        }
    }
}

/// The largest power of two below `length`, which is 2 or more.
fn split(length: usize) -> usize {
    length.next_power_of_two() / 2
}

/// The audit path of the leaf at `index` (RFC 6962 §2.1.1), from the leaf upwards; `None` when there is no such leaf.
pub fn path(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    if index >= leaves.len() {
        return None;
    }
    let mut path = Vec::new();
    collect(leaves, index, &mut path);
    Some(path)
}

fn collect(leaves: &[Hash], index: usize, path: &mut Vec<Hash>) {
    if leaves.len() < 2 {
        return;
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    if index < left.len() {
        collect(left, index, path);
        path.push(root(right));
    } else {
        collect(right, index - left.len(), path);
        path.push(root(left));
    }
}

/// The root that a leaf leads to by its path (RFC 9162 §2.1.3.2); `None` when the path does not fit a tree of this size.
pub fn root_by_path(leaf: &Hash, index: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    let (mut first, mut last) = (index, size - 1);
    let mut reached = *leaf;
    for sibling in path {
        if last == 0 {
            return None;
        }
        if first & 1 == 1 || first == last {
            reached = node(sibling, &reached);
            while first & 1 == 0 && first != 0 {
                first >>= 1;
                last >>= 1;
            }
        } else {
            reached = node(&reached, sibling);
        }
        first >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(reached)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hex(hash: &Hash) -> String {
        crate::text::hex(hash)
    }

    /// The vectors of Certificate Transparency's reference implementation (RFC 6962).
    #[test]
    fn the_roots_are_those_of_the_reference_implementation() {
        let contents: [&[u8]; 8] = [
            &[],
            &[0x00],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
        ];
        let leaves: Vec<Hash> = contents.iter().map(|content| leaf(content)).collect();
        for (length, expected) in [
            (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ] {
            assert_eq!(hex(&root(&leaves[..length])), expected, "{length} leaves");
        }
    }

    fn leaves_of(count: usize) -> Vec<Hash> {
        (0..count).map(|n| leaf(&n.to_be_bytes())).collect()
    }

    proptest! {
        #[test]
        fn every_leaf_proves_itself_and_nothing_else(count in 1usize..200, at in any::<prop::sample::Index>(), other in any::<[u8; 32]>()) {
            let leaves = leaves_of(count);
            let index = at.index(count);
            let path = path(&leaves, index).unwrap();
            let size = count as u64;
            prop_assert_eq!(root_by_path(&leaves[index], index as u64, size, &path), Some(root(&leaves)));
            prop_assert_ne!(root_by_path(&other, index as u64, size, &path), Some(root(&leaves)));
            let neighbour = (index + 1) % count;
            if neighbour != index {
                prop_assert_ne!(root_by_path(&leaves[index], neighbour as u64, size, &path), Some(root(&leaves)));
            }
            let longer: Vec<Hash> = path.into_iter().chain([other]).collect();
            prop_assert_ne!(root_by_path(&leaves[index], index as u64, size, &longer), Some(root(&leaves)));
        }

        /// Removing, changing, swapping or adding leaves gives another root.
        #[test]
        fn any_change_changes_the_root(count in 2usize..100, a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
            let leaves = leaves_of(count);
            let before = root(&leaves);
            let (a, b) = (a.index(count), b.index(count));
            let mut removed = leaves.clone();
            removed.remove(a);
            prop_assert_ne!(root(&removed), before);
            let mut added = leaves.clone();
            added.insert(b, leaf(b"more"));
            prop_assert_ne!(root(&added), before);
            if a != b {
                let mut swapped = leaves;
                swapped.swap(a, b);
                prop_assert_ne!(root(&swapped), before);
            }
        }
    }
}
