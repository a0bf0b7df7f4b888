//! The API contract over a loopback server: status codes and whole bodies, as Grafana answers them.

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use super::fake::{Asked, fake_influxdb, test_server};

/// A client of one server, logged in as its admin.
struct Caller {
    url: String,
    http: Client,
}

impl Caller {
    async fn new() -> Self {
        let (address, _stop) = test_server().await;
        Self::to(&format!("http://{address}"))
    }

    fn to(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            http: Client::builder().no_proxy().build().unwrap(),
        }
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let request = self.http.request(method, format!("{}{path}", self.url));
        let request = request.basic_auth("admin", Some("secret")).json(&body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.call(Method::GET, path, Value::Null).await
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.call(Method::POST, path, body).await
    }
}

fn message(text: &str) -> Value {
    json!({ "message": text })
}

fn tagged(text: &str, tag: &str) -> Value {
    json!({ "message": text, "status": tag })
}

fn influxdb(uid: &str, name: &str, url: &str) -> Value {
    json!({
        "uid": uid, "name": name, "type": "influxdb", "access": "proxy", "url": url, "user": "lab",
        "jsonData": { "dbName": "uWSGI" }, "secureJsonData": { "password": "pass" },
    })
}

fn shown(id: u64, version: u64) -> Value {
    json!({
        "id": id, "uid": "u", "orgId": 1, "name": "n", "type": "influxdb", "typeLogoUrl": "", "access": "proxy",
        "url": "http://x:1", "user": "lab", "database": "", "basicAuth": false, "basicAuthUser": "",
        "withCredentials": false, "isDefault": false, "jsonData": { "dbName": "uWSGI" },
        "secureJsonFields": { "password": true }, "version": version, "readOnly": false,
    })
}

