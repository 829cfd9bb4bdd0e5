"""Community servers that nobody here wrote, and one story that is played on each of them.

`./scripts/test --peers` installs what is missing below $COUNTERSIGN_PEERS, starts one server at a
time on a free port of 127.0.0.1 with a data folder of its own, and stops it. FAKES stand for what
can't be had; the same story is played on them in every run.
"""

from tests.fakes.discourse import FakeDiscourse
from tests.fakes.mastodon import FakeMastodon
from tests.fakes.reddit import FakeReddit
from tests.peers.bluesky import Bluesky
from tests.peers.matrix import Synapse
from tests.peers.peer import Peer
from tests.peers.wordpress import WordPress

PEERS: tuple[Peer, ...] = (WordPress(), Synapse(), Bluesky())
FAKES: tuple[Peer, ...] = (FakeDiscourse(), FakeMastodon(), FakeReddit())
