"""Background work of the engage package. Messages carry ids only (law 5): every task may be lost,
repeated or run at the same time as its twin."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from compliance.nudges import nudge
from engage import (
    catching_up,
    citing,
    listening,
    publishing,
    relooks,
    replaying,
    screening,
    signed_push,
    watching,
    withdrawing,
)
from engage.lanes import Errand, lane
from reviews import recalls


@shared_task
def sweep_scans() -> None:
    """Hands out texts whose scan is due, in batches, and triages what was missed."""
    while ids := screening.claim_due(screening.BATCH):
        nudge(scan_posts, ids)
    screening.triage()


@shared_task
def scan_posts(ids: list[str]) -> None:
    """Scans one batch of claimed texts."""
    screening.scan_inbound([UUID(i) for i in ids])


@shared_task
def sweep_publications() -> None:
    """Queues what was cleared, follows withdrawals, and hands out every publication that is due."""
    publishing.queue_cleared()
    withdrawing.follow_withdrawals()
    for community_id in publishing.communities_due():
        nudge(speak, [community_id])


@shared_task
def speak(ids: list[str]) -> None:
    """Takes what is due in a community one step further, one publication after the other."""
    for community_id in map(UUID, ids):
        with lane(Errand.SPEAK, community_id) as free:
            if free:
                publishing.drive_due(community_id)


@shared_task
def poll_communities() -> None:
    """Reads every community that is due, each in a task of its own."""
    for community_id in listening.claim_due():
        nudge(poll_community, [community_id])


@shared_task
def poll_community(ids: list[str]) -> None:
    """Reads one community."""
    for community_id in map(UUID, ids):
        with lane(Errand.LISTEN, community_id) as free:
            if free:  # else it is being read, and comes again
                listening.poll(community_id)


@shared_task
def sweep_readings() -> None:
    """Hands out every thread and every reading back that is due."""
    for reading_id in catching_up.claim_due():
        nudge(run_reading, [reading_id])


@shared_task
def run_reading(ids: list[str]) -> None:
    """Reads threads, or what was said before."""
    for reading_id in map(UUID, ids):
        with lane(Errand.READ_BACK, catching_up.community_of(reading_id)) as free:
            if free:
                catching_up.run(reading_id)
            else:
                catching_up.give_back(reading_id)


@shared_task
def watch_replies() -> None:
    """Looks at every live reply that is due."""
    for community_id in watching.communities_due():
        nudge(watch_community, [community_id])


@shared_task
def watch_community(ids: list[str]) -> None:
    """Compares the live replies of a community that are due with what was signed."""
    for community_id in map(UUID, ids):
        with lane(Errand.WATCH, community_id) as free:
            if free:
                watching.look_due(community_id)


@shared_task
def sweep_replays() -> None:
    """Hands out every replay of a proposed rule profile that is due."""
    for replay_id in replaying.claim_due():
        nudge(run_replay, [replay_id])


@shared_task
def run_replay(ids: list[str]) -> None:
    """Tries proposed rule profiles on the history of their communities."""
    for replay_id in ids:
        replaying.run(UUID(replay_id))


@shared_task
def sweep_evidence() -> None:
    """Reads what old versions cite, recalls claims that lapsed, sends back what rests on recalled
    evidence, opens what is to be looked at again, and forgets old messages."""
    citing.note_missing()
    recalls.renew_digests()
    recalls.recall_lapsed()
    recalls.send_back_citing()
    relooks.open_due()
    signed_push.forget_old()
