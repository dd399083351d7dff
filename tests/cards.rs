//! The formula cards, read from the layers' own documentation.

use handgrad::cards::Card;

#[test]
fn every_card_is_whole() {
    let cards = Card::all();
    assert!(cards.len() >= 22);
    for card in &cards {
        let title = &card.title;
        assert!(!title.is_empty() && !card.summary.is_empty(), "{title}: title and sentence");
        assert!(card.equation.contains(['=', '←']), "{title}: equation {:?}", card.equation);
        assert!(!card.results.is_empty(), "{title}: results");
        let text = card.markdown();
        assert!(!text.contains("[`") && !text.contains("](") && !text.contains("//!"), "{title}: {text}");
    }
}

#[test]
fn a_card_has_the_gradients_that_were_derived() {
    let results = |name: &str| Card::of(name).unwrap().results;
    assert_eq!(results("fc"), ["dz = δ·Wᵀ", "dw = zᵀ·δ / N", "db = Σₙ δₙ / N"]);
    assert_eq!(results("mean_squared"), ["∂Lₙ/∂y = y − y*"]);
    assert_eq!(results("softmax").last().unwrap(), "dzⱼ = pⱼ·((δⱼ − δₘ) − s)");
    assert_eq!(results("sigmoid"), ["q = exp(−|z|)", "dz = δ·q / (1 + q)²"]);
    assert!(results("conv").contains(&"`db[d] = (1/N) Σₙ Σᵢ δ[n,d,i]`".into()), "{:?}", results("conv"));
    assert!(results("adam").contains(&"θ ← θ − η·m̂/(√v̂ + ε)".into()), "{:?}", results("adam"));
}

#[test]
fn a_card_has_kinks_and_source() {
    let relu = Card::of("relu").unwrap();
    assert_eq!(relu.notes, ["Kink: at z = 0 the slope is 0 on the left and 1 on the right; we take 0."]);
    assert!(relu.source.starts_with("Source: Nair, Hinton"));
    assert!(relu.markdown().starts_with(
        "## ReLU, the rectified linear unit\n\nWhat is positive passes.  \n`relu_forward`, `relu_backward`\n"
    ));
}

#[test]
fn an_unknown_name_is_answered_by_all_names() {
    let error = Card::of("linear").unwrap_err().to_string();
    assert!(error.starts_with("Card::of: there is no card \"linear\", only fc, conv, max_pooling, "), "{error}");
}
