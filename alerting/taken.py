"""Who of several recipients has a message already, so that another attempt goes only to the others.

In memory, per receiver and process: after a crash some may hear it twice, under the same key. Only receivers import
it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from alerting.answer import DETAIL_MAX, Answer, Class

MESSAGES_MAX: Final = 1_000


class Taken:
    """What is known of the recipients of messages that not everybody has yet."""

    def __init__(self, recipients: Sequence[str]) -> None:
        self._recipients = tuple(dict.fromkeys(recipients))
        self._settled: OrderedDict[str, dict[str, Answer]] = OrderedDict()

    def open(self, key: str) -> list[str]:
        """Who still has to be told the message with this key."""
        settled = self._settled.get(key, {})
        return [recipient for recipient in self._recipients if recipient not in settled]

    def settle(self, key: str, answers: Mapping[str, Answer]) -> Answer:
        """What the answers for single recipients mean for the message as a whole; at least one is given.

        Another attempt if one may help somebody; else sent, if somebody has it: `detail` says who does not, by
        number, because their addresses are theirs.
        """
        later = [answer for answer in answers.values() if answer.kind is Class.RETRY]
        settled = self._settled.pop(key, {})
        settled |= {who: answer for who, answer in answers.items() if answer.kind is not Class.RETRY}
        if later:
            self._settled[key] = settled
            if len(self._settled) > MESSAGES_MAX:
                self._settled.popitem(last=False)
            return self._told(later[0], len(self._recipients) - len(settled), "still to be told")
        sent = [answer for answer in settled.values() if answer.kind is Class.SENT]
        refused = [answer for answer in settled.values() if answer.kind is not Class.SENT]
        if not refused:
            return sent[-1]
        answer = msgspec.structs.replace(sent[-1], detail=refused[0].detail) if sent else refused[0]
        return self._told(answer, len(refused), "refused for good")

    def _told(self, answer: Answer, count: int, what: str) -> Answer:
        if len(self._recipients) == 1:
            return answer
        detail = f"{count} of {len(self._recipients)} recipients {what}: {answer.detail}"
        return msgspec.structs.replace(answer, detail=detail[:DETAIL_MAX])
