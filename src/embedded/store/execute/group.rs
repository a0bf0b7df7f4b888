//! Which series belong to which group of a level.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::embedded::store::column::Series;

use super::level::{Leaf, Level};

/// Series by measurement of a query: indices into the series of each leaf that has any.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Selection {
    by_leaf: BTreeMap<usize, Vec<u32>>,
}

/// What points of a group have in common. Sorted as answers are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct GroupKey {
    pub(super) measurement: Arc<str>,
    /// One for each of the group's tags; empty where the series do not have it.
    pub(super) tags: Vec<Arc<str>>,
}

impl GroupKey {
    /// `names` are those of `tags`.
    pub(super) fn tag(&self, names: &[String], name: &str) -> Option<Arc<str>> {
        let index = names.iter().position(|other| other == name)?;
        Some(self.tags[index].clone())
    }
}

impl Selection {
    pub(super) fn series(&self, leaf: &Leaf) -> Vec<Arc<Series>> {
        let indices = self.by_leaf.get(&leaf.id).into_iter().flatten();
        indices
            .map(|&index| leaf.series[index as usize].clone())
            .collect()
    }

    /// All series that conditions on tags and `SLIMIT` of `outermost` let through.
    pub(super) fn all(outermost: &Level) -> Self {
        let leaves = outermost.leaves().into_iter();
        let chosen = leaves.map(|leaf| (leaf.id, limited(leaf, admitted(leaf), &outermost.group_tags)));
        Self {
            by_leaf: chosen.collect(),
        }
    }
}

fn admitted(leaf: &Leaf) -> Vec<u32> {
    let admits = |index: &u32| {
        let series = &leaf.series[*index as usize];
        let tag = |name: &str| tag_of(series, name).cloned();
        leaf.filter.as_ref().is_none_or(|filter| filter.admits(&tag))
    };
    (0..leaf.series.len() as u32).filter(admits).collect()
}

/// `SLIMIT` counts sets of the tags that the outermost statement groups by, of each measurement for itself.
fn limited(leaf: &Leaf, indices: Vec<u32>, tags: &[String]) -> Vec<u32> {
    if leaf.series_limit == 0 && leaf.series_offset == 0 {
        return indices;
    }
    let mut groups: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for index in indices {
        let key = counting_key(&leaf.series[index as usize], tags);
        groups.entry(key).or_default().push(index);
    }
    let most = if leaf.series_limit == 0 {
        usize::MAX
    } else {
        leaf.series_limit
    };
    let kept = groups.into_values().skip(leaf.series_offset).take(most);
    kept.flatten().collect()
}

/// What `SLIMIT` counts by: names and then values of the tags that the series has, as InfluxDB 1.6.7 orders them.
fn counting_key(series: &Series, tags: &[String]) -> String {
    let present = || tags.iter().filter_map(|tag| Some((tag, tag_of(series, tag)?)));
    let names = present().map(|(name, _)| name.as_str());
    let values = present().map(|(_, value)| &**value);
    names.chain(values).collect::<Vec<_>>().join("|")
}

/// The groups of a level, sorted.
pub(super) fn partition(level: &Level, selection: &Selection) -> Vec<(GroupKey, Selection)> {
    let mut groups: BTreeMap<GroupKey, Selection> = BTreeMap::new();
    for leaf in level.leaves() {
        for &index in selection.by_leaf.get(&leaf.id).into_iter().flatten() {
            let key = GroupKey {
                measurement: leaf.measurement.clone(),
                tags: key(&leaf.series[index as usize], &level.group_tags),
            };
            let group = groups.entry(key).or_default();
            group.by_leaf.entry(leaf.id).or_default().push(index);
        }
    }
    groups.into_iter().collect()
}

fn key(series: &Series, tags: &[String]) -> Vec<Arc<str>> {
    let value = |tag: &String| tag_of(series, tag).cloned().unwrap_or_else(|| Arc::from(""));
    tags.iter().map(value).collect()
}

pub(super) fn tag_of<'a>(series: &'a Series, name: &str) -> Option<&'a Arc<str>> {
    let found = series.tags.binary_search_by(|(key, _)| (**key).cmp(name));
    found.ok().map(|index| &series.tags[index].1)
}
