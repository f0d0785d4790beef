//! The description of the interface says what it does.

use super::*;
use crate::testing::{channel, playlist};

async fn described(api: &Api) -> Value {
    api.get_from("/api/v1/openapi.json").await
}

fn resolve<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    match value["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

/// Holds a value against a schema: its type, and for objects exactly the properties.
fn check(document: &Value, schema: &Value, value: &Value, place: &str) {
    let outer = resolve(document, schema);
    if value.is_null() {
        assert_eq!(outer["nullable"], true, "{place} is null");
        return;
    }
    let schema = outer["allOf"].get(0).map_or(outer, |inner| resolve(document, inner));
    let fits = match schema["type"].as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        _ => value.is_boolean(),
    };
    assert!(fits, "{place} is {value}");
    for (key, inner) in value.as_object().into_iter().flatten() {
        let property = schema["properties"].get(key).unwrap_or_else(|| panic!("{place}.{key} is not described"));
        check(document, property, inner, &format!("{place}.{key}"));
    }
    for key in schema["required"].as_array().into_iter().flatten() {
        assert!(value.get(text(key)).is_some(), "{place} has no {key}");
    }
    for inner in value.as_array().into_iter().flatten() {
        check(document, &schema["items"], inner, place);
    }
}

#[tokio::test]
async fn answers_have_the_described_shape() {
    let api = Api::over(&fixture(), &[channel("Films")], &[playlist("Songs")]).await;
    let document = described(&api).await;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let schema = &operations["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        if path.ends_with("openapi.json") {
            continue;
        }
        let answer = api.get_from(&format!("{path}?count=100&fromHost=a.example")).await;
        assert_ne!(answer["total"], 0, "{path} proves nothing");
        check(&document, schema, &answer, path);
    }
}

#[tokio::test]
async fn what_goes_beyond_the_contract_is_described_too() {
    let video = crate::testing::video("Whales");
    let platform = TestPlatform::new().await;
    let said = [(video.uuid, crate::testing::caption("The whales again"))];
    let mut mirrored = video.clone();
    mirrored.uuid = uuid::Uuid::from_u128(7);
    mirrored.host = "mirror.example".to_owned();
    let searcher = stage().searcher_over(&platform.platform.db, &[video, mirrored], &said).await;
    let collections = stage().collections_over(&platform.platform, &[], &[]).await;
    let state = ApiState { searcher, collections, config: Config::default(), site_name: "Shoal".to_owned() };
    let api = Api { router: router(state), platform };
    let document = described(&api).await;
    let answer = api.get("search=whales&explain=true").await;
    let found = &answer["data"][0];
    assert_eq!((&answer["total"], &found["spoken"]["start"]), (&json!(1), &json!(30)), "{answer}");
    assert!(found["alsoOn"].is_array() && found["explanation"]["words"][0]["matches"][0]["score"].is_number());
    check(&document, &json!({"$ref": "#/components/schemas/Video"}), found, "video");
    let plain = api.get("search=whales&explain=false").await;
    assert!(plain["data"][0].get("explanation").is_none());
}

#[tokio::test]
async fn every_described_parameter_is_understood_and_bad_values_are_noticed() {
    let api = Api::new().await;
    let document = described(&api).await;
    let mut noticed = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for parameter in operations["parameters"].as_array().into_iter().flatten() {
            let parameter = resolve(&document, parameter);
            let (name, example) = (text(&parameter["name"]), &parameter["example"]);
            let example = example.get(0).unwrap_or(example);
            let value = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
            api.get_from(&format!("{path}?{name}={value}")).await;
            let bad = Request::get(format!("{path}?{name}={}", "x".repeat(3_000))).body(Body::empty()).unwrap();
            let response = api.send(bad).await;
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{path} does not read {name}");
            assert!(text(&read(response).await["detail"]).contains(&format!("\"{name}\"")), "{path} {name}");
            noticed += 1;
        }
    }
    assert!(noticed > 35, "only {noticed}");
}
