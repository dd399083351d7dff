use super::page::{self, Page};
use super::{colours, search, text};
use crate::cli::lab::place::Place;
use crate::cli::notebooks::document::Notebook;
use pulldown_latex::config::DisplayMode;
use serde_json::json;

fn html(markdown: &str) -> String {
    text::html(markdown, &mut Vec::new()).unwrap()
}

#[test]
fn formulas_become_mathml() {
    let page = html("Let $y = zW$ be\n\n$$\\frac1N \\sum_n \\delta_n.$$");
    assert_eq!(page.matches("<math").count(), 2);
    assert!(page.contains("display=\"block\"") && page.contains("<mfrac>") && !page.contains('$'));
}

#[test]
fn formulas_are_set_as_latex_sets_them() {
    let page = html(r"$\sqrt\mu / x.$");
    assert!(page.contains("<msqrt><mspace") && page.contains("<mi>\u{3bc}</mi>"), "{page}");
    assert_eq!(page.matches("lspace=\"0\" rspace=\"0\"").count(), 2, "{page}");
    assert!(html(r"$\mathrm{d}z$").contains("<mtext>d</mtext>"));
}

#[test]
fn a_large_parenthesis_is_large_below_an_exponent_too() {
    let page = html(r"$\bigl(x\bigr)^2$");
    assert!(page.contains(r#"<msup><mrow><mo symmetric="true" stretchy="true" minsize="1.2em" maxsize="1.2em">)</mo><mi></mi></mrow><mn>2"#), "{page}");
}

#[test]
fn punctuation_stays_with_its_formula() {
    assert!(html("Let $x$, then $y$-parts (of $z$).").contains("</math>,</span> then"));
    assert!(html("Let $x$ be").starts_with("<p>Let <math"));
    assert!(html("the $n$-th").contains("</math>-th</span>"));
}

#[test]
fn thousands_are_one_number_and_a_list_is_not() {
    assert!(html("$43{,}264$").contains("<mn>43,264</mn>"));
    assert!(html("$300, 400$").contains("<mn>300</mn><mo>,</mo>"));
}

#[test]
fn a_comma_stands_between_thousands() {
    assert_eq!([0, 999, 44_561, 1_000_002].map(page::grouped), ["0", "999", "44,561", "1,000,002"]);
}

#[test]
fn a_displayed_formula_may_break_at_wide_gaps_outside_braces() {
    let parts = |latex: &str| html(&format!("$$ {latex} $$")).matches("<math").count();
    assert_eq!(parts(r"a = b, \qquad\qquad c = d"), 2);
    assert_eq!(parts(r"a \rightarrow b, \qquad \left( c \right) \qquad d"), 3);
    assert_eq!(parts(r"\begin{aligned} a &= b \qquad c \end{aligned}"), 1);
    assert_eq!(parts(r"\text{a \qquad b}"), 1);
}

#[test]
fn the_search_reads_formulas() {
    let mut sections = Vec::new();
    text::html("# T\nsteps like $\\sqrt\\kappa$, and\n\n$$\\frac{x^2}{y_i} \\le 1{,}000.$$\n", &mut sections).unwrap();
    let words = sections[0].words.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(words, "T steps like √κ, and x^2/yi ≤ 1,000.");
}

#[test]
fn a_formula_that_cannot_be_read_is_an_error_and_not_a_red_box() {
    let error = text::formula(r"\frac{1}{2", DisplayMode::Inline).unwrap_err().to_string();
    assert!(error.starts_with(r#"the formula "\\frac{1}{2" cannot be read: "#), "{error}");
    assert!(text::html("$\\undefinedcommand x$", &mut Vec::new()).is_err());
}

#[test]
fn headings_begin_sections_and_have_ids_of_their_own() {
    let mut sections = Vec::new();
    let page =
        text::html("# 02 · Title\nwords\n\n## The `same`\nmore $x$ words\n\n## The same\n", &mut sections).unwrap();
    let ids: Vec<&str> = sections.iter().map(|section| section.id.as_str()).collect();
    assert_eq!(ids, ["02-title", "the-same", "the-same-2"]);
    assert!(page.contains("<h2 id=\"the-same\">The <code>same</code> <a class=\"anchor\" href=\"#the-same\""));
    assert_eq!((sections[0].level, sections[0].words.trim()), (1, "02 · Title words"));
    assert_eq!(sections[1].words.trim(), "The same more x words");
}

#[test]
fn a_heading_without_letters_has_an_id_too() {
    let page = html("# T\n\n## ∂/∂\n\n## …\n");
    assert!(page.contains("<h2 id=\"section\">") && page.contains("<h2 id=\"section-2\">"), "{page}");
}

#[test]
fn a_title_and_a_text_may_hold_any_sign() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("01_one.ipynb");
    let text = "# 01 · The \"`{body}`\" of $x^2$\nIt prints `{entries}` and {kind}.";
    let cells = json!([{"cell_type": "markdown", "metadata": {}, "source": text}]);
    std::fs::write(&file, json!({"cells": cells, "metadata": {}, "nbformat": 4}).to_string()).unwrap();
    let pages = [Page::of_notebook(&Notebook::read(&file).unwrap()).unwrap()];
    let html = pages[0].html(&pages, 0);
    assert!(html.contains("<title>01 · The &quot;{body}&quot; of x2 · handgrad</title>"), "{html}");
    assert!(html.contains("content=\"01 · The &quot;{body}&quot; of x2\""), "{html}");
    assert!(html.contains("It prints {entries} and {kind}.\">"), "{html}");
    assert_eq!(html.matches("<main").count(), 1);
    assert_eq!(html.matches("<h1").count(), 1);
}

#[test]
fn links_to_chapters_lead_to_their_pages() {
    assert!(html("[01](01_what.ipynb#why)").contains("href=\"01_what.html#why\""));
    assert!(html("[there](https://example.org/a.ipynb)").contains("href=\"https://example.org/a.ipynb\""));
}

#[test]
fn code_keeps_every_letter() {
    let code = "/// ∂y\nfn f<'a>(x: &'a str) -> f64 {\n    if x != \"<&>\" { 1.5e3 } else { g!(x) }\n}\n";
    let coloured = colours::rust(code);
    let bare: String = coloured.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, rest)| rest)).collect();
    assert_eq!(bare, colours::escape(code));
    for (class, token) in [("comment", "/// ∂y"), ("keyword", "fn"), ("function", "g"), ("number", "1.5e3")] {
        assert!(coloured.contains(&format!("<span class=\"{class}\">{token}</span>")), "{coloured}");
    }
    assert!(coloured.contains("<span class=\"string\">&quot;&lt;&amp;&gt;&quot;</span>"));
}

