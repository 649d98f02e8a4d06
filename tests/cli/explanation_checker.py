"""Reads an explanation back from its JSON alone and says where it does not add up; shares no code with `sla`.

Only tests import this. The office hours are those of `rulebooks/sgcc-2014`, written down a second time.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WINDOWS = ((time(8, 30), time(12)), (time(13, 30), time(17, 30)))
CLOSES = time(17, 30)


def us(text: str) -> int:
    """Microseconds since 1970."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


def faults_of(explanation: dict) -> list[str]:
    """Say everything in an explanation that contradicts itself or the wall clock."""
    faults = []
    for clock in explanation.get("clocks", ()):
        faults += [f"{clock['clock_id']}: {fault}" for fault in (*time_of(clock), *published_of(clock))]
    return faults


def time_of(clock: dict) -> list[str]:
    """Walk from the start along the stretches: does the walk end where the clock is due?"""
    faults, stretches, granted = [], clock.get("stretches", []), clock.get("granted", {})
    due = clock.get("term_due_at")
    if "anew" in clock:
        if us(clock["anew"][-1]["due_at"]) != us(clock["due_at"]):
            faults.append("the last date that was set is not the due time")
    elif due != clock.get("due_at"):
        faults.append(f"due at {clock.get('due_at')}, but by the term at {due}")
    if not stretches:
        nothing_known = clock["calendar"] == "unknown" and clock["certain_until"] == clock["started_at"]
        owed = due is not None or ("term" in granted and not nothing_known)
        return [*faults, "due, and no stretch leads there"] if owed else faults
    walked = us(clock["started_at"])
    for stretch in stretches:
        if us(stretch["from_at"]) != walked:
            faults.append(f"a gap or an overlap before {stretch['from_at']}")
        walked += stretch["microseconds"]
        if us(stretch["to_at"]) != walked or stretch["microseconds"] <= 0:
            faults.append(f"the stretch from {stretch['from_at']} is not as long as it says")
        faults += wall_clock_of(stretch)
    if walked != us(due or clock["certain_until"]):
        faults.append(f"the stretches end at {stretches[-1]['to_at']}, due is {due}")
    return faults + sum_of(clock, stretches, granted, known=due is not None)


def sum_of(clock: dict, stretches: list[dict], granted: dict, *, known: bool) -> list[str]:
    """Add up what counts: is it what was granted, to the microsecond or the day?"""
    counted = [stretch for stretch in stretches if stretch["counts"]]
    total, amount = sum(stretch["microseconds"] for stretch in counted), granted.get("amount")
    match granted.get("counted_in"):
        case "working_days":
            total = len(counted)
            days = [stretch["day"] for stretch in counted]
            dates = {local(stretch["from_at"]).date() for stretch in counted}
            if days != list(range(1, total + 1)) or len(dates) != total:
                return [f"the working days are {days}"]
            if known and local(stretches[-1]["to_at"]).time() != CLOSES:
                return ["the last working day does not end as business closes"]
        case None:
            amount = us(clock["due_at"]) - us(clock["started_at"])
    wrong = total != amount if known else total > amount
    return [f"{total} counted of {amount}"] if wrong else []


def wall_clock_of(stretch: dict) -> list[str]:
    """Look at the wall: is the stretch of the sort it says?"""
    from_at, to_at = local(stretch["from_at"]), local(stretch["to_at"])
    last = to_at - timedelta(microseconds=1)
    days = [from_at.date() + timedelta(n) for n in range((last.date() - from_at.date()).days + 1)]
    match stretch["why"]:
        case "office_hours" | "make_up_day" if "day" not in stretch:
            fits = any(opens <= from_at.time() and last.time() < closes for opens, closes in WINDOWS)
            fits = fits and len(days) == 1 and (days[0].weekday() >= 5) == (stretch["why"] == "make_up_day")
        case "outside_office_hours":
            fits = not any(touches(day, from_at, to_at) for day in days)
        case "working_day":
            fits = len(days) == 1 and days[0].weekday() < 5
        case "make_up_day":
            fits = len(days) == 1 and days[0].weekday() >= 5 and "name" in stretch
        case "weekend":
            fits = all(day.weekday() >= 5 for day in days)
        case "holiday":
            fits = bool(stretch["name"]["zh"]) and bool(stretch["name"]["en"])
        case "day_of_start":
            fits = len(days) == 1
        case why:
            fits = why in ("around_the_clock", "not_known")
    return [] if fits else [f"{from_at} - {to_at} is no {stretch['why']}"]


def touches(day: date, from_at: datetime, to_at: datetime) -> bool:
    """Whether a stretch has some office hours of a day in it."""
    spans = (
        (datetime.combine(day, opens, SHANGHAI), datetime.combine(day, closes, SHANGHAI)) for opens, closes in WINDOWS
    )
    return any(max(opens, from_at) < min(closes, to_at) for opens, closes in spans)


def published_of(clock: dict) -> list[str]:
    """Read what was published to its end: is it how the clock stands, each revision after the one before?"""
    faults = []
    told: dict[str, list[dict]] = {}
    for one in clock.get("told", ()):
        told.setdefault(one.get("level", "verdict"), []).append(one)
    verdicts = told.pop("verdict", [])
    if not verdicts or (verdicts[-1]["state"], verdicts[-1]["reason"]) != (clock["outcome"], clock["reason"]):
        faults.append(f"stands as {clock['outcome']}, {clock['reason']}, and that was not published last")
    for name, revisions in {"verdict": verdicts, **told}.items():
        if [one["revision"] for one in revisions] != list(range(1, len(revisions) + 1)):
            faults.append(f"{name}: a revision is missing")
    stands = {warned["level"]: warned.get("status") for warned in clock.get("warnings", ())}
    for level, status in stands.items():
        last = told[level][-1]["state"] if level in told else None
        if (None if last == "retracted" else last) != status:
            faults.append(f"{level} stands as {status}, and {last} was published last")
    return faults


def local(text: str) -> datetime:
    """Read an instant as the wall in Shanghai shows it."""
    return datetime.fromisoformat(text).astimezone(SHANGHAI)
