//! The program of libFuzzer. `FUZZ_TARGET` says which target it is for.

#![no_main]

use std::sync::LazyLock;

use fuzz::{Target, mutation};
use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target, fuzzer_mutate};

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    Target::named(&name).expect("FUZZ_TARGET is the name of a target")
});

fuzz_target!(|input: &[u8]| -> Corpus {
    if TARGET.read(input) { Corpus::Keep } else { Corpus::Reject }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    if TARGET.has_json() && seed % 3 > 0 {
        let changed = mutation::of_json(&data[..size], max_size, seed, |mut text| {
            let length = text.len();
            text.resize(length + 16, 0);
            let most = text.len();
            let length = fuzzer_mutate(&mut text, length, most);
            text.truncate(length);
            text
        });
        if let Some(changed) = changed {
            data[..changed.len()].copy_from_slice(&changed);
            return changed.len();
        }
    }
    fuzzer_mutate(data, size, max_size)
});
