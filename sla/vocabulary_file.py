"""How `vocabulary.toml` is read: its layout and its faults. Only `sla.rulebook` imports this."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from sla.term import parse_length
from sla.toml_file import Fault, Where, condition, each, load, plain
from sla.toml_lines import Path
from sla.vocabulary import MARKER_TERM, Attribute, Business, Inference, Kind, Vocabulary, read


class InferFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[[attributes.<name>.infer]]`."""

    event: str
    value: Any
    where: Where = {}


class AttributeFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[attributes.<name>]`."""

    type: Kind
    values: list[Any] = []
    remembered: bool = False
    over_time: bool = False
    personal: bool = False
    pseudonym: bool = False
    infer: list[InferFile] = []
    default: Any = None
    business: str | list[str] = []


class BusinessFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`[businesses.<name>]`."""

    events: list[str]
    accepted: str
    closed: list[str]
    forget_after: str
    marked_for: str | None = None


class VocabularyFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`vocabulary.toml`."""

    businesses: dict[str, Any]
    attributes: dict[str, Any]


def read_vocabulary(files: Mapping[str, str], faults: list[Fault]) -> Vocabulary | None:
    """Read `vocabulary.toml`; None after noting its faults."""
    name = "vocabulary.toml"
    file = load(name, files, VocabularyFile, faults)
    if file is None:
        return None
    found = len(faults)
    told = each(name, "businesses", file.businesses, BusinessFile, files, faults)
    types = frozenset(event for business in told.values() for event in business.events)
    businesses: dict[str, Business] = {}
    for title, business in told.items():
        known = _business(title, business, files, faults)
        for event in business.events:
            if event in businesses:
                what = f"{event!r} is an event of two businesses"
                faults.append(Fault.at(name, files, ("businesses", title, "events"), what, "name it in one"))
        if known is not None:
            businesses.update(dict.fromkeys(business.events, known))
    entries = each(name, "attributes", file.attributes, AttributeFile, files, faults)
    attributes = {
        title: _attribute(title, entry) for title, entry in entries.items() if _sound(title, entry, files, faults)
    }
    for title, entry in entries.items():
        _check_inferences(title, entry, types, attributes, files, faults)
        _check_business(title, entry, told, files, faults)
    if len(faults) > found:
        return None
    filled_in = [a for a in attributes.values() if a.infer or a.default is not None]
    inferred = {name: tuple(a for a in filled_in if not a.businesses or name in a.businesses) for name in told}
    remembered = frozenset(a.name for a in attributes.values() if a.remembered and a.kept)
    texts = {
        a.name: a.values
        for a in attributes.values()
        if a.kept and a.kind is Kind.ENUM and all(isinstance(value, str) for value in a.values)
    }
    changing = tuple(a for a in attributes.values() if a.over_time)
    pseudonyms = frozenset(a.name for a in attributes.values() if a.pseudonym)
    return Vocabulary(attributes, types, businesses, remembered, inferred, changing, texts, pseudonyms=pseudonyms)


def _business(title: str, file: BusinessFile, files: Mapping[str, str], faults: list[Fault]) -> Business | None:
    name, path = "vocabulary.toml", ("businesses", title)
    lengths: list[timedelta] = []
    for key, text in (("forget_after", file.forget_after), ("marked_for", file.marked_for)):
        try:
            lengths.append(MARKER_TERM if text is None else parse_length(text).length)
        except ValueError as error:
            faults.append(Fault.at(name, files, (*path, key), str(error), "write it as in '7 d'"))
            return None
    for key, events in (("accepted", [file.accepted]), ("closed", file.closed)):
        for event in events:
            if event not in file.events:
                what = f"{event!r} opens or closes {title!r} but is not among its events"
                faults.append(Fault.at(name, files, (*path, key), what, "add it to events"))
    for event in (f"{title}.corrected", f"{title}.voided"):
        if event not in file.events:
            what = f"{event!r} is missing: what was recorded wrongly could not be mended"
            faults.append(Fault.at(name, files, (*path, "events"), what, "add it to events"))
    return Business(
        name=title,
        accepted=file.accepted,
        closed=frozenset(file.closed),
        corrected=f"{title}.corrected",
        voided=f"{title}.voided",
        forget_after=lengths[0],
        marked_for=lengths[1],
    )


def _sound(title: str, file: AttributeFile, files: Mapping[str, str], faults: list[Fault]) -> bool:
    """Whether an attribute's values fit its type; notes the fault."""
    for number, inference in enumerate(file.infer):
        for name, values in inference.where.items():
            if not plain(values):
                at: Path = ("attributes", title, "infer", number, "where")
                what = f"{name!r} takes a value or a list of values"
                faults.append(Fault.at("vocabulary.toml", files, at, what, "write it as in mode = [1, 2]"))
                return False
    if file.pseudonym and not (file.personal and file.type is Kind.CODE):
        what = f"attribute {title!r}: a pseudonym stands for a personal code"
        faults.append(
            Fault.at("vocabulary.toml", files, ("attributes", title), what, "say personal = true, type = code")
        )
        return False
    if (file.type is Kind.ENUM) == bool(file.values) and all(isinstance(v, str | int | float) for v in file.values):
        return True
    what = f"attribute {title!r}: an enum needs values (texts or numbers), any other type has none"
    place: Path = ("attributes", title, "values") if file.values else ("attributes", title)
    faults.append(Fault.at("vocabulary.toml", files, place, what, "add or remove values"))
    return False


def _attribute(title: str, file: AttributeFile) -> Attribute:
    infer = tuple(Inference(i.event, condition(i.where), i.value) for i in file.infer)
    return Attribute(
        name=title,
        kind=file.type,
        values=frozenset(file.values),
        remembered=file.remembered,
        personal=file.personal,
        infer=infer,
        default=file.default,
        over_time=file.over_time,
        businesses=frozenset(_businesses_of(file)),
        pseudonym=file.pseudonym,
    )


def _businesses_of(file: AttributeFile) -> list[str]:
    return [file.business] if isinstance(file.business, str) else file.business


def _check_business(
    title: str, file: AttributeFile, told: Mapping[str, BusinessFile], files: Mapping[str, str], faults: list[Fault]
) -> None:
    """What is filled in where nobody states it says of which tickets, if there is more than one business."""
    path: Path = ("attributes", title)
    for name in _businesses_of(file):
        if name not in told:
            what = f"attribute {title!r} belongs to the unknown business {name!r}"
            faults.append(Fault.at("vocabulary.toml", files, (*path, "business"), what, "name one of businesses"))
    if (file.infer or file.default is not None) and len(told) > 1 and not _businesses_of(file):
        what = f"attribute {title!r} is filled in for tickets of every business"
        remedy = "name the business it belongs to, as in business = 'repair'"
        faults.append(Fault.at("vocabulary.toml", files, path, what, remedy))


def _check_inferences(
    title: str,
    file: AttributeFile,
    types: frozenset[str],
    attributes: dict[str, Attribute],
    files: Mapping[str, str],
    faults: list[Fault],
) -> None:
    """Inferences and the default must name known things and give values the attribute allows."""
    attribute = attributes.get(title)
    if attribute is None:
        return
    path: Path = ("attributes", title)

    def fault(at: Path, what: str, remedy: str) -> None:
        faults.append(Fault.at("vocabulary.toml", files, (*path, *at), what, remedy))

    values: list[tuple[Path, Any]] = [(("infer", n, "value"), i.value) for n, i in enumerate(file.infer)]
    if file.default is not None:
        values.append((("default",), file.default))
    for at, value in values:
        try:
            read(attribute, value)
        except ValueError as error:
            fault(at, str(error), "give a value the attribute allows")
    for number, inference in enumerate(file.infer):
        if inference.event not in types:
            fault(
                ("infer", number, "event"),
                f"attribute {title!r} is inferred from the unknown event {inference.event!r}",
                "name an event of this vocabulary",
            )
        for name in inference.where:
            if name not in attributes:
                fault(("infer", number, "where", name), f"unknown attribute {name!r}", "name one of this vocabulary")
