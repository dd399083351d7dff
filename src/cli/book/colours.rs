//! Rust code as HTML with coloured tokens, found by the compiler's own lexer.

use ra_ap_rustc_lexer::{FrontmatterAllowed, TokenKind, tokenize};

const KEYWORDS: [&str; 37] = [
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern", "false", "fn",
    "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self", "Self",
    "static", "struct", "super", "trait", "true", "type", "use", "where", "while",
];

/// The code as spans inside `<pre><code>`.
pub fn rust(code: &str) -> String {
    let (mut html, mut at) = (String::new(), 0);
    for token in tokenize(code, FrontmatterAllowed::No) {
        let end = at + token.len as usize;
        let (text, rest) = (&code[at..end], &code[end..]);
        match class(token.kind, text, rest) {
            Some(class) => html += &format!("<span class=\"{class}\">{}</span>", escape(text)),
            None => html += &escape(text),
        }
        at = end;
    }
    html
}

fn class(kind: TokenKind, text: &str, rest: &str) -> Option<&'static str> {
    match kind {
        TokenKind::LineComment { .. } | TokenKind::BlockComment { .. } => Some("comment"),
        TokenKind::Literal { .. } => Some(if text.contains(['"', '\'']) { "string" } else { "number" }),
        TokenKind::Lifetime { .. } => Some("type"),
        TokenKind::Ident if KEYWORDS.contains(&text) => Some("keyword"),
        TokenKind::Ident if rest.starts_with(['(', '!']) && !rest.starts_with("!=") => Some("function"),
        TokenKind::Ident if text.starts_with(|c: char| c.is_uppercase()) => Some("type"),
        TokenKind::Ident if ["bool", "char", "f32", "f64", "str", "u8", "u32", "u64", "usize"].contains(&text) => {
            Some("type")
        }
        _ => None,
    }
}

/// `text` with HTML's special characters as entities.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
