//! A router's document (`http-stats`, `fastrouter-stats` and their like) and its points.

use serde::Deserialize;

use crate::point::Point;

use super::points::Scrape;

/// What a router says of itself and of the servers behind it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Router {
    #[serde(default)]
    pub(crate) version: String,
    #[serde(default)]
    pub(crate) pid: u64,
    /// Connections being served.
    pub(crate) active_sessions: u64,
    /// 1 while it takes no connections because no server has subscribed.
    #[serde(default)]
    pub(crate) cheap: u64,
    /// None for a router without a subscription server.
    pub(crate) subscriptions: Option<Vec<Subscription>>,
    #[serde(default)]
    pub(crate) static_nodes: Vec<StaticNode>,
}

/// A name (a host, mostly) under which servers have subscribed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Subscription {
    pub(crate) key: String,
    pub(crate) hits: u64,
    pub(crate) nodes: Vec<Node>,
}

/// A server that has subscribed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Node {
    /// Its address.
    pub(crate) name: String,
    /// Unix seconds.
    pub(crate) last_check: u64,
    pub(crate) pid: u64,
    pub(crate) requests: u64,
    pub(crate) last_requests: u64,
    /// Bytes of responses and of requests.
    pub(crate) tx: u64,
    pub(crate) rx: u64,
    pub(crate) cores: u64,
    pub(crate) load: u64,
    pub(crate) weight: u64,
    pub(crate) wrr: u64,
    /// Connections being served by it.
    #[serde(rename = "ref")]
    pub(crate) references: u64,
    pub(crate) failcnt: u64,
    /// 1 once it is to be removed.
    pub(crate) death_mark: u64,
}

/// A server given with `http-to` or `fastrouter-to`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct StaticNode {
    pub(crate) name: String,
    pub(crate) hits: u64,
    pub(crate) grace: u64,
}

/// One point of `uwsgi_router`, one of `uwsgi_subscriptions` for each name, one of `uwsgi_nodes` for each server.
pub(super) fn points(router: &Router, scrape: &Scrape<'_>) -> Vec<Point> {
    let subscriptions = || router.subscriptions.iter().flatten();
    let nodes: usize = subscriptions().map(|subscription| subscription.nodes.len()).sum();
    let mut points = vec![
        scrape
            .point("uwsgi_router")
            .tag("version", router.version.as_str())
            .field("pid", router.pid)
            .field("active_sessions", router.active_sessions)
            .field("cheap", router.cheap)
            .field("subscriptions", subscriptions().count() as u64)
            .field("nodes", (nodes + router.static_nodes.len()) as u64),
    ];
    for subscription in subscriptions() {
        let key = subscription.key.as_str();
        let of_name = scrape.point("uwsgi_subscriptions").tag("key", key);
        let count = subscription.nodes.len() as u64;
        points.push(of_name.field("hits", subscription.hits).field("nodes", count));
        points.extend(
            subscription
                .nodes
                .iter()
                .map(|node| node_point(node, key, scrape)),
        );
    }
    let fixed = router.static_nodes.iter().map(|node| {
        let point = scrape.point("uwsgi_nodes").tag("node", node.name.as_str());
        point.field("hits", node.hits).field("grace", node.grace)
    });
    points.extend(fixed);
    points
}

fn node_point(node: &Node, key: &str, scrape: &Scrape<'_>) -> Point {
    scrape
        .point("uwsgi_nodes")
        .tag("key", key)
        .tag("node", node.name.as_str())
        .field("last_check", node.last_check)
        .field("pid", node.pid)
        .field("requests", node.requests)
        .field("last_requests", node.last_requests)
        .field("tx", node.tx)
        .field("rx", node.rx)
        .field("cores", node.cores)
        .field("load", node.load)
        .field("weight", node.weight)
        .field("wrr", node.wrr)
        .field("ref", node.references)
        .field("failcnt", node.failcnt)
        .field("death_mark", node.death_mark)
}
