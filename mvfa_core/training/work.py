"""Carry out a run: data, model and engine together, their events written into the run folder."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import NoReturn

from mvfa_core.backbones import find_backbone
from mvfa_core.checks import expect
from mvfa_core.data.sets import Progress, silent
from mvfa_core.devices import begin_on, find_device
from mvfa_core.model import build_model
from mvfa_core.training.engine import Diverged, Event, Started, Ticked, Trainer, Validated, to_json
from mvfa_core.training.failures import TrainingError, sentence_for
from mvfa_core.training.parallel import join, placed, world
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.recorders import Recorder, close, recorders
from mvfa_core.training.runs import Run, RunError
from mvfa_core.training.saver import Saver
from mvfa_core.training.saving import expect_state, restore
from mvfa_core.training.split import Division, divided
from mvfa_core.training.stopping import enough

ADVICE_DIVERGED = "the loss was not finite; the last good weights are kept. Try a tenth of the learning rate"


def train(
    recipe: Recipe,
    run: Run,
    *,
    listen: Callable[[Event], None] = lambda event: None,
    progress: Progress = silent,
    by: Callable[[Run, Recipe], None] | None = None,
) -> None:
    """Make the run folder and train into it until done, stopped or diverged. `by` carries it out in other processes,
    which are not listened to.

    Raises:
        RunError: the folder holds a run already. DataError, ValueError: the recipe cannot be carried out; a run that
        never began leaves no folder behind. What ends it later is also written there.
    """
    recipe = placed(recipe)
    if world().first:
        run.create(recipe)
    try:
        if by:
            return by(run, recipe)
        _carry_out(run, recipe, listen, progress)
    except ValueError:
        if world().first and all(event["event"] == "end" for event in run.events()[0]):
            run.discard()
        raise


def resume(
    run: Run,
    *,
    listen: Callable[[Event], None] = lambda event: None,
    progress: Progress = silent,
    by: Callable[[Run, Recipe], None] | None = None,
) -> None:
    """Go on from a run's last checkpoint, or from its start if it has none; `by` as for `train`.

    Raises:
        RunError: no run there, finished already, or still being trained.
    """
    recipe, status = placed(run.recipe()), run.status()
    if status.state == "finished":
        raise RunError(f"{run.id}: finished already, after {status.step} steps")
    expect_state(run)
    if by:
        return by(run, recipe)
    _carry_out(run, recipe, listen, progress)


def extend(run: Run, steps: int) -> None:
    """Give a run that ended, or pauses, `steps` more to do; `resume` or `launch` then goes on with it.

    A one-cycle schedule runs its cycle to the end that was planned and begins another one over the added steps. A run
    that had learned enough before its last step goes on from there, and its stop conditions, which it has met, are
    dropped.

    Raises:
        RunError: no run there, or still being trained. ValueError: not at least one step.
    """
    expect(isinstance(steps, int) and steps >= 1, "steps", "a whole number >= 1", repr(steps))
    expect_state(run)
    recipe, status = run.recipe(), run.status()
    if run.is_alive():
        raise RunError(f"{run.id}: it is being trained; pause or stop it first")
    total = recipe.steps
    if status.state == "finished" and status.step < total:
        total, recipe = status.step, replace(recipe, stop_at=None, patience=None)
    restarts = (*(restart for restart in recipe.restarts if restart < total), total)
    run.write_recipe(replace(recipe, steps=total + steps, restarts=restarts))
    run.forget_end()


def _carry_out(run: Run, recipe: Recipe, listen: Callable[[Event], None], progress: Progress) -> None:
    if not world().first:
        return _assist(run, recipe)
    run.claim()
    step, ending = 0, ("finished", "")

    def tell(what: str, done: int, total: int) -> None:
        run.note_progress(what, done, total)
        progress(what, done, total)

    listening: list[Recorder] = []
    try:
        listening = recorders(run, recipe)  # first: what is not installed is said before pictures are prepared
        trainer, division = _prepare(run, recipe, tell)
        saver = Saver(run, trainer, division.watched)
        for event in trainer.run():
            step = event.step
            if isinstance(event, Started):
                event = replace(event, **division.told(), **trainer.about())
            if not isinstance(event, Ticked):
                run.append(to_json(event))
            listen(event)
            with trainer.standing_still():
                for record in listening:
                    record(trainer, event)
            if isinstance(event, Ticked) and not trainer.is_heard():
                continue
            early = _after(run, saver, event)
            if trainer.world.agree(early is not None):
                ending = early or ending
                break
    except (Exception, KeyboardInterrupt) as error:
        _fail(run, recipe, step, error)
    finally:
        close(listening)
    run.end(step, *ending)


def _assist(run: Run, recipe: Recipe) -> None:
    """What the processes beside the first one do: take part in every step, write nothing, stop when the first does."""
    try:
        trainer, _ = _prepare(run, recipe, silent)
        for event in trainer.run():
            if (not isinstance(event, Ticked) or trainer.is_heard()) and trainer.world.agree(False):
                break
    except Exception as error:
        if sentence := sentence_for(error, recipe.batch):
            raise TrainingError(sentence) from error
        raise


def _after(run: Run, saver: Saver, event: Event) -> tuple[str, str] | None:
    """Save what an event makes worth saving; the reason and the message if the run ends with it."""
    recipe = saver.trainer.recipe
    if isinstance(event, Diverged):
        saver.keep_best()
        return "diverged", ADVICE_DIVERGED
    # also when it starts: it may have been killed between such a validation and its end
    message = enough(recipe, run.validations()) if isinstance(event, Validated | Started) else ""
    if isinstance(event, Validated):
        earlier = [accuracy for _, accuracy in run.validations()[:-1]]
        chooses = recipe.validate_on != "test"  # weights chosen on the test side would be tuned to it
        last = bool(message) or event.step == recipe.steps
        saver.validated(best=chooses and event.accuracy > max(earlier, default=-1), last=last)
    if message:
        return "finished", message
    if isinstance(event, Started | Ticked) and event.step < recipe.steps and (request := run.asked()):
        saver.stopped()
        return ("paused" if request == "pause" else "stopped"), ""
    return None


def _fail(run: Run, recipe: Recipe, step: int, error: BaseException) -> NoReturn:
    """Note what ended the training, as far as the disk lets us, and pass it on."""
    if interrupted := _is_interruption(error):
        error = KeyboardInterrupt()
    sentence = sentence_for(error, recipe.batch)
    message = "interrupted" if interrupted else sentence or str(error).partition("\n")[0] or type(error).__name__
    with suppress(OSError):
        run.end(step, "stopped" if interrupted else "failed", message)
    if sentence:
        raise TrainingError(sentence) from error
    raise error


def _is_interruption(error: BaseException | None) -> bool:
    """Whether somebody pressed Ctrl-C. In the middle of a checkpoint torch tells of an archive that is too short, and
    the interruption is only what went before it."""
    while error and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def _prepare(run: Run, recipe: Recipe, progress: Progress) -> tuple[Trainer, Division]:
    """The trainer at the run's last checkpoint, or at its start, and how its pictures are divided."""
    place = join(recipe)
    device = begin_on(place.device(find_device(recipe.device)))
    side = find_backbone(recipe.backbone).side
    division = divided(recipe, side, progress=progress)
    data = division.data
    place.expect_one_data_set(data, recipe.batch)
    model = build_model(
        recipe.backbone,
        recipe.pooling,
        len(data.classes),
        k=recipe.k,
        sizes=recipe.sizes,
        head=recipe.head,
        head_options=recipe.head_options(),
        anchors=recipe.anchors,
        weights=recipe.weights,
        seed=recipe.seed,
        classes=data.classes,
    )
    trainer = Trainer(model, recipe, data, device, place)
    if place.first:
        restore(run, trainer)
    if (state := place.from_first(trainer.state, trainer.device)) is not None:
        trainer.restore(state)
    return trainer, division
