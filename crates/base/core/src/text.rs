//! Foreign text that is shown: in messages, on terminals, in logs.

/// A text on one line that cannot steer a terminal nor turn the direction of what follows: breaks and tabs become
/// blanks, other control characters and the marks that turn the direction of writing become U+FFFD.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars().map(|letter| if matches!(letter, '\n' | '\r' | '\t') { ' ' } else { harmless(letter) }).collect()
}

/// The same with the breaks of lines kept.
#[must_use]
pub fn plain_lines(text: &str) -> String {
    text.chars().map(|letter| if letter == '\n' { letter } else { harmless(letter) }).collect()
}

fn harmless(letter: char) -> char {
    let is_steering = matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if letter.is_control() || is_steering { '\u{fffd}' } else { letter }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_is_left() {
        assert_eq!(plain("a\n\tb\u{1b}[2J\u{202e}c\u{9b}é日"), "a  b\u{fffd}[2J\u{fffd}c\u{fffd}é日");
        assert_eq!(plain_lines("a\nb\r\u{7}"), "a\nb\u{fffd}\u{fffd}");
    }
}
