//! Carries out a plan: the stages in order, the steps of a stage at once. Decides nothing.

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use crate::plan::{Desired, Plan};

use super::{Engine, EngineError, Event, Progress};

/// Carries out `plan` and tells `tell` what happens. When a step fails, the other steps of its stage are
/// finished, the later stages are not begun, and the first error is returned. Once `cancel` is cancelled, waits,
/// pulls and builds are given up, what takes a moment is finished, so that nothing is made behind the caller's
/// back, and [`EngineError::Interrupted`] is returned.
pub(crate) async fn apply(
    engine: &impl Engine,
    desired: &Desired,
    plan: &Plan,
    tell: &(dyn Fn(Event<'_>) + Sync),
    cancel: &CancellationToken,
) -> Result<(), EngineError> {
    for stage in &plan.stages {
        if cancel.is_cancelled() {
            return Err(EngineError::Interrupted);
        }
        let steps = stage.iter().map(async |step| {
            tracing::info!(%step, "perform");
            tell(Event::Started(step));
            let progress = |progress: Progress<'_>| tell(Event::Progressed(step, progress));
            let performing = engine.perform(desired, &step.operation, &progress);
            let outcome = if step.operation.may_be_given_up() {
                let performed = cancel.run_until_cancelled(performing).await;
                performed.unwrap_or(Err(EngineError::Interrupted))
            } else {
                performing.await
            };
            tell(if outcome.is_ok() {
                Event::Finished(step)
            } else {
                Event::Failed(step)
            });
            outcome
        });
        join_all(steps).await.into_iter().collect::<Result<(), _>>()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::fake::{FakeEngine, lab};
    use super::*;
    use crate::plan;

    /// Brings the fake to `desired` with one failure injected at the `failing`-th call, then once more without.
    async fn up(engine: &FakeEngine, desired: &Desired) -> Result<(), EngineError> {
        let observed = engine
            .observe("lab", &super::super::fake::references(desired))
            .await?;
        let plan = plan::up(desired, &observed);
        apply(engine, desired, &plan, &|_| {}, &CancellationToken::new()).await
    }

    #[tokio::test]
    async fn whatever_call_fails_the_next_up_converges_and_down_leaves_nothing() {
        let desired = lab();
        let calls = {
            let engine = FakeEngine::default();
            up(&engine, &desired).await.unwrap();
            engine.calls()
        };
        assert!(calls > 4, "{calls} calls");
        for failing in 0..calls {
            let engine = FakeEngine::failing_at(failing);
            assert!(
                up(&engine, &desired).await.is_err(),
                "call {failing} does not fail"
            );
            up(&engine, &desired).await.unwrap();
            let references = super::super::fake::references(&desired);
            let observed = engine.observe("lab", &references).await.unwrap();
            assert!(
                plan::up(&desired, &observed).is_empty(),
                "after a failure at call {failing}"
            );

            let teardown = plan::down(&observed, plan::Keep::Nothing, "down");
            apply(&engine, &desired, &teardown, &|_| {}, &CancellationToken::new())
                .await
                .unwrap();
            let left = engine.observe("lab", &references).await.unwrap();
            assert_eq!(
                (left.containers, left.networks, left.volumes),
                (vec![], vec![], vec![])
            );
        }
    }

    #[tokio::test]
    async fn an_interruption_finishes_what_takes_a_moment_and_begins_nothing_more() {
        let desired = lab();
        let engine = FakeEngine::default();
        let references = super::super::fake::references(&desired);
        let observed = engine.observe("lab", &references).await.unwrap();
        let plan = plan::up(&desired, &observed);
        let cancel = CancellationToken::new();
        // The first network or volume that is begun brings the interruption.
        let tell = |event: Event<'_>| {
            if matches!(event, Event::Started(step) if step.to_string().contains("network")) {
                cancel.cancel();
            }
        };
        let outcome = apply(&engine, &desired, &plan, &tell, &cancel).await;
        assert!(matches!(outcome, Err(EngineError::Interrupted)));
        let left = engine.observe("lab", &references).await.unwrap();
        assert_eq!(
            (left.networks.len(), left.volumes.len(), left.containers.len()),
            (1, 1, 0)
        );
    }
}
