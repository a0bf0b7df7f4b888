//! A plan and its steps in words, before, while and after they are done.

use std::time::Duration;

use crate::plan::{Artifact, Operation, Plan, Step};

use super::super::number;
use super::line;

/// Steps that take longer say how long.
const WORTH_TELLING: Duration = Duration::from_secs(2);

/// The steps of a plan under the headings of its stages.
pub(crate) fn plan_text(plan: &Plan) -> String {
    if plan.is_empty() {
        return "Nothing to do: everything is as it should be.\n".to_owned();
    }
    let mut text = String::new();
    for (number, stage) in plan.stages.iter().enumerate() {
        let gap = if number > 0 { "\n" } else { "" };
        line(
            &mut text,
            format_args!("{gap}Stage {}: {}", number + 1, heading(stage)),
        );
        for step in stage {
            line(&mut text, format_args!("  {step}"));
        }
    }
    text
}

/// The kinds of a stage's steps, each once.
fn heading(stage: &[Step]) -> String {
    let mut kinds = Vec::new();
    for step in stage {
        let kind = kind(&step.operation);
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds.join(", ")
}

fn kind(operation: &Operation) -> &'static str {
    match operation {
        Operation::BuildImage {
            artifact: Artifact::Environment,
            ..
        } => "build environments",
        Operation::PullImage { .. } | Operation::BuildImage { .. } | Operation::LoadImages { .. } => {
            "obtain images"
        }
        Operation::CreateNetwork { .. } => "create networks",
        Operation::CreateVolume { .. } => "create volumes",
        Operation::RemoveNetwork { .. } => "remove networks",
        Operation::RemoveVolume { .. } => "remove volumes",
        Operation::CreateContainer { .. }
        | Operation::StartContainer { .. }
        | Operation::UnpauseContainer { .. } => "start services",
        Operation::RemoveImage {
            artifact: Artifact::Environment,
            ..
        } => "remove environments",
        Operation::RemoveImage { .. } => "remove images",
        Operation::StopContainer { .. } => "stop services",
        Operation::RemoveContainer { .. } => "remove services",
        Operation::AwaitHealthy { .. } | Operation::AwaitCompletion { .. } => "wait for services",
    }
}

/// `service grafana: creating (not present)`.
pub(crate) fn doing(step: &Step) -> String {
    let (thing, verb, _) = words(&step.operation);
    format!("{thing}: {verb} ({})", step.cause)
}

/// `service grafana: created`, with the time where it took long.
pub(crate) fn done(operation: &Operation, took: Duration) -> String {
    let (thing, _, result) = words(operation);
    if took <= WORTH_TELLING {
        return format!("{thing}: {result}");
    }
    let seconds = Duration::from_millis(took.as_secs_f64().mul_add(10.0, 0.5) as u64 * 100);
    format!("{thing}: {result} ({})", number::duration(seconds))
}

/// `service grafana: creating failed`.
pub(crate) fn failed(operation: &Operation) -> String {
    let (thing, verb, _) = words(operation);
    format!("{thing}: {verb} failed")
}

/// The thing, what is being done to it, what was done to it.
fn words(operation: &Operation) -> (String, &'static str, &'static str) {
    let service = |service: &String| format!("service {service}");
    match operation {
        Operation::PullImage { reference } => (format!("image {reference}"), "pulling", "pulled"),
        Operation::LoadImages { names } => (format!("images {}", names.join(", ")), "loading", "loaded"),
        Operation::RemoveImage { image, artifact, .. } => {
            (format!("{artifact} {image}"), "removing", "removed")
        }
        Operation::BuildImage { service, artifact } => {
            (format!("{artifact} of service {service}"), "building", "built")
        }
        Operation::CreateNetwork { network } => (format!("network {network}"), "creating", "created"),
        Operation::RemoveNetwork { network, .. } => (format!("network {network}"), "removing", "removed"),
        Operation::CreateVolume { volume } => (format!("volume {volume}"), "creating", "created"),
        Operation::RemoveVolume { volume, .. } => (format!("volume {volume}"), "removing", "removed"),
        Operation::CreateContainer { service: name } => (service(name), "creating", "created"),
        Operation::StartContainer { service: name, .. } => (service(name), "starting", "started"),
        Operation::UnpauseContainer { service: name, .. } => (service(name), "unpausing", "unpaused"),
        Operation::StopContainer { service: name, .. } => (service(name), "stopping", "stopped"),
        Operation::RemoveContainer { service: name, .. } => (service(name), "removing", "removed"),
        Operation::AwaitHealthy { service: name } => (service(name), "waiting until healthy", "healthy"),
        Operation::AwaitCompletion { service: name } => (service(name), "waiting until done", "done"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(operation: Operation, cause: &str) -> Step {
        Step {
            operation,
            cause: cause.to_owned(),
        }
    }

    fn create(service: &str) -> Step {
        let service = service.to_owned();
        step(Operation::CreateContainer { service }, "not present")
    }

    #[test]
    fn a_plan_is_told_stage_by_stage() {
        let build = Operation::BuildImage {
            service: "uwsgi".to_owned(),
            artifact: Artifact::Image,
        };
        let network = Operation::CreateNetwork {
            network: "default".to_owned(),
        };
        let old = Operation::RemoveNetwork {
            network: "default".to_owned(),
            id: "1".to_owned(),
        };
        let plan = Plan {
            stages: vec![
                vec![step(build, "not present")],
                vec![step(network, "not present"), step(old, "a second one")],
                vec![create("grafana"), create("influxdb")],
            ],
        };
        assert_eq!(
            plan_text(&plan),
            "\
Stage 1: obtain images
  image of service uwsgi: build, not present

Stage 2: create networks, remove networks
  network default: create, not present
  network default: remove, a second one

Stage 3: start services
  service grafana: create, not present
  service influxdb: create, not present
"
        );
        assert_eq!(
            plan_text(&Plan::default()),
            "Nothing to do: everything is as it should be.\n"
        );
    }

    #[test]
    fn a_step_is_told_while_and_after_it_is_done() {
        let step = create("grafana");
        let operation = &step.operation;
        assert_eq!(doing(&step), "service grafana: creating (not present)");
        assert_eq!(
            done(operation, Duration::from_secs(2)),
            "service grafana: created"
        );
        assert_eq!(
            done(operation, Duration::from_millis(3_249)),
            "service grafana: created (3.2s)"
        );
        assert_eq!(failed(operation), "service grafana: creating failed");
    }
}
