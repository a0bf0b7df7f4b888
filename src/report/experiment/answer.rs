//! What an experiment found, in sentences; measures and draws nothing.

use crate::experiment::{Cell, Contest, Experiment, Fault, Gap, Verdict};
use crate::report::{figure, number};

/// How many times the best's figure a variant's may be, for all that was measured; nothing where that cannot be told.
fn at_worst(contest: &Contest, variant: usize) -> Option<f64> {
    let other = contest.others.iter().find(|other| other.variant == variant)?;
    match other.gap {
        Gap::Factor(factor) if contest.judge.higher_is_better => factor.low.map(|low| 1.0 / low),
        Gap::Factor(factor) => factor.high,
        Gap::Difference(_) => None,
    }
}

/// Those that do not differ, and how far they may be apart all the same.
fn unseen(contest: &Contest) -> String {
    let alike = contest
        .others
        .iter()
        .filter(|other| other.verdict == Verdict::Alike);
    let worst = alike.filter_map(|other| at_worst(contest, other.variant));
    match worst.fold(1.0, f64::max) {
        worst if worst <= AS_GOOD => String::new(),
        worst if worst > 100.0 => " (too few measurements to tell much)".to_owned(),
        worst => format!(
            " (one may still be {} × as bad: longer or more measurements would tell)",
            number::rate((worst * 10.0).ceil() / 10.0)
        ),
    }
}

/// Nobody minds a tenth.
const AS_GOOD: f64 = 1.1;
/// What may be so many times as bad is recommended to nobody.
const DOUBTFUL: f64 = 2.0;

/// Who is best, who is as good, which of them costs the least, and who had no part in it.
pub(super) fn answer(experiment: &Experiment, contest: &Contest, cells: &[Cell<'_>]) -> String {
    let judge = &contest.judge;
    let load = &experiment.loads[contest.load].name;
    let best = &experiment.variants[contest.best].name;
    let cell = |variant: usize| {
        cells
            .iter()
            .find(|cell| cell.load == contest.load && cell.variant == variant)
    };
    let of_best = cell(contest.best).and_then(|cell| cell.estimate(&judge.name));
    let of_best = of_best.map_or(String::new(), |estimate| {
        format!(" ({})", figure::estimate(&judge.name, &estimate))
    });
    let count = |verdict| {
        contest
            .others
            .iter()
            .filter(|other| other.verdict == verdict)
            .count()
    };
    let (alike, worse, unknown) = (
        count(Verdict::Alike),
        count(Verdict::Worse),
        count(Verdict::Unknown),
    );
    let most = if judge.higher_is_better {
        "highest"
    } else {
        "lowest"
    };
    let first = match (alike, worse, unknown) {
        (0, 0, 0) => format!(
            "Under {load}, {best} is alone with its {}{of_best}: there is nothing else to hold it against",
            judge.name
        ),
        (_, _, 1..) => format!(
            "Under {load}, {best} had the {most} {}{of_best}; measured once, that tells no difference from chance",
            judge.name
        ),
        (_, 0, 0) => format!(
            "Under {load}, no difference in {} shows between the {} settings; {best} has the {most}{of_best}",
            judge.name,
            alike + 1
        ),
        (0, _, 0) => format!(
            "Under {load}, {best} has the {most} {}{of_best}; all others are worse",
            judge.name
        ),
        _ => format!(
            "Under {load}, {best} has the {most} {}{of_best}; {} differ{} from it by no more than chance, {worse} {} worse",
            judge.name,
            alike,
            if alike == 1 { "s" } else { "" },
            if worse == 1 { "is" } else { "are" },
        ),
    };
    let mut text = first + &unseen(contest) + ".";
    text += &cheapest(experiment, contest, cells);
    for (variant, fault) in &contest.failing {
        text += &without(&experiment.variants[*variant].name, *fault, &judge.name);
    }
    text
}

/// Which takes the least memory, if that is another than the best and is not worse for all that can be told.
fn cheapest(experiment: &Experiment, contest: &Contest, cells: &[Cell<'_>]) -> String {
    let mut of_it = cells
        .iter()
        .filter(|cell| cell.load == contest.load && cell.variant == contest.cheapest);
    let memory = of_it.next().and_then(|cell| cell.estimate("max(rss_mb)"));
    let worst = at_worst(contest, contest.cheapest).unwrap_or(f64::INFINITY);
    let Some(memory) = memory.filter(|_| contest.cheapest != contest.best && worst <= DOUBTFUL) else {
        return String::new();
    };
    let which = match worst <= AS_GOOD {
        true => "The cheapest that is as good is",
        false => "Of these the least memory takes",
    };
    format!(
        " {which} {}, with {}.",
        experiment.variants[contest.cheapest].name,
        figure::text("max(rss_mb)", memory.mean)
    )
}

fn without(name: &str, fault: Fault, judge: &str) -> String {
    match fault {
        Fault::Errors(share) => {
            let share = figure::text("error_share", share);
            format!(" {name} left {share} of its requests without a good answer and has no part in this.")
        }
        Fault::FallsBehind => format!(" {name} could not keep up with the load and has no part in this."),
        Fault::Silent => format!(" {name} has no {judge} of each repetition and has no part in this."),
    }
}