#[tokio::test]
async fn health_needs_no_login_and_everything_else_does() {
    let caller = Caller::new().await;
    let anonymous = |path: &str| caller.http.get(format!("{}{path}", caller.url)).send();
    let health: Value = anonymous("/api/health").await.unwrap().json().await.unwrap();
    let commit = concat!("uwsgi-lab ", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        health,
        json!({ "database": "ok", "version": "12.2.1", "commit": commit })
    );
    assert_eq!(anonymous("/healthz").await.unwrap().text().await.unwrap(), "Ok");
    for path in ["/api/org", "/api/datasources", "/api/search", "/api/nothing"] {
        let refused = anonymous(path).await.unwrap();
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    let wrong = caller.http.get(format!("{}/api/org", caller.url));
    let wrong = wrong.basic_auth("admin", Some("wrong")).send().await.unwrap();
    let body: Value = wrong.json().await.unwrap();
    let expected = json!({
        "message": "Invalid username or password", "messageId": "password-auth.failed", "statusCode": 401,
        "traceID": "",
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_request_under_a_foreign_name_is_refused() {
    let caller = Caller::new().await;
    let under = |host: &'static str| {
        let request = caller.http.get(format!("{}/api/health", caller.url));
        request.header("host", host).send()
    };
    assert_eq!(under("grafana:3000").await.unwrap().status(), StatusCode::OK);
    assert_eq!(
        under("evil.example").await.unwrap().status(),
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn a_change_that_another_sites_page_asks_for_is_refused() {
    let caller = Caller::new().await;
    let request = caller.http.post(format!("{}/api/folders", caller.url));
    let request = request
        .basic_auth("admin", Some("secret"))
        .header("origin", "https://evil.example");
    let refused = request.body(r#"{"title": "F"}"#).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(caller.get("/api/folders").await, (200, json!([])));
}

#[tokio::test]
async fn a_data_source_is_created_once_and_never_shows_its_password() {
    let caller = Caller::new().await;
    let path = "/api/datasources";
    assert_eq!(
        caller.get("/api/datasources/uid/u").await,
        (404, message("Data source not found"))
    );
    let created = json!({ "datasource": shown(1, 1), "id": 1, "message": "Datasource added", "name": "n" });
    assert_eq!(caller.post(path, influxdb("u", "n", "x:1")).await, (200, created));
    assert_eq!(caller.get("/api/datasources/uid/u").await, (200, shown(1, 1)));
    assert_eq!(caller.get("/api/datasources/name/n").await, (200, shown(1, 1)));
    assert_eq!(caller.get(path).await, (200, json!([shown(1, 1)])));
    let refused = [
        (
            influxdb("u", "other", "x:1"),
            409,
            "data source with the same uid already exists",
        ),
        (
            influxdb("other", "n", "x:1"),
            409,
            "data source with the same name already exists",
        ),
        (
            influxdb("a b", "other", "x:1"),
            400,
            "uid contains illegal characters",
        ),
        (
            influxdb("v", "", "x:1"),
            400,
            "bad request data: name is required",
        ),
        (
            influxdb("v", "v", "http://"),
            400,
            "Validation error, invalid URL \"http://\": empty host",
        ),
    ];
    for (body, status, text) in refused {
        assert_eq!(caller.post(path, body).await, (status, message(text)));
    }
    let deleted = json!({ "id": 1, "message": "Data source deleted" });
    assert_eq!(
        caller
            .call(Method::DELETE, "/api/datasources/uid/u", Value::Null)
            .await,
        (200, deleted)
    );
    assert_eq!(caller.get(path).await, (200, json!([])));
}

#[tokio::test]
async fn a_data_source_is_replaced_only_by_someone_who_knows_its_version() {
    let caller = Caller::new().await;
    let put = |path: &'static str, body: Value| caller.call(Method::PUT, path, body);
    let versioned = |version: u64| {
        let mut body = influxdb("u", "n", "http://x:1");
        body["version"] = json!(version);
        body
    };
    let path = "/api/datasources/uid/u";
    assert_eq!(
        put(path, versioned(1)).await,
        (404, message("Data source not found"))
    );
    caller
        .post("/api/datasources", influxdb("u", "n", "http://x:1"))
        .await;
    caller
        .post("/api/datasources", influxdb("v", "taken", "http://x:1"))
        .await;
    let updated = json!({ "datasource": shown(1, 2), "id": 1, "message": "Datasource updated", "name": "n" });
    assert_eq!(put(path, versioned(1)).await, (200, updated));
    let stale = "Datasource has already been updated by someone else. Please reload and try again";
    assert_eq!(put(path, versioned(1)).await, (409, message(stale)));
    let mismatch = "data source uid in the body does not match the uid in the URL";
    assert_eq!(put(path, influxdb("w", "n", "")).await, (400, message(mismatch)));
    let clash = "data source with the same name already exists";
    assert_eq!(put(path, influxdb("u", "taken", "")).await, (409, message(clash)));
}

#[tokio::test]
async fn the_newest_default_data_source_is_the_only_one() {
    let caller = Caller::new().await;
    for name in ["a", "b"] {
        let mut body = influxdb(name, name, "");
        body["isDefault"] = json!(true);
        caller.post("/api/datasources", body).await;
    }
    let (_, list) = caller.get("/api/datasources").await;
    assert_eq!([&list[0]["isDefault"], &list[1]["isDefault"]], [false, true]);
}

#[tokio::test]
async fn health_of_a_data_source_asks_influxdb_as_its_user() {
    let series = json!({ "name": "measurements", "columns": ["name"], "values": [["a"], ["b"]] });
    let (address, mut asked) = fake_influxdb(200, json!({ "results": [{ "series": [series] }] })).await;
    let caller = Caller::new().await;
    caller
        .post("/api/datasources", influxdb("u", "n", &address.to_string()))
        .await;
    let healthy = json!({ "message": "datasource is working. 2 measurements found", "status": "OK" });
    assert_eq!(caller.get("/api/datasources/uid/u/health").await, (200, healthy));
    let expected = Asked {
        url: "/query?db=uWSGI&epoch=ms".to_owned(),
        form: vec![("q".to_owned(), "SHOW MEASUREMENTS".to_owned())],
        authorization: Some("Basic bGFiOnBhc3M=".to_owned()),
    };
    assert_eq!(asked.recv().await, Some(expected));
}

#[tokio::test]
async fn a_password_stays_until_another_is_sent() {
    let (address, mut asked) = fake_influxdb(200, json!({ "results": [] })).await;
    let caller = Caller::new().await;
    let mut body = influxdb("u", "n", &address.to_string());
    caller.post("/api/datasources", body.clone()).await;
    let mut authorization = async |body: &Value| {
        caller
            .call(Method::PUT, "/api/datasources/uid/u", body.clone())
            .await;
        caller.get("/api/datasources/uid/u/health").await;
        asked.recv().await.unwrap().authorization.unwrap()
    };
    body["secureJsonData"] = json!({});
    assert_eq!(authorization(&body).await, "Basic bGFiOnBhc3M=");
    body["secureJsonData"] = json!({ "password": "new" });
    assert_eq!(authorization(&body).await, "Basic bGFiOm5ldw==");
}

#[tokio::test]
async fn an_unhealthy_data_source_answers_400_with_the_reason() {
    let (address, _asked) = fake_influxdb(401, json!({ "error": "authorization failed" })).await;
    let caller = Caller::new().await;
    caller
        .post("/api/datasources", influxdb("u", "n", &address.to_string()))
        .await;
    let text = "error performing influxQL query: InfluxDB answered 401: authorization failed";
    let expected = json!({ "message": text, "status": "ERROR" });
    assert_eq!(caller.get("/api/datasources/uid/u/health").await, (400, expected));
    let missing = caller.get("/api/datasources/uid/other/health").await;
    assert_eq!(missing, (404, message("Data source not found")));
}

#[tokio::test]
async fn a_folder_is_created_once() {
    let caller = Caller::new().await;
    let folder = json!({
        "id": 1, "uid": "f", "orgId": 1, "title": "My folder", "url": "/dashboards/f/f/my-folder", "hasAcl": false,
        "canSave": true, "canEdit": true, "canAdmin": true, "canDelete": true, "version": 1,
    });
    let body = json!({ "uid": "f", "title": "My folder" });
    assert_eq!(
        caller.get("/api/folders/f").await,
        (404, tagged("folder not found", "not-found"))
    );
    assert_eq!(
        caller.post("/api/folders", body.clone()).await,
        (200, folder.clone())
    );
    assert_eq!(caller.get("/api/folders/f").await, (200, folder));
    let refused = [
        (body, 412, "a folder with the same uid already exists"),
        (
            json!({ "uid": "g", "title": "My folder" }),
            412,
            "a folder with the same name already exists in the current location",
        ),
        (
            json!({ "uid": "g", "title": "" }),
            400,
            "folder title cannot be empty",
        ),
        (
            json!({ "uid": "x".repeat(41), "title": "G" }),
            400,
            "uid too long, max 40 characters",
        ),
    ];
    for (body, status, text) in refused {
        assert_eq!(caller.post("/api/folders", body).await, (status, message(text)));
    }
}

#[tokio::test]
async fn a_dashboard_is_overwritten_only_on_request() {
    let caller = Caller::new().await;
    caller
        .post("/api/folders", json!({ "uid": "f", "title": "F" }))
        .await;
    let save = |dashboard: Value, folder: &'static str, overwrite: bool| {
        let body = json!({ "dashboard": dashboard, "folderUid": folder, "overwrite": overwrite });
        async { caller.post("/api/dashboards/db", body).await }
    };
    let saved = |version: u64, folder: &str| {
        json!({
            "id": 2, "uid": "d", "slug": "title", "status": "success", "url": "/d/d/title", "version": version,
            "folderUid": folder,
        })
    };
    let first = json!({ "id": null, "uid": "d", "title": "Title" });
    let versioned = json!({ "uid": "d", "title": "Title", "version": 2 });
    let namesake = json!({ "uid": "e", "title": "Title" });
    let changed = tagged(
        "The dashboard has been changed by someone else",
        "version-mismatch",
    );
    let exists = tagged(
        "A dashboard with the same name in the folder already exists",
        "name-exists",
    );
    let untitled = tagged("Dashboard title cannot be empty", "empty-name");
    let missing = tagged("Dashboard not found", "not-found");
    assert_eq!(save(first.clone(), "f", false).await, (200, saved(1, "f")));
    assert_eq!(save(first.clone(), "f", false).await, (412, changed.clone()));
    assert_eq!(save(first, "f", true).await, (200, saved(2, "f")));
    assert_eq!(save(namesake.clone(), "f", false).await, (412, exists));
    assert_eq!(save(namesake, "f", true).await, (200, saved(3, "f")));
    assert_eq!(save(versioned, "f", false).await, (412, changed));
    assert_eq!(
        save(json!({ "uid": "d", "title": "Title", "version": 3 }), "", false).await,
        (200, saved(4, ""))
    );
    assert_eq!(save(json!({ "title": "" }), "", false).await, (400, untitled));
    assert_eq!(
        save(json!({ "title": "x" }), "nowhere", false).await,
        (400, message("folder not found"))
    );
    assert_eq!(
        save(json!({ "id": 99, "title": "x" }), "", false).await,
        (404, missing)
    );
}

#[tokio::test]
async fn a_dashboard_is_read_back_as_saved_and_is_gone_once_deleted() {
    let caller = Caller::new().await;
    caller
        .post("/api/folders", json!({ "uid": "f", "title": "F" }))
        .await;
    let dashboard =
        json!({ "id": null, "uid": "d", "title": "Title", "tags": ["t"], "panels": [{ "id": 1 }] });
    let body = json!({ "dashboard": dashboard, "folderUid": "f" });
    caller.post("/api/dashboards/db", body).await;
    let stored = json!({
        "meta": {
            "type": "db", "canSave": true, "canEdit": true, "canAdmin": true, "canStar": true, "canDelete": true,
            "slug": "title", "url": "/d/d/title", "version": 1, "folderUid": "f", "isFolder": false,
            "provisioned": false, "folderTitle": "F", "folderUrl": "/dashboards/f/f/f",
        },
        "dashboard": { "title": "Title", "tags": ["t"], "panels": [{ "id": 1 }], "id": 2, "uid": "d", "version": 1 },
    });
    assert_eq!(caller.get("/api/dashboards/uid/d").await, (200, stored));
    let listed = json!([{
        "id": 2, "uid": "d", "title": "Title", "url": "/d/d/title", "type": "dash-db", "tags": ["t"],
        "isStarred": false, "folderUid": "f", "folderTitle": "F", "folderUrl": "/dashboards/f/f/f",
    }]);
    assert_eq!(caller.get("/api/search?tag=t&query=tit").await, (200, listed));
    assert_eq!(caller.get("/api/search?tag=other").await, (200, json!([])));
    let gone = json!({ "id": 2, "uid": "d", "title": "Title", "message": "Dashboard Title deleted" });
    assert_eq!(
        caller
            .call(Method::DELETE, "/api/dashboards/uid/d", Value::Null)
            .await,
        (200, gone)
    );
    let missing = tagged("Dashboard not found", "not-found");
    assert_eq!(caller.get("/api/dashboards/uid/d").await, (404, missing));
}

#[tokio::test]
async fn annotations_are_found_by_tag_and_time_until_deleted() {
    let caller = Caller::new().await;
    let add = |text: &str, time: i64, tags: Value| {
        let body = json!({ "text": text, "time": time, "tags": tags });
        async { caller.post("/api/annotations", body).await }
    };
    assert_eq!(
        add("a", 1000, json!(["x"])).await,
        (200, json!({ "id": 1, "message": "Annotation added" }))
    );
    add("b", 5000, json!(["x", "y"])).await;
    let empty = "Failed to save annotation: text field should not be empty";
    assert_eq!(add("", 1, json!([])).await, (400, message(empty)));
    let closed = caller
        .call(Method::PATCH, "/api/annotations/1", json!({ "timeEnd": 2000 }))
        .await;
    assert_eq!(closed, (200, message("Annotation patched")));
    let (_, found) = caller.get("/api/annotations?tags=x&from=1500&to=1600").await;
    let mut only = found[0].clone();
    for key in ["created", "updated"] {
        assert!(
            only.as_object_mut()
                .unwrap()
                .remove(key)
                .is_some_and(|time| time.is_i64())
        );
    }
    let expected = json!({
        "id": 1, "alertId": 0, "alertName": "", "dashboardId": 0, "dashboardUID": "", "panelId": 0, "userId": 1,
        "newState": "", "prevState": "", "time": 1000, "timeEnd": 2000, "text": "a", "tags": ["x"],
        "login": "admin", "email": "", "avatarUrl": "", "data": {},
    });
    assert_eq!((found.as_array().unwrap().len(), only), (1, expected));
    let texts = async |query: &str| {
        let (_, found) = caller.get(&format!("/api/annotations?{query}")).await;
        let list = found.as_array().unwrap();
        list.iter()
            .map(|one| one["text"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(texts("tags=x").await, ["b", "a"]);
    assert_eq!(texts("tags=x&tags=y").await, ["b"]);
    assert_eq!(texts("tags=z&tags=y&matchAny=true").await, ["b"]);
    assert_eq!(texts("limit=1").await, ["b"]);
    let refused = caller.get("/api/annotations?from=now").await;
    assert_eq!(
        refused,
        (
            400,
            message("from must be a number: invalid digit found in string")
        )
    );
    let deleted = caller
        .call(Method::DELETE, "/api/annotations/1", Value::Null)
        .await;
    assert_eq!(deleted, (200, message("Annotation deleted")));
    let gone = caller
        .call(Method::DELETE, "/api/annotations/1", Value::Null)
        .await;
    assert_eq!(gone, (404, message("Annotation not found")));
}

#[tokio::test]
async fn preferences_are_merged_and_the_home_dashboard_must_exist() {
    let caller = Caller::new().await;
    let patch = |body: Value| caller.call(Method::PATCH, "/api/org/preferences", body);
    assert_eq!(
        patch(json!({ "theme": "dark" })).await,
        (200, message("Preferences updated"))
    );
    let missing = patch(json!({ "homeDashboardUID": "d" })).await;
    assert_eq!(missing, (404, message("Dashboard not found")));
    patch(json!({ "timezone": "utc" })).await;
    let expected = json!({ "theme": "dark", "timezone": "utc" });
    assert_eq!(caller.get("/api/org/preferences").await, (200, expected));
}

#[tokio::test]
async fn only_the_influxdb_plugin_is_there() {
    let caller = Caller::new().await;
    let (status, body) = caller.get("/api/plugins/influxdb/settings").await;
    assert_eq!((status, &body["enabled"]), (200, &json!(true)));
    let missing = message("Plugin not found, no installed plugin with that id");
    assert_eq!(
        caller.get("/api/plugins/prometheus/settings").await,
        (404, missing)
    );
}

fn panel_query(uid: &str) -> Value {
    json!({ "from": "1000", "to": "61000", "queries": [{
        "refId": "B", "datasource": { "type": "influxdb", "uid": uid }, "alias": "$tag_source",
        "query": "SELECT mean(\"busy\") FROM \"s\" WHERE $timeFilter GROUP BY time($__interval)",
        "intervalMs": 10000, "maxDataPoints": 500,
    }]})
}

#[tokio::test]
async fn a_panels_query_reaches_influxdb_with_its_macros_replaced_and_comes_back_as_frames() {
    let series =
        json!({ "name": "s", "tags": { "source": "a" }, "columns": ["time", "mean"], "values": [[1000, 3]] });
    let (address, mut asked) = fake_influxdb(200, json!({ "results": [{ "series": [series] }] })).await;
    let caller = Caller::new().await;
    caller
        .post("/api/datasources", influxdb("u", "n", &address.to_string()))
        .await;
    let sent = "SELECT mean(\"busy\") FROM \"s\" WHERE time >= 1000ms and time <= 61000ms GROUP BY time(10s)";
    let value = json!({
        "name": "Value", "type": "number", "typeInfo": { "frame": "float64", "nullable": true },
        "labels": { "source": "a" }, "config": { "displayNameFromDS": "a" },
    });
    let time = json!({ "name": "Time", "type": "time", "typeInfo": { "frame": "time.Time" } });
    let meta =
        json!({ "typeVersion": [0, 0], "preferredVisualisationType": "graph", "executedQueryString": sent });
    let frame = json!({
        "schema": { "name": "a", "refId": "B", "fields": [time, value], "meta": meta },
        "data": { "values": [[1000], [3]] },
    });
    let expected = json!({ "results": { "B": { "status": 200, "frames": [frame] } } });
    assert_eq!(
        caller.post("/api/ds/query", panel_query("u")).await,
        (200, expected)
    );
    let form = vec![("q".to_owned(), sent.to_owned())];
    assert_eq!(asked.recv().await.unwrap().form, form);
}

#[tokio::test]
async fn a_query_for_a_table_comes_back_as_one_frame() {
    let series = ["a", "b"].map(|source| {
        json!({ "name": "s", "tags": { "source": source }, "columns": ["time", "mean"], "values": [[1000, 3]] })
    });
    let (address, _asked) = fake_influxdb(200, json!({ "results": [{ "series": series }] })).await;
    let caller = Caller::new().await;
    caller
        .post("/api/datasources", influxdb("u", "n", &address.to_string()))
        .await;
    let mut body = panel_query("u");
    body["queries"][0]["resultFormat"] = json!("table");
    let (status, answer) = caller.post("/api/ds/query", body).await;
    let frames = answer["results"]["B"]["frames"].as_array().unwrap();
    assert_eq!((status, frames.len()), (200, 1));
    let names: Vec<_> = frames[0]["schema"]["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| &field["name"])
        .collect();
    assert_eq!(names, ["Time", "source", "mean"]);
    assert_eq!(
        frames[0]["data"],
        json!({ "values": [[1000, 1000], ["a", "b"], [3, 3]] })
    );
}

#[tokio::test]
async fn a_failed_query_answers_400_under_its_own_name() {
    let (address, _asked) = fake_influxdb(200, json!({ "results": [{ "error": "no such function" }] })).await;
    let caller = Caller::new().await;
    caller
        .post("/api/datasources", influxdb("u", "n", &address.to_string()))
        .await;
    let failure =
        json!({ "status": 400, "error": "no such function", "errorSource": "downstream", "frames": [] });
    let expected = json!({ "results": { "B": failure } });
    assert_eq!(
        caller.post("/api/ds/query", panel_query("u")).await,
        (400, expected)
    );
    let missing = message("Data source not found");
    assert_eq!(
        caller.post("/api/ds/query", panel_query("other")).await,
        (404, missing)
    );
    assert_eq!(
        caller.post("/api/ds/query", json!({})).await,
        (400, message("no queries found"))
    );
}

#[tokio::test]
async fn a_body_that_is_no_json_or_too_long_is_refused() {
    let caller = Caller::new().await;
    let send = |body: Vec<u8>| {
        let request = caller.http.post(format!("{}/api/folders", caller.url)).body(body);
        request.basic_auth("admin", Some("secret")).send()
    };
    assert_eq!(
        send(b"{".to_vec()).await.unwrap().status(),
        StatusCode::BAD_REQUEST
    );
    let long = send(vec![b' '; (8 << 20) + 1]).await.unwrap();
    assert_eq!(long.status(), StatusCode::PAYLOAD_TOO_LARGE);
}