#[test]
fn a_page_has_its_cells_its_outputs_and_its_neighbours() {
    let folder = tempfile::tempdir().unwrap();
    let markdown = |text: &str| json!({"cell_type": "markdown", "metadata": {}, "source": text});
    let code = json!({
        "cell_type": "code", "execution_count": 2, "metadata": {"tags": ["exercise"]}, "source": "1 < 2",
        "outputs": [
            {"output_type": "stream", "name": "stdout", "text": ["a < b\n"]},
            {"output_type": "execute_result", "execution_count": 2, "metadata": {},
             "data": {"text/latex": "$$x^2$$", "text/plain": "plain"}},
            {"output_type": "error", "ename": "E", "evalue": "", "traceback": ["\u{1b}[31mred\u{1b}[0m text"]},
        ],
    });
    let write = |name: &str, cells: serde_json::Value| {
        let file = folder.path().join(name);
        std::fs::write(&file, json!({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).to_string())
            .unwrap();
        Notebook::read(&file).unwrap()
    };
    let folded = json!({
        "cell_type": "code", "execution_count": 3, "metadata": {"tags": ["hide-input"]},
        "source": "// The plot.\nplot()", "outputs": [],
    });
    let first = markdown("# 01 · One\nA promise.\n\n**You need:** nothing.");
    let first = write("01_one.ipynb", json!([first, code, folded]));
    let alive = json!({
        "cell_type": "code", "execution_count": 1, "metadata": {}, "source": "live::open(\"digit\")?",
        "outputs": [{"output_type": "execute_result", "data": {
            "text/html": "<figure data-live=\"digit?class=9\" data-weights=\"AA==\"><img alt=\"a {digit}\"></figure>",
        }}],
    });
    let second = write("02_two.ipynb", json!([markdown("# 02 · Two\nAnother."), alive]));
    let pages = [Page::of_notebook(&first).unwrap(), Page::of_notebook(&second).unwrap()];

    let html = pages[0].html(&pages, 0);
    assert!(html.contains("<pre>a &lt; b</pre>") && html.contains("<msup>") && !html.contains("plain</"));
    assert!(html.contains("<meta name=\"description\" content=\"A promise. You need: nothing.\">"), "{html}");
    assert!(html.contains("<pre>red text</pre>") && html.contains("Exercise:"));
    assert!(html.contains("<summary>Code: The plot.</summary>") && html.matches("<details").count() == 1);
    assert!(html.contains("rel=\"next\" href=\"02_two.html\"") && !html.contains("rel=\"prev\""));
    assert!(html.contains("<a href=\"01_one.html\" aria-current=\"page\">01 · One</a>"));

    let contents = page::contents(&pages).unwrap();
    assert!(contents.contains("<img alt=\"Convolution, backward"), "the moving picture");
    let figure = "<figure data-live=\"digit?class=9\" data-weights=\"AA==\"><img alt=\"a {digit}\"></figure>";
    assert!(contents.contains(figure) && contents.contains("data-module=\"live-index.js\""));
    assert!(pages[1].html(&pages, 1).contains(figure) && html.contains("data-module=\"live-01_one.js\""));
    assert!(contents.contains("<p>A promise.</p>") && !contents.contains("You need"));
    assert!(search::index(&pages).contains("\"address\":\"02_two.html#02-two\""));

    let untitled = write("03_three.ipynb", json!([markdown("no title")]));
    let error = Page::of_notebook(&untitled).map(|_| ()).unwrap_err().to_string();
    assert_eq!(error, "03_three does not begin with a title");
}

#[test]
fn the_font_has_every_letter_of_the_formulas() {
    let list = include_str!("handgrad-math.LICENSE.txt");
    let hexadecimal = |text: &str| u32::from_str_radix(text, 16).unwrap();
    let ranges: Vec<_> = list
        .split([',', '\n'])
        .filter_map(|item| item.strip_prefix("U+"))
        .map(|range| range.split_once('-').unwrap_or((range, range)))
        .map(|(from, to)| hexadecimal(from)..=hexadecimal(to))
        .collect();
    assert!(ranges.len() > 50 && !ranges.iter().any(|range| range.contains(&u32::from('а'))), "{ranges:?}");
    for page in super::pages(&Place::find().unwrap()).unwrap() {
        let html = page.html(&[], 0);
        for formula in html.split("<math").skip(1).filter_map(|rest| rest.split("</math>").next()) {
            let letters =
                formula.split('<').filter_map(|piece| piece.split_once('>')).flat_map(|(_, text)| text.chars());
            for letter in letters.filter(|letter| !letter.is_whitespace()) {
                let known = ranges.iter().any(|range| range.contains(&u32::from(letter)));
                assert!(known, "{}: U+{:X} {letter} in {formula}", page.file, u32::from(letter));
            }
        }
    }
}
