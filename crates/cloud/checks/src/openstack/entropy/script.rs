//! What a server is given to run: a script, which cloud-init runs as it is.

/// It prints each line with a marker, once by cloud-init and once straight on the console, whichever gets through. It
/// needs nothing that a server of a cloud image has not: where `rngtest` is not there, Python does the same tests (FIPS
/// 140-2 of 2001 with change notice 1: monobit, poker, runs, long run, continuous run), and cloud-init is Python.
pub(super) const USER_DATA: &str = r#"#!/bin/sh
# Says on the console what this server knows about its randomness (scs-0101).
systemctl stop serial-getty@ttyS0.service serial-getty@ttyAMA0.service >/dev/null 2>&1
say() {
    sed "s/^/_scs-test-$1: /" | { if [ -w /dev/console ]; then tee /dev/console; else cat; fi; }
}
cat /proc/sys/kernel/random/entropy_avail | say entropy-avail
fips() {
    if command -v rngtest >/dev/null 2>&1; then
        rngtest -c 1000 </dev/random 2>&1
        return
    fi
    python=$(command -v python3) || { echo "neither rngtest nor python3 is there"; return; }
    "$python" - <<'PYTHON' 2>&1
ones = getattr(int, "bit_count", lambda number: bin(number).count("1"))
bounds = [(2315, 2685), (1114, 1386), (527, 723), (240, 384), (103, 209), (103, 209)]
def runs(bits):
    longer = []
    for _ in range(6):
        longer.append(ones(bits & ~(bits >> 1)))
        bits &= bits >> 1
    for _ in range(19):
        bits &= bits >> 1
    counts = [a - b for a, b in zip(longer, longer[1:])] + longer[5:]
    return bits == 0 and all(low <= count <= high for count, (low, high) in zip(counts, bounds))
failures = 0
last = None
with open("/dev/random", "rb") as source:
    for _ in range(1000):
        block = b""
        while len(block) < 2500:
            block += source.read(2500 - len(block))
        bits = int.from_bytes(block, "big")
        digits = block.hex()
        poker = sum(digits.count(digit) ** 2 for digit in "0123456789abcdef") * 16 / 5000 - 5000
        words = [last] + [block[at:at + 4] for at in range(0, 2500, 4)]
        last = words[-1]
        good = 9725 < ones(bits) < 10275 and 2.16 < poker < 46.17
        good = good and runs(bits) and runs(bits ^ ((1 << 20000) - 1))
        good = good and all(a != b for a, b in zip(words, words[1:]))
        failures += not good
print("FIPS 140-2 successes: %d" % (1000 - failures))
print("FIPS 140-2 failures: %d" % failures)
PYTHON
}
fips | say fips-test
if pidof rngd >/dev/null 2>&1; then echo active; else echo "no process of this name"; fi | say rngd
echo "ran to its end" | say end
echo "_scs-test-end"
"#;
