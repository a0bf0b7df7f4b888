//! Carries out a plan: the stages in order, the steps of a stage at once. Decides nothing.

use futures_util::future::join_all;

use crate::plan::{Desired, Plan};

use super::{Engine, EngineError, Event, Progress};

/// Carries out `plan` and tells `tell` what happens. When a step fails, the other steps of its stage are
/// finished, the later stages are not begun, and the first error is returned.
pub(crate) async fn apply(
    engine: &impl Engine,
    desired: &Desired,
    plan: &Plan,
    tell: &(dyn Fn(Event<'_>) + Sync),
) -> Result<(), EngineError> {
    for stage in &plan.stages {
        let steps = stage.iter().map(async |step| {
            tracing::info!(%step, "perform");
            tell(Event::Started(step));
            let progress = |progress: Progress<'_>| tell(Event::Progressed(step, progress));
            let outcome = engine.perform(desired, &step.operation, &progress).await;
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
        apply(engine, desired, &plan::up(desired, &observed), &|_| {}).await
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
            apply(&engine, &desired, &teardown, &|_| {}).await.unwrap();
            let left = engine.observe("lab", &references).await.unwrap();
            assert_eq!(
                (left.containers, left.networks, left.volumes),
                (vec![], vec![], vec![])
            );
        }
    }
}
