#[test]
fn placeholder() {}
#[test]
fn zz_diff() {
    use super::{canonical, context::Context, expand, graph::Dialect};
    use serde_json::Value;
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string("/tmp/ldo/diff.json").unwrap()).unwrap();
    let mut bad = 0;
    for case in &cases {
        let doc = case["document"].as_object().unwrap();
        let ours = Context::read(&doc["@context"])
            .and_then(|c| expand::expand(doc, &c))
            .map(|e| canonical::canonical_text(&e.graph, Dialect::JavaScript).unwrap());
        match ours {
            Ok(t) if t == case["canonical"].as_str().unwrap() => {}
            Ok(t) => {
                bad += 1;
                println!("--- {}\nOURS\n{t}\nTHEIRS\n{}", doc["id"], case["canonical"].as_str().unwrap());
            }
            Err(e) => {
                bad += 1;
                println!("--- {} {e}", doc["id"])
            }
        }
    }
    assert_eq!(bad, 0);
}
