//! The little of Markdown that the pages about problems use: headings, paragraphs, lists, code, bold, links.
//!
//! Every text is escaped first; only then do marks become markup, so no text can bring markup of its own.

use stoa_ui::{Html, escape};

/// Markdown as markup. The first heading is left out: the page has it as its title.
pub(crate) fn render(text: &str) -> Html {
    let mut out = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with("# ") {
            continue;
        }
        if trimmed.starts_with("```") {
            let mut code = String::new();
            for line in lines.by_ref().take_while(|line| !line.trim().starts_with("```")) {
                code.push_str(&escape(line));
                code.push('\n');
            }
            out.push_str(&format!("<pre dir=\"ltr\" tabindex=\"0\"><code>{code}</code></pre>"));
        } else if let Some(heading) = trimmed.strip_prefix("## ") {
            out.push_str(&format!("<h2>{}</h2>", inline(heading)));
        } else if let Some(item) = bullet(trimmed) {
            out.push_str("<ul>");
            let mut text = item.to_owned();
            loop {
                match lines.peek().map(|line| line.trim()) {
                    Some(next) if bullet(next).is_some() => {
                        out.push_str(&format!("<li>{}</li>", inline(&text)));
                        bullet(next).unwrap_or("").clone_into(&mut text);
                    }
                    Some(next) if !next.is_empty() => text.push_str(&format!(" {next}")),
                    _ => break,
                }
                lines.next();
            }
            out.push_str(&format!("<li>{}</li></ul>", inline(&text)));
        } else {
            let mut text = trimmed.to_owned();
            while let Some(next) = lines.next_if(|line| !line.trim().is_empty() && bullet(line.trim()).is_none()) {
                text.push(' ');
                text.push_str(next.trim());
            }
            out.push_str(&format!("<p>{}</p>", inline(&text)));
        }
    }
    Html::trusted(out)
}

fn bullet(line: &str) -> Option<&str> {
    line.strip_prefix("- ").or_else(|| line.strip_prefix("* "))
}

/// Code, bold and links inside a line.
fn inline(text: &str) -> String {
    let mut out = String::new();
    for (nth, part) in text.split('`').enumerate() {
        if nth % 2 == 1 {
            out.push_str(&format!("<code>{}</code>", escape(part)));
            continue;
        }
        for (nth, part) in part.split("**").enumerate() {
            let part = links(part);
            out.push_str(&if nth % 2 == 1 { format!("<strong>{part}</strong>") } else { part });
        }
    }
    out
}

/// `[text](address)`; addresses that leave the node, or are no addresses, stay text.
fn links(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        let link = after.split_once("](").and_then(|(label, tail)| {
            let (address, tail) = tail.split_once(')')?;
            Some((label, address, tail))
        });
        let Some((label, address, tail)) = link else { break };
        out.push_str(&escape(before));
        if stoa_ui::same_site(address) == address {
            out.push_str(&format!("<a href=\"{}\">{}</a>", escape(address), escape(label)));
        } else {
            out.push_str(&escape(label));
        }
        rest = tail;
    }
    out.push_str(&escape(rest));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_markup_and_markup_becomes_text() {
        let html = render(
            "# Title\n\n**What** happened: `a<b`.\nMore.\n\n- one\n  and on\n- [two](/problems/x)\n\n```\n<x>\n```\n",
        );
        assert_eq!(
            html.as_str(),
            "<p><strong>What</strong> happened: <code>a&lt;b</code>. More.</p><ul><li>one and on</li>\
             <li><a href=\"/problems/x\">two</a></li></ul><pre dir=\"ltr\" tabindex=\"0\"><code>&lt;x&gt;\n</code></pre>"
        );
        assert_eq!(render("<b> [x](javascript:alert(1))").as_str(), "<p>&lt;b&gt; x)</p>");
    }
}
